import Ledger
import Pipelines
import Postgres

/// A stage that builds the constraints and indexes which a pipeline declares and the catalogue lacks, each in its own
/// transaction: first what tells rows apart, then foreign keys, not valid at first, then their validation.
struct ConstraintsStage {
    let site: Site
    let run: RunID
    let schema: Identifier
    let stage: String
    let session: Session
    /// The stream stages whose chunks count the rows.
    let chunked: [(stage: ChunkedStage, tables: StreamTables)]

    /// What to do about an index that a pooler is in the way of. Its build has to be a statement by itself, and a pooler gives
    /// it whatever session there is, with the settings of whoever had that before.
    static let pastThePooler =
        "run it with --database-url or DATABASE_URL naming the server instead of the pooler; only this stage needs that"

    /// Builds all, and says that the stage is done.
    func perform(_ constraints: [Constraint], fingerprint: String) throws {
        let turn = StageTurn(site: site, run: run, stage: stage, session: session)
        let begun: Void? = try turn.take { transaction, _ in
            try site.ledger.beginStage(stage, of: run, fingerprint: fingerprint, transaction)
        }
        guard begun != nil else { return }
        try build(constraints.filter { !$0.isForeignKey })
        for constraint in constraints where constraint.isForeignKey {
            try build([constraint])
            try vouch(for: constraint)
        }
        try analyze(constraints)
        _ = try turn.take { transaction, _ in try site.ledger.finishStage(stage, of: run, transaction) }
    }

    /// Lets the server count what was moved, which it would do by itself only some time later: whoever reads the tables until
    /// then would get plans for empty ones. The columns by which rows are found and a small sample are enough for that; the
    /// server, to which the table counts as not analyzed yet, has a thorough look when it comes to it.
    private func analyze(_ constraints: [Constraint]) throws {
        for target in Set(chunked.flatMap(\.tables.targets).map(\.name)) {
            let columns = Set(constraints.filter { $0.table == target.name }.flatMap(\.columns))
            let list = SQL.list(columns.sorted { $0.name < $1.name })
            try inTurn(locking: [target]) {
                // Only where columns are named does the table count as not analyzed still.
                try $0.run(
                    columns.isEmpty
                        ? "analyze (skip_locked) \(target)"
                        : "set local default_statistics_target = 10; analyze (skip_locked) \(target) (\(list))")
            }
        }
    }

    /// Builds what is missing of some constraints; foreign keys are left not valid.
    func build(_ constraints: [Constraint]) throws {
        for constraint in constraints {
            let builder = ConstraintBuilder(constraint: constraint, schema: schema)
            try announce(builder)
            try inTurn(locking: builder.tables) { transaction in
                switch try builder.presence(transaction) {
                case .valid, .notValid: return
                case .differs(let how): throw Failure(.failed, how, next: "settle which of the two is meant")
                case .absent: break
                }
                if try isLive(constraint.table, transaction), let index = builder.createIndexConcurrently {
                    try buildConcurrently(index, builder, transaction)
                } else {
                    let index = try builder.indexState(transaction)
                    if index == .broken { try transaction.run(builder.dropIndex(concurrently: false)) }
                    try transaction.run(Self.roomToBuild)
                    try transaction.run(builder.create)
                }
                try site.ledger.recordCreated([builder.record], by: stage, of: run, transaction)
            }
        }
    }

    /// Notes an index that will be built outside of any transaction before it is begun: this process may be gone when it is
    /// there, and undoing must know whose it is.
    private func announce(_ builder: ConstraintBuilder) throws {
        guard builder.createIndexConcurrently != nil else { return }
        try inTurn(locking: []) { transaction in
            guard try isLive(builder.constraint.table, transaction), try builder.presence(transaction) == .absent,
                try builder.indexState(transaction) == .absent
            else { return }
            try site.ledger.recordCreated([builder.indexRecord], by: stage, of: run, transaction)
        }
    }

    /// What a build may use to sort, where the server's setting is smaller: what does not fit is sorted on disk. A foreign key is
    /// validated by a join with as much.
    private static let roomToBuild: SQL = """
        select set_config('maintenance_work_mem',
                          greatest(pg_size_bytes(current_setting('maintenance_work_mem')), 268435456) / 1024 || 'kB', true)
        """

