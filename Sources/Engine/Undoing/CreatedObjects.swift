import Ledger
import Postgres

/// All that the stages of a run created and that is still there.
struct CreatedObjects {
    /// By stage, as it was recorded.
    let records: [String: [String]]
    /// The stages, in the order in which they were done.
    private let stages: [String]
    /// What is there of it.
    let present: [CreatedObject]

    /// Reads the ledger and the catalogue.
    init(of run: RunID, stages: [StageRecord], _ ledger: Ledger, _ transaction: borrowing Transaction) throws {
        var records: [String: [String]] = [:]
        var objects: [CreatedObject] = []
        // What a drop created is its archive, which is the ledger's.
        for stage in stages where stage.kind != "retire" {
            let created = try ledger.created(by: stage.name, of: run, transaction)
            records[stage.name] = created
            objects += created.compactMap { CreatedObject($0) }
        }
        self.records = records
        self.stages = stages.map(\.name)
        present = try CreatedRemoval.present(objects, transaction)
    }

    /// The tables among them.
    var tables: [QualifiedName] {
        present.compactMap { if case .table(let name) = $0 { name } else { nil } }
    }

    /// The columns of tables that are not among them.
    var columns: [(table: QualifiedName, column: Identifier)] {
        let tables = Set(tables)
        return present.compactMap { object in
            guard case .column(let column, let table) = object, !tables.contains(table) else { return nil }
            return (table, column)
        }
    }

    /// The first stage that made a table, or columns of one; it is the last one to be taken back.
    func firstMaker(of table: QualifiedName) -> String? {
        stages.first { stage in
            (records[stage] ?? []).contains { text in
                switch CreatedObject(text) {
                case .table(let name), .column(_, let name): name == table
                default: false
                }
            }
        }
    }

    /// Whether a column goes away with what is among them.
    func holds(_ column: Identifier, of table: QualifiedName) -> Bool {
        tables.contains(table) || columns.contains { $0.table == table && $0.column == column }
    }

    /// Whether a table, or columns of it, are among them.
    func holdsPart(of table: QualifiedName) -> Bool {
        tables.contains(table) || columns.contains { $0.table == table }
    }

    /// What others made that is a part of these objects or depends on them, for people. `more` is ours, too.
    func strangers(besides more: [CreatedObject], _ transaction: borrowing Transaction) throws -> [String] {
        let ours = Set(present + more)
        var found: [String] = []
        for table in tables {
            let columns = try TableFacts(table, transaction)?.columns.keys.map { $0 } ?? []
            let foreign = columns.filter { !ours.contains(.column($0, of: table)) }
            found += foreign.map { "column \(table).\($0)" }
            found += try dependents(on: table, columns, transaction) + triggers(on: table, transaction)
        }
        for (table, columns) in Dictionary(grouping: columns, by: \.table) {
            found += try dependents(on: table, columns.map(\.column), transaction)
        }
        return Set(found.filter { !Self.isAmong(ours, $0) }).sorted()
    }

    private func dependents(
        on table: QualifiedName, _ columns: [Identifier], _ transaction: borrowing Transaction
    ) throws -> [String] {
        let found = try transaction.working(in: [], lock: transaction.settings.lock) {
            try ColumnDependents.find(table, columns, transaction)
        }
        // What is granted or said goes with what it is granted on or said of.
        let going = found.going.filter { going in !["grant ", "comment "].contains { going.definition.hasPrefix($0) } }
            .map(\.what)
        return found.blocking + going
    }

    private func triggers(
        on table: QualifiedName, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [String] {
        try transaction.run(
            """
            select format('trigger %I on %I.%I', t.tgname, n.nspname, c.relname)
              from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
             where not t.tgisinternal and n.nspname = \(.text(table.schema.name)) and c.relname = \(.text(table.name.name))
            """
        ).rows.compactMap { $0.text(0) }
    }

    /// The catalogue says `table constraint` and `table column` where the ledger leaves the table out.
    private static func isAmong(_ ours: Set<CreatedObject>, _ identity: String) -> Bool {
        let objects = [identity, identity.hasPrefix("table ") ? String(identity.dropFirst(6)) : identity]
            .compactMap { CreatedObject($0) }
        return objects.contains { ours.contains($0) }
    }
}
