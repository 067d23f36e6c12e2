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
    /// The stream stage whose chunks count the rows; nil where there is none.
    let chunked: (stage: ChunkedStage, tables: StreamTables)?

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
        _ = try turn.take { transaction, _ in try site.ledger.finishStage(stage, of: run, transaction) }
    }

    /// Builds what is missing of some constraints; foreign keys are left not valid.
    func build(_ constraints: [Constraint]) throws {
        for constraint in constraints {
            let builder = ConstraintBuilder(constraint: constraint, schema: schema)
            try inTurn(locking: builder.tables) { transaction in
                switch try builder.presence(transaction) {
                case .valid, .notValid: return
                case .differs(let how): throw Failure(.failed, how)
                case .brokenIndex: try transaction.run(builder.dropBrokenIndex)
                case .absent: break
                }
                try transaction.run(builder.create)
                try site.ledger.recordCreated([builder.record], by: stage, of: run, transaction)
            }
        }
    }

    /// Removes rows whose parent vanished while the rows were moved: from here on a delete of the parent cascades.
    private func removeOrphans(of constraint: Constraint) throws {
        guard let removal = OrphanRemoval(constraint: constraint, schema: schema, chunked: chunked) else { return }
        let removed = try inTurn(locking: []) { try removal.perform($0) }
        if let removed, removed > 0 {
            site.reporter.report(.notice("\(removed) rows of \(constraint.table) removed: their parents are gone"))
        }
    }

    private func validate(_ constraint: Constraint) throws {
        let builder = ConstraintBuilder(constraint: constraint, schema: schema)
        try inTurn(locking: builder.tables) { transaction in
            if try builder.presence(transaction) == .notValid { try transaction.run(builder.validate) }
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
