import Postgres

/// What a server must be for a run to begin on it.
enum ServerCheck {
    /// The oldest server that has everything the rules need.
    static let minimumVersion = 140_000

    /// Every problem at once; empty when there is none.
    static func problems(
        _ connection: Connection, schema: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError)
        -> [String]
    {
        var problems: [String] = []
        if connection.serverVersion < minimumVersion {
            problems.append("the server is older than PostgreSQL 14, which etl needs")
        }
        let row = try transaction.row(
            """
            select pg_is_in_recovery(), current_setting('server_encoding'),
                   to_regnamespace(quote_ident(\(.text(schema.name)))) is not null
            """)
        if row.bool(0) {
            problems.append("the server is a standby, which cannot be written to: connect to the primary")
        }
        if row.text(1) == "SQL_ASCII" {
            problems.append("the database is SQL_ASCII: its text has no known encoding, so documents cannot be read")
        }
        if !row.bool(2) {
            problems.append("there is no schema \(schema) in this database, or it cannot be seen")
        }
        return problems
    }
}
