/// One keyword of libpq and its value, as a URL stated it.
struct ConnectionParameter: Sendable, Equatable {
    /// A keyword that libpq knows.
    let keyword: String
    private let value: Secret

    init(keyword: String, value: String) {
        self.keyword = keyword
        self.value = Secret(value)
    }

    /// The value as libpq must get it.
    func revealed() -> String { value.revealed() }

    /// The value as people may see it.
    var shown: String {
        ConnectionKeyword.isSecret(keyword) ? value.description : Printable.escaped(value.revealed())
    }
}

/// What is known about the keywords that a URL may state.
enum ConnectionKeyword {
    /// Keywords of libpq up to version 18, less `replication` (another protocol) and `service` beside `host`.
    static let known: [String] = [
        "host", "hostaddr", "port", "dbname", "user", "password", "passfile", "require_auth",
        "channel_binding",
        "connect_timeout", "client_encoding", "options", "application_name", "fallback_application_name",
        "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
        "gssencmode", "gssdelegation", "sslmode", "sslnegotiation", "sslcompression", "sslcert", "sslkey",
        "sslpassword", "sslcertmode", "sslrootcert", "sslcrl", "sslcrldir", "sslsni", "requirepeer",
        "ssl_min_protocol_version", "ssl_max_protocol_version", "min_protocol_version",
        "max_protocol_version",
        "krbsrvname", "gsslib", "service", "target_session_attrs", "load_balance_hosts",
    ]

    static let sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

    /// Environment variables that libpq reads, with the keyword each stands for.
    static let variables: [(name: String, keyword: String)] = [
        ("PGHOST", "host"), ("PGHOSTADDR", "hostaddr"), ("PGPORT", "port"), ("PGDATABASE", "dbname"),
        ("PGUSER", "user"), ("PGPASSWORD", "password"), ("PGPASSFILE", "passfile"), ("PGSERVICE", "service"),
        ("PGSERVICEFILE", "servicefile"), ("PGSSLMODE", "sslmode"), ("PGSSLCERT", "sslcert"),
        ("PGSSLKEY", "sslkey"), ("PGSSLROOTCERT", "sslrootcert"), ("PGSSLCRL", "sslcrl"),
        ("PGSSLCRLDIR", "sslcrldir"), ("PGSSLSNI", "sslsni"), ("PGSSLCOMPRESSION", "sslcompression"),
        ("PGSSLNEGOTIATION", "sslnegotiation"), ("PGSSLCERTMODE", "sslcertmode"),
        ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
        ("PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"), ("PGREQUIREPEER", "requirepeer"),
        ("PGREQUIREAUTH", "require_auth"), ("PGCHANNELBINDING", "channel_binding"),
        ("PGGSSENCMODE", "gssencmode"), ("PGGSSDELEGATION", "gssdelegation"), ("PGKRBSRVNAME", "krbsrvname"),
        ("PGGSSLIB", "gsslib"), ("PGCONNECT_TIMEOUT", "connect_timeout"),
        ("PGCLIENTENCODING", "client_encoding"), ("PGOPTIONS", "options"), ("PGAPPNAME", "application_name"),
        ("PGTARGETSESSIONATTRS", "target_session_attrs"), ("PGLOADBALANCEHOSTS", "load_balance_hosts"),
        ("PGMINPROTOCOLVERSION", "min_protocol_version"), ("PGMAXPROTOCOLVERSION", "max_protocol_version"),
    ]

    static func isSecret(_ keyword: String) -> Bool {
        keyword == "password" || keyword == "sslpassword"
    }
}
