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
            try removeOrphans(of: constraint)
            try validate(constraint)
        }
        try analyze()
        _ = try turn.take { transaction, _ in try site.ledger.finishStage(stage, of: run, transaction) }
    }

    /// Lets the server count what was moved, which it would do by itself only some time later: whoever reads the tables until
    /// then would get plans for empty ones.
    private func analyze() throws {
        for target in Set(chunked.flatMap(\.tables.targets).map(\.name)) {
            try inTurn(locking: [target]) { try $0.run("analyze (skip_locked) \(target)") }
        }
    }

    /// Builds what is missing of some constraints; foreign keys are left not valid.
    func build(_ constraints: [Constraint]) throws {
        for constraint in constraints {
            let builder = ConstraintBuilder(constraint: constraint, schema: schema)
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
                    try transaction.run(builder.create)
                }
                try site.ledger.recordCreated([builder.record], by: stage, of: run, transaction)
            }
        }
    }

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

    /// Removes rows whose parent vanished while the rows were moved: from here on a delete of the parent cascades.
    private func removeOrphans(of constraint: Constraint) throws {
        guard !Mutant.is(.leaveOrphans),
            let removal = OrphanRemoval(
                constraint: constraint, schema: schema, ledger: site.ledger, chunked: chunked)
        else { return }
        let removed = try inTurn(locking: []) { try removal.perform($0) }
        if let removed, removed > 0 {
            site.reporter.report(.notice("\(removed) rows of \(constraint.table) removed: their parents are gone"))
        }
    }

    private func validate(_ constraint: Constraint) throws {
        let builder = ConstraintBuilder(constraint: constraint, schema: schema)
        try inTurn(locking: builder.tables) { transaction in
            if !Mutant.is(.leaveKeysUnchecked), case .notValid(let name) = try builder.presence(transaction) {
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
}
