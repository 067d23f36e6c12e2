public import Postgres

/// What an operator can do about a first connection that could not be had because of who we are, or of who answered.
public enum ConnectionAdvice {
    /// The failure to tell.
    public static func failure(_ error: PostgresError) -> Failure {
        var failure = Failure(error, while: "opening a session")
        if case .noTransactions = error { failure.kind = .usage }
        guard case .cannotConnect(let reason, let sqlstate) = error else { return failure }
        // Who we are, or which database is meant, is for the operator to settle.
        if let sqlstate, ["28", "3D"].contains(sqlstate.prefix(2)) { failure.kind = .usage }
        if let remedy = remedies.first(where: { reason.contains($0.words) })?.remedy {
            failure.kind = .usage
            failure.next = remedy
        }
        return failure
    }

    /// What libpq refuses by itself has words and no code: a server that does not prove who it is, which was sent nothing that
    /// is ours, and one that asks for a password that nobody gave.
    private static let remedies: [(words: String, remedy: String)] = [
        (
            "root certificate file",
            "put the certificate of the authority that signed the server's there, or name its file: sslrootcert=FILE "
                + "in the URL, or PGSSLROOTCERT"
        ),
        (
            "certificate verify failed",
            "see that the server's certificate is in date and signed by the authority whose certificate is in "
                + "sslrootcert; openssl s_client -starttls postgres shows it"
        ),
        (
            "does not match host name",
            "connect by a name that the server's certificate is for (beside it, hostaddr can lead to an address)"
        ),
        (
            "host name must be specified for a verified",
            "name the host, too: without it the server's certificate cannot be checked"
        ),
        (
            "server does not support SSL",
            "switch TLS on at the server; where the way to it is safe without, say so: sslmode=disable"
        ),
        (
            "during SSL exchange",
            "see that PostgreSQL answers there, and nothing else"
        ),
        (
            "no password supplied",
            "give the password in DATABASE_URL or PGPASSWORD, or in ~/.pgpass, which only its owner may read"
        ),
    ]
}
