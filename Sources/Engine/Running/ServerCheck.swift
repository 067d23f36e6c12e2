import Postgres

/// What a server must be for a run to begin on it.
enum ServerCheck {
    /// Something that a server is and must not be, and what to do about it.
    struct Problem {
        let what: String
        let remedy: String

        var sentence: String { "\(what): \(remedy)" }
    }

    /// The oldest server that has everything the rules need.
    static let minimumVersion = 140_000

    /// Every problem at once; empty when there is none.
    static func problems(
        _ connection: Connection, schema: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [Problem] {
        let row = try transaction.row(
            """
            select pg_is_in_recovery(), current_setting('server_encoding'),
                   to_regnamespace(quote_ident(\(.text(schema.name)))) is not null,
                   (select reset_val from pg_settings where name = 'default_transaction_read_only') = 'on'
            """)
        return problems(
            version: connection.serverVersion, isStandby: row.bool(0), isReadOnly: row.bool(3),
            encoding: row.text(1) ?? "", schema: row.bool(2) ? nil : schema)
    }

    /// The problems of a server that is known. `schema` is the one that is not there.
    static func problems(
        version: Int, isStandby: Bool, isReadOnly: Bool, encoding: String, schema: Identifier?
    ) -> [Problem] {
        var problems: [Problem] = []
        if version < minimumVersion {
            problems.append(
                Problem(
                    what: "the server is older than PostgreSQL 14, which etl needs",
                    remedy: "move the database to a newer server"))
        }
        if isStandby {
            problems.append(
                Problem(
                    what: "the server is a standby, which cannot be written to", remedy: "connect to the primary"))
        }
        if isReadOnly {
            // A transaction could say otherwise; but somebody has said this on purpose.
            problems.append(
                Problem(
                    what: "transactions are read-only here by default (default_transaction_read_only)",
                    remedy: "if it may be written to, reset that setting of the role, the database or the server"))
        }
        if encoding == "SQL_ASCII" {
            problems.append(
                Problem(
                    what: "the database is SQL_ASCII: its text has no known encoding, so documents cannot be read",
                    remedy: "restore a dump of it into a database with the encoding that the text is in"))
        }
        if let schema {
            problems.append(
                Problem(
                    what: "there is no schema \(schema) in this database, or it cannot be seen",
                    remedy: "name the schema of the tables with --schema"))
        }
        return problems
    }
}
