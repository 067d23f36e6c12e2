import Ledger
import Pipelines
import Postgres

/// On which terms rows are moved again.
struct RenewalTerms {
    var limits: BatchLimits
    /// What to do about rows of the target that are there already for source rows that this run never saw.
    var existing: ExistingRows = .stop
    /// Whether a role that may not write is no error: then what it may not write to is left as it is.
    var ifAllowed = false
    /// How many open rejects of a pipeline the work goes on with at most; nil for any number.
    var maximumRejects: Int64?
}

/// A stage's work on the rows that came, changed or vanished since, chunk by chunk; looked up once, and good for as long as
/// its tables are not altered.
struct StageRenewal {
    private enum Kind {
        case stream(StreamRenewal)
        case batch(BatchRenewal)
    }

    private var kind: Kind
    let source: KeyedTable
    let chunked: ChunkedStage

    /// What came of looking a stage up.
    enum Lookup {
        case ready(StageRenewal)
        /// There is nothing that could be moved again, for a reason that is worth telling where one is given.
        case nothing(String?)
    }

    /// Looks up a stage and its tables. Where nothing changed there is nothing to be moved; to find that out takes a scan of
    /// the table, so whoever knows it says that something `isChanged`.
    static func find(
        _ stage: MovedStage, on schema: Identifier, _ terms: RenewalTerms, ledger: Ledger, isChanged: Bool = false,
        _ transaction: borrowing Transaction
    ) throws -> Lookup {
        guard let run = try ledger.run(of: stage.pipeline, on: schema, transaction),
            let record = try ledger.stages(of: run.id, transaction).first(where: { $0.name == stage.name }),
            run.state != .undoing, record.state != .pending, record.skipped == nil, record.sourceOID != nil
        else { return .nothing(nil) }
        switch stage.work {
        case .stream(let stream):
            if let reason = try gone(stream, schema, transaction) { return .nothing(reason) }
            let tables = try StreamTables(stream, schema: schema, onlyReading: true, transaction)
            let chunked = ChunkedStage(run: run.id, name: stage.name, keyColumns: tables.source.key.count)
            try TableBinding.check(record, of: run.id, tables, ledger, transaction)
            if try !isChanged && ledger.seen(by: chunked, transaction) == tables.source.marks(transaction) {
                return .nothing(nil)
            }
            for target in tables.targets where terms.ifAllowed {
                if let reason = try forbidden(target.name, "insert, update, delete", transaction) {
                    return .nothing(reason)
                }
            }
            try refuseIncomplete(tables, of: stage, ledger, transaction)
            let renewal = try StreamRenewal(
                stream, tables: tables, stage: chunked, terms: terms, ledger: ledger, transaction)
            return .ready(StageRenewal(kind: .stream(renewal), source: tables.source, chunked: chunked))
        case .batch(let batch, let differences):
            let source = try KeyedTable(
                QualifiedName(schema: schema, name: batch.table), key: batch.key, transaction)
            let chunked = ChunkedStage(run: run.id, name: stage.name, keyColumns: source.key.count)
            try TableBinding.check(record, of: run.id, source, ledger, transaction)
            let refusal = terms.ifAllowed ? try forbidden(source.name, "update", transaction) : nil
            let renewal = try BatchRenewal(
                batch, differences: isChanged || refusal != nil ? nil : differences, source: source, stage: chunked,
                ledger: ledger, transaction)
            if try !isChanged && !renewal.isOverdue
                && ledger.seen(by: chunked, transaction) == source.marks(transaction)
            {
                return .nothing(nil)
            }
            if let refusal { return .nothing(refusal) }
            return .ready(StageRenewal(kind: .batch(renewal), source: source, chunked: chunked))
        }
    }

    /// Moves some of what changed in a chunk, in one transaction.
    mutating func perform(
        _ n: Int64, carefully: Bool, _ transaction: borrowing Transaction
    ) throws -> RenewalOutcome {
        switch kind {
        case .stream(var renewal):
            defer { kind = .stream(renewal) }
            return try renewal.perform(n, carefully: carefully, transaction)
        case .batch(let renewal): return try renewal.perform(n, transaction)
        }
    }

