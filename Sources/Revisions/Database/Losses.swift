import Postgres

/// What a downgrade would destroy, looked up in the database.
struct Losses {
    private let site: RevisionSite
    private let losses: [Loss]

    /// Counting more than this would not make anybody wiser.
    private static let limit: Int64 = 100_000

    init(_ script: SQLScript, _ site: RevisionSite) {
        self.site = site
        losses = script.statements.flatMap(LossReader.losses(of:))
    }

    /// Throws unless nothing is destroyed, or the operator named this database.
    func refuse(
        without database: String?, from id: RevisionID, takesLocks: Bool, _ transaction: borrowing Transaction
    ) throws {
        let name = try transaction.row("select current_database()").text(0) ?? ""
        if let database, !database.utf8.elementsEqual(name.utf8) {
            throw RevisionFailure(
                .refused, "the database here is \(name), and not \(database)", next: "see where you are: etl config")
        }
        guard database == nil else { return }
        let found = try sentences(takesLocks: takesLocks, transaction)
        guard found.isEmpty else { throw Self.failure(found, from: [id], database: name) }
    }

    /// The failure that says what would be lost.
    static func failure(_ sentences: [String], from ids: [RevisionID], database: String) -> RevisionFailure {
        RevisionFailure(
            .refused, "the downgrade of \(ids.map(\.text).joined(separator: ", ")) would destroy data",
            details: sentences,
            next: "see that there is a copy; then say so by naming the database: --confirm \(database)")
    }

    /// A sentence for each thing that is there and would be lost; what is empty is not.
    func sentences(takesLocks: Bool, _ transaction: borrowing Transaction) throws(PostgresError) -> [String] {
        guard !losses.isEmpty else { return [] }
        try transaction.run("set local search_path = \(site.schema), pg_temp")
        var sentences: [String] = []
        for loss in losses {
            if let sentence = try sentence(loss, takesLocks: takesLocks, transaction) { sentences.append(sentence) }
        }
        try transaction.run("set local search_path = \(site.ledgerSchema), pg_temp")
        return sentences
    }

    private func sentence(
        _ loss: Loss, takesLocks: Bool, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> String? {
        switch loss {
        case .everything(let what): return "all that is in \(what)"
        case .rows(let table): return "rows of \(table)"
        case .table(let table):
            guard let found = try count("row", where: "true", in: table, takesLocks, transaction) else { return nil }
            return "\(found) of table \(table)"
        case .column(let column, let table):
            guard try exists(column, of: table, transaction) else { return nil }
            let isThere = "\(column) is not null"
            guard let found = try count("value", where: isThere, in: table, takesLocks, transaction) else { return nil }
            return "\(found) of column \(table).\(column)"
        }
    }

    /// How many rows there are, as in `3 values`; nil for none, or where there is no such table.
    private func count(
        _ noun: String, where condition: String, in table: String, _ takesLocks: Bool,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) -> String? {
        let isThere = try transaction.row(
            """
            select exists (select from pg_class where oid = to_regclass(\(.text(table))) and relkind in ('r', 'p', 'f'))
            """
        ).bool(0)
        guard isThere else { return nil }
        // The statement itself takes this lock: what is counted is what will be lost.
        if takesLocks { try transaction.run(SQL(unsafe: "lock table \(table) in access exclusive mode")) }
        let rows = try transaction.row(
            SQL(
                unsafe: """
                    select count(*) from (select from \(table) where \(condition) limit \(Self.limit)) found
                    """)
        ).int(0)
        guard let rows, rows > 0 else { return nil }
        return (rows < Self.limit ? "\(rows) " : "at least \(Self.limit) ") + noun + (rows == 1 ? "" : "s")
    }

    private func exists(
        _ column: String, of table: String, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        try transaction.row(
            """
            select exists (select from pg_attribute where attrelid = to_regclass(\(.text(table))) and attnum > 0
                              and not attisdropped and quote_ident(attname) = quote_ident((parse_ident(\(.text(column))))[1]))
            """
        ).bool(0)
    }
}

extension RevisionWork {
    /// What taking these revisions back would destroy now, a sentence each, and the name of the database.
    public func losses(_ ids: [RevisionID]) throws -> (sentences: [String], database: String) {
        try session.perform("looking what would be lost") { connection in
            try connection.transaction(site.looking) { transaction in
                var sentences: [String] = []
                for id in ids {
                    guard let script = history.file(id)?.downgrade?.script else { continue }
                    sentences += try Losses(script, site).sentences(takesLocks: false, transaction).map {
                        "\(id): \($0)"
                    }
                }
                return (sentences, try transaction.row("select current_database()").text(0) ?? "")
            }
        }
    }

    /// Refuses to take revisions back where that would destroy something, or cannot be done, before anything is done.
    /// `more` are sentences about what else is destroyed.
    public func refuseLosses(_ ids: [RevisionID], database: String?, more: [String] = []) throws {
        for file in ids.compactMap(history.file) where !file.isReversible { throw RevisionFailure.noWayBack(file) }
        let found = try losses(ids)
        if let database, !database.utf8.elementsEqual(found.database.utf8) {
            throw RevisionFailure(
                .refused, "the database here is \(found.database), and not \(database)",
                next: "see where you are: etl config")
        }
        let sentences = more + found.sentences
        guard sentences.isEmpty || database != nil else {
            throw Losses.failure(sentences, from: ids, database: found.database)
        }
    }
}