    /// Whether others may be working with a table: it is not one that this run filled from empty.
    private func isLive(_ table: Identifier, _ transaction: borrowing Transaction) throws(PostgresError) -> Bool {
        let name = QualifiedName(schema: schema, name: table)
        let oid = try transaction.row("select coalesce(to_regclass(\(.text(name.quoted)))::oid, 0)").int(0) ?? 0
        let filling = try site.ledger.stages(of: run, transaction).filter { $0.targetOIDs.contains(oid) }
        return filling.isEmpty || filling.contains { !$0.targetWasEmpty }
    }

    /// Builds an index on a session of its own, outside any transaction, while this one holds the stage's row: nobody
    /// else begins the same. A build that is cut off leaves an index that is not valid, which the next one replaces.
    private func buildConcurrently(
        _ index: SQL, _ builder: ConstraintBuilder, _ transaction: borrowing Transaction
    ) throws {
        let state = try builder.indexState(transaction)
        // Besides allowing the wait, this ends the query before it: a statement with bound values keeps its snapshot until
        // the next one comes, and a build waits for every snapshot that is older than itself.
        try transaction.run("set local idle_in_transaction_session_timeout = 0")
        let other = try Connection(
            to: site.target, name: "etl:\(run.value):index", deadlines: site.deadlines,
            interruption: site.interruption)
        guard !other.isPooled else {
            throw Failure(
                .refused, "\(builder.table) is in use, so \(builder.constraint.name) must be built concurrently",
                details: ["that cannot be done through a pooler"], next: Self.pastThePooler)
        }
        // Waiting for this lock keeps nobody from reading or writing.
        if state == .broken { try other.runOutsideTransaction(builder.dropIndex(concurrently: true), lock: 0) }
        if state != .ready { try other.runOutsideTransaction(index, lock: 0) }
        if let adopt = builder.adoptIndex { try transaction.run(adopt) }
    }

    /// Validates a foreign key. Where that finds rows without a parent, those are removed whose parent vanished while they were
    /// moved: from here on a delete of the parent cascades. Looking for them beforehand would cost as much again.
    private func vouch(for constraint: Constraint) throws {
        do {
            try validate(constraint)
        } catch let error as PostgresError where error.isOrphan && !Mutant.is(.leaveOrphans) {
            let removal = OrphanRemoval(
                constraint: constraint, schema: schema, ledger: site.ledger, chunked: chunked)
            guard let removal else { throw error }
            try remove(removal, of: constraint)
            try validate(constraint)
        }
    }

    private func remove(_ removal: OrphanRemoval, of constraint: Constraint) throws {
        let removed = try inTurn(locking: []) { try removal.perform($0) }
        if let removed, removed > 0 {
            site.reporter.report(.notice("\(removed) rows of \(constraint.table) removed: their parents are gone"))
        }
    }

    private func validate(_ constraint: Constraint) throws {
        let builder = ConstraintBuilder(constraint: constraint, schema: schema)
        try inTurn(locking: builder.tables) { transaction in
            if !Mutant.is(.leaveKeysUnchecked), case .notValid(let name) = try builder.presence(transaction) {
                try transaction.run(Self.roomToBuild)
                try transaction.run(builder.validate(name))
            }
        }
    }

    @discardableResult
    private func inTurn<R>(
        locking tables: [QualifiedName], _ work: (borrowing Transaction) throws -> R
    ) throws -> R? {
        try StageTurn(site: site, run: run, stage: stage, session: session)
            .take(site.defining, locking: tables) { transaction, _ in try work(transaction) }
    }
}

extension Constraint {
    var isForeignKey: Bool { if case .foreignKey = definition { true } else { false } }

    /// The columns of its own table that it is about.
    fileprivate var columns: [Identifier] {
        switch definition {
        case .primaryKey(let columns), .unique(let columns), .index(let columns, _, _),
            .foreignKey(let columns, _, _, _):
            columns
        }
    }
}

extension PostgresError {
    /// Whether a row has no parent.
    fileprivate var isOrphan: Bool { serverError?.sqlstate == "23503" }
}
