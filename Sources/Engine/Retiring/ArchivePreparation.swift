import Ledger
import Pipelines
import Postgres

/// Fills an archive while the table is in use, so that under the lock only what changed meanwhile is left to be copied.
struct ArchivePreparation {
    let context: StageContext
    let retirement: Retirement

    private var site: Site { context.site }
    private var table: QualifiedName { context.table(retirement.table) }

    /// The table that is filled; one that an earlier attempt left half filled is taken up. Nil when another process has done
    /// the stage.
    func begin() throws -> Identifier? {
        try context.turn.take(site.defining) { transaction, record in
            let columns = try RetiredColumns(retirement, schema: context.request.schema, transaction)
            if let name = record.archive {
                let archive = QualifiedName(schema: site.ledger.schema, name: name)
                if try isFit(archive, columns, transaction) { return name }
                try transaction.run("drop table if exists \(archive)")
            }
            let name = try Self.freeName(
                for: context.run, stage: context.stage.name, in: site.ledger.schema, transaction)
            try ColumnArchive(columns: columns, name: QualifiedName(schema: site.ledger.schema, name: name))
                .create(for: context.run, stage: context.stage.name, transaction)
            try site.ledger.noteArchive(name, of: context.stage.name, in: context.run, transaction)
            return name
        }
    }

    /// Copies what is not there yet, range by range.
    func fill(_ name: Identifier, _ ranges: [KeyRange]) throws {
        for range in ranges { try work(on: name, "filling") { try $0.refresh(range, $1) } }
        try work(on: name, "analyzing") { archive, transaction in try archive.analyze(transaction) }
    }

    /// Does something with the archive in one transaction, unless another process has dropped the columns.
    private func work(
        on name: Identifier, _ what: String, _ body: (ColumnArchive, borrowing Transaction) throws -> Void
    ) throws {
        let archive = QualifiedName(schema: site.ledger.schema, name: name)
        try site.throwIfStopping()
        try context.session.perform("\(what) the archive \(archive)", locking: [table], waits: true) { connection in
            try connection.transaction(site.moving) { transaction in
                try site.noteStopRequest(of: context.run, transaction)
                try transaction.run("lock table \(table) in access share mode")
                let columns = try RetiredColumns(retirement, schema: context.request.schema, transaction)
                if !columns.present.isEmpty { try body(ColumnArchive(columns: columns, name: archive), transaction) }
            }
        }
    }

    /// Whether a table has the columns that an archive needs now, of the types that they have now.
    private func isFit(
        _ archive: QualifiedName, _ columns: RetiredColumns, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        guard let there = try TableFacts(archive, transaction)?.columns,
            let needed = try TableFacts(table, transaction)?.columns
        else { return false }
        let kept = columns.table.columns + columns.present
        return there[ColumnArchive.xminColumn(beside: kept)] != nil && there.count == kept.count + 1
            && kept.allSatisfy { there[$0]?.typeOID == needed[$0]?.typeOID && there[$0]?.type == needed[$0]?.type }
    }

    /// A name that no relation of the ledger's schema has: after run and stage, cut where it would be too long.
    static func freeName(
        for run: RunID, stage: String, in schema: Identifier, _ transaction: borrowing Transaction
    ) throws -> Identifier {
        let base = "archive_\(run.value)_" + stage.replacing("-", with: "_")
        for number in 1...1000 {
            let end = number == 1 ? "" : "_\(number)"
            // A stage's name is ASCII, so a character is a byte.
            guard let name = Identifier(base.prefix(Identifier.maximumBytes - end.count) + end) else { break }
            let found = try transaction.row(
                """
                select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                                where n.nspname = \(.text(schema.name)) and c.relname = \(.text(name.name)))
                """)
            if !found.bool(0) { return name }
        }
        throw Failure(.failed, "schema \(schema) has too many tables named \(base)")
    }
}
