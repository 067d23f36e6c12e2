import Ledger
import Pipelines
import Postgres

/// Describes what a constraints stage would build: what the catalogue lacks of it.
struct ConstraintPlanner {
    let schema: Identifier
    let standing: PipelineStanding
    let sizes: [QualifiedName: TableSize]

    /// The statements in the order of the stage.
    func statements(
        for constraints: [Constraint], _ notes: inout [String], _ transaction: borrowing Transaction
    ) throws -> [PlannedStatement] {
        var statements: [PlannedStatement] = []
        for constraint in constraints.filter({ !$0.isForeignKey }) + constraints.filter(\.isForeignKey) {
            let builder = ConstraintBuilder(constraint: constraint, schema: schema)
            switch try builder.presence(transaction) {
            case .valid: notes.append("\(constraint.name) is there already")
            case .differs(let how): notes.append("in the way of \(constraint.name): \(how)")
            case .notValid(let name): statements += [validation(builder, name)]
            case .absent: statements += try building(builder, transaction)
            }
        }
        return statements
    }

    /// Whether a constraint is lacking, wholly or in part.
    func lacks(_ constraint: Constraint, _ transaction: borrowing Transaction) throws -> Bool {
        try ConstraintBuilder(constraint: constraint, schema: schema).presence(transaction) != .valid
    }

    private func building(
        _ builder: ConstraintBuilder, _ transaction: borrowing Transaction
    ) throws -> [PlannedStatement] {
        let constraint = builder.constraint
        guard case .foreignKey(_, let references, _, _) = constraint.definition else {
            guard try isLive(constraint.table, transaction), let index = builder.createIndexConcurrently else {
                return [
                    statement(
                        builder.create,
                        [
                            LockUse(
                                isIndex(constraint) ? .share : .accessExclusive,
                                on: builder.table, .buildsIndex)
                        ])
                ]
            }
            let build = statement(index, [LockUse(.shareUpdateExclusive, on: builder.table, .buildsIndex)])
            let adopt = builder.adoptIndex.map {
                statement($0, [LockUse(.accessExclusive, on: builder.table, .moment)])
            }
            return [build] + (adopt.map { [$0] } ?? [])
        }
        let referenced = QualifiedName(schema: schema, name: references)
        let create = statement(
            builder.create,
            [
                LockUse(.shareRowExclusive, on: builder.table, .moment),
                LockUse(.shareRowExclusive, on: referenced, .moment),
            ])
        return [create, validation(builder, constraint.name)]
    }

    private func validation(_ builder: ConstraintBuilder, _ name: Identifier) -> PlannedStatement {
        var locks = [LockUse(.shareUpdateExclusive, on: builder.table, .readsRows)]
        locks += builder.tables.dropFirst().map { LockUse(.rowShare, on: $0, .readsRows) }
        return statement(builder.validate(name), locks)
    }

    private func statement(_ sql: SQL, _ locks: [LockUse]) -> PlannedStatement {
        // A table that the run makes is nobody else's until it is done, as a rule; but by then it is there.
        PlannedStatement(text: sql.text, place: nil, locks: locks, isAlone: true)
    }

    private func isIndex(_ constraint: Constraint) -> Bool {
        if case .index = constraint.definition { true } else { false }
    }

    /// Whether the stage will find others working with the table: it is not one that this run fills from empty.
    func isLive(_ table: Identifier, _ transaction: borrowing Transaction) throws -> Bool {
        var isFilled = false
        for stage in standing.pipeline.stages {
            guard case .stream(let stream) = stage.work, stream.targets.contains(where: { $0.table == table }) else {
                continue
            }
            isFilled = true
            if let record = standing.record(of: stage), !record.targetOIDs.isEmpty {
                if !record.targetWasEmpty { return true }
            } else if try ExistingTargets(stream, in: schema).hasRows(transaction) {
                return true
            }
        }
        return !isFilled
    }
}

/// The rows that a stream's targets hold already.
struct ExistingTargets {
    private let targets: [(name: QualifiedName, condition: SQL)]

    init(_ stream: Pipelines.Stream, in schema: Identifier) {
        targets = stream.targets.map { target in
            (QualifiedName(schema: schema, name: target.table), target.rows.map { "(\(unsafe: $0))" } ?? "true")
        }
    }

    /// Whether there are some; a table that is not there, or may not be read, holds none that are known.
    func hasRows(_ transaction: borrowing Transaction) throws -> Bool {
        for (name, condition) in targets where try TableFacts(name, transaction) != nil {
            let found = try transaction.attempt {
                try transaction.row("select exists (select from \(name) where \(condition))").bool(0)
            }
            if case .success(true) = found { return true }
        }
        return false
    }
}
