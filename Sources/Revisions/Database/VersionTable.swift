import Postgres

/// The table of applied revisions, through transactions that have the ledger's schema as their search path.
struct VersionTable: Sendable {
    let schema: Identifier

    /// Whether it is there.
    func exists(_ transaction: borrowing Transaction) throws(PostgresError) -> Bool {
        try transaction.row(
            """
            select exists (select from pg_class where relname = 'version' and relkind = 'r'
                              and relnamespace = to_regnamespace(quote_ident(\(.text(schema.name)))))
            """
        ).bool(0)
    }

    /// Makes it where it is absent; the caller has the lock.
    func create(_ transaction: borrowing Transaction) throws(PostgresError) {
        if try exists(transaction) { return }
        try transaction.run(SQL(unsafe: Self.definition))
    }

    /// The statements that make it.
    static var definition: String { String(decoding: PackageResources.version_sql, as: UTF8.self) }

    /// Its rows, in the order in which they were written.
    func records(_ transaction: borrowing Transaction) throws(PostgresError) -> [VersionRecord] {
        try transaction.run(
            """
            select v.revision, v.state, v.title, v.pipeline, v.how, v.applied_at::text, v.backend_pid,
                   exists (select from pg_stat_activity a
                            where a.pid = v.backend_pid and a.application_name = \(.text(RevisionSession.name))
                              and (a.backend_start is null or a.backend_start = v.backend_start))
              from version v order by v.applied_at, v.revision
            """
        ).rows.compactMap { row in
            guard let id = row.text(0).flatMap({ RevisionID($0) }), let state = row.text(1) else { return nil }
            return VersionRecord(
                id: id, state: VersionRecord.State(rawValue: state) ?? .applied, title: row.text(2) ?? "",
                pipeline: row.text(3), wasStamped: row.text(4) == "stamp", appliedAt: row.text(5) ?? "",
                backend: row.int(6), isAtWork: row.bool(7))
        }
    }

    /// The statements as they were when revisions were applied: both directions, null where there is no way back.
    func statements(
        of id: RevisionID, _ column: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [String] {
        try transaction.run(
            """
            select s.text from version, unnest(\(column)) with ordinality s (text, n)
             where revision = \(.text(id.text)) order by s.n
            """
        ).rows.compactMap { $0.text(0) }
    }

    /// The revisions whose statements are not those of their files.
    func changed(
        _ files: [RevisionFile], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [RevisionFile] {
        var changed: [RevisionFile] = []
        for file in files {
            let isSame = try transaction.run(
                """
                select upgrade = \(file.upgrade.stored) and downgrade is not distinct from \(stored(file.downgrade))
                  from version where revision = \(.text(file.revision.id.text))
                """
            ).first?.bool(0)
            if isSame == false { changed.append(file) }
        }
        return changed
    }

    /// Adds the row of a revision.
    func add(
        _ file: RevisionFile, how: String = "upgrade", _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            insert into version (revision, state, title, pipeline, how, upgrade, downgrade)
            values (\(.text(file.revision.id.text)), 'applied', \(.text(file.title)), \(.text(file.pipeline)),
                    \(.text(how)), \(file.upgrade.stored), \(stored(file.downgrade)))
            """)
    }

    /// Removes the row of a revision.
    func remove(_ id: RevisionID, _ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.changeOne("delete from version where revision = \(.text(id.text))")
    }

    /// Marks a revision whose statements run outside of a transaction from now on, in the session of the backend.
    func mark(
        _ id: RevisionID, _ state: VersionRecord.State, by backend: Connection.Backend,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update version set state = \(.text(state.rawValue)), backend_pid = \(.int(Int64(backend.pid)))::int,
                   backend_start = to_timestamp(\(.text(backend.startedAt))::double precision)
             where revision = \(.text(id.text))
            """)
        // The number of seconds may have been rounded on its way.
        try transaction.run(
            """
            update version v set backend_start = a.backend_start from pg_stat_activity a
             where v.revision = \(.text(id.text)) and a.pid = pg_backend_pid()
            """)
    }

    /// Takes the mark from a revision, which is applied then.
    func unmark(_ id: RevisionID, _ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.changeOne(
            """
            update version set state = 'applied', backend_pid = null, backend_start = null,
                   applied_at = clock_timestamp()
             where revision = \(.text(id.text)) and state <> 'applied'
            """)
    }

    private func stored(_ side: RevisionFile.Side?) -> SQL { side?.stored ?? "null::text[]" }
}

/// A row of the table.
public struct VersionRecord: Sendable, Equatable {
    /// How a revision stands.
    public enum State: String, Sendable {
        /// Its statements are done.
        case applied
        /// Statements outside of a transaction were begun.
        case upgrading, downgrading
    }

    /// The revision.
    public let id: RevisionID
    /// How it stands.
    public let state: State
    /// Its title when it was applied.
    public let title: String
    /// The pipeline that is its data step.
    public let pipeline: String?
    /// Whether somebody said that its statements need not be run.
    public let wasStamped: Bool
    /// When, by the server's clock.
    public let appliedAt: String
    /// The server process that runs its statements outside of a transaction.
    let backend: Int64?
    /// Whether that process is there.
    let isAtWork: Bool
}

extension RevisionFile.Side {
    /// The statements in the form that comments and white space don't change.
    var canonical: [String] { script.statements.map { String(decoding: $0.canonicalText, as: UTF8.self) } }

    /// The same as a value for the table; outside of a transaction is another way to run them.
    var stored: SQL {
        let lines = (isTransactional ? [] : ["-- no transaction"]) + canonical
        return "\(.textArray(lines.map { Array($0.utf8) }))"
    }
}