    /// The chunks in which something changed, and how many rows.
    func changes(
        _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [(n: Int64, rows: Int64)] {
        var changed: [(n: Int64, rows: Int64)] = []
        try SourceChanges.byChunk(of: chunked, of: source, ledger: ledger, transaction) { n, changes in
            changed.append((n, changes.count))
        }
        return changed
    }

    /// Moves all that changed in a chunk, in a transaction that does more than that.
    mutating func finish(_ n: Int64, _ transaction: borrowing Transaction) throws {
        while try part(
            transaction,
            { renewal, carefully in
                try renewal.perform(n, carefully: carefully, transaction)
            }
        ).hasMore {}
    }

    /// Moves all that changed among some rows, in a transaction that does more than that. Where the table is in use, what changes
    /// meanwhile may be left.
    mutating func finish(_ late: ArraySlice<LateRow>, _ transaction: borrowing Transaction) throws {
        var rest = late
        var outcome: RenewalOutcome
        repeat {
            outcome = try part(transaction) { renewal, carefully in
                switch renewal.kind {
                case .stream(var stream):
                    defer { renewal.kind = .stream(stream) }
                    return try stream.perform(rest, carefully: carefully, transaction)
                case .batch(let batch): return try batch.perform(rest, transaction)
                }
            }
            rest = rest.filter { outcome.left.contains($0.hash) }[...]
        } while !rest.isEmpty && !outcome.changes.isEmpty
    }

    /// Does something; where the server refuses one of the rows, again, to find out which.
    private mutating func part(
        _ transaction: borrowing Transaction,
        _ body: (_ renewal: inout StageRenewal, _ carefully: Bool) throws -> RenewalOutcome
    ) throws -> RenewalOutcome {
        do {
            return try transaction.savepoint { try body(&self, false) }
        } catch let error as PostgresError where error.errorClass == .row {
            return try body(&self, true)
        }
    }

    /// Says so when the role may not write to a table.
    private static func forbidden(
        _ table: QualifiedName, _ privileges: String, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> String? {
        let lacks = try transaction.row(
            """
            select exists (select from unnest(string_to_array(\(.text(privileges)), ', ')) p
                            where not has_table_privilege(\(.text(table.quoted)), p)
                              and not (p in ('insert', 'update') and has_any_column_privilege(\(.text(table.quoted)), p)))
            """
        ).bool(0)
        return lacks ? "\(table) is not caught up with what changed: this role may not write to it" : nil
    }

    /// Why a stream's rows cannot be read again: columns are gone.
    private static func gone(
        _ stream: Pipelines.Stream, _ schema: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> String? {
        let source = QualifiedName(schema: schema, name: stream.source.table)
        guard let facts = try TableFacts(source, transaction) else { return nil }
        let gone = stream.source.columns.filter { facts.columns[$0] == nil }
        return gone.isEmpty
            ? nil : "\(RetiredColumns.list(gone)) of \(source) is gone, so nothing of it can be caught up"
    }

    /// Rows cannot be written without a column that was dropped since.
    private static func refuseIncomplete(
        _ tables: StreamTables, of stage: MovedStage, _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws {
        for target in tables.targets {
            let there = try TableFacts(target.name, transaction)?.columns ?? [:]
            guard let missing = target.columns.first(where: { there[$0] == nil }) else { continue }
            let by = try ledger.pipeline(thatDropped: missing, of: target.name, transaction)
            throw Failure(
                .refused,
                "\(tables.source.name) has changed since \(stage.name) of \(stage.pipeline) was done, and "
                    + "\(target.name) has no column \(missing.name) any more, which its rows need",
                next: by.map { "bring it back with etl undo \($0), then catch up" } ?? "bring it back, then catch up")
        }
    }
}
