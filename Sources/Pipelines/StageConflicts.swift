import Postgres

/// What stages that are right by themselves cannot be together.
struct StageConflicts {
    private let problems: ProblemList
    /// The streams so far, by the table that they fill and by what they say of its rows.
    private var fillers: [Identifier: [String?: String]] = [:]
    /// The tables that each stream fills.
    private var filled: [String: Set<Identifier>] = [:]
    private var optional: Set<String> = []
    /// The columns dropped so far, by table, and the stages that drop them.
    private var dropped: [Identifier: [Identifier: String]] = [:]

    /// Leaves a problem for each.
    static func tell(_ stages: [Stage], problems: ProblemList) {
        var conflicts = StageConflicts(problems: problems)
        for stage in stages { conflicts.look(at: stage) }
    }

    private init(problems: ProblemList) {
        self.problems = problems
    }

    private mutating func look(at stage: Stage) {
        for (table, columns) in stage.columnsNeeded {
            guard let gone = dropped[table], let column = columns.first(where: { gone[$0] != nil }) else { continue }
            let other = quotation(gone[column] ?? "")
            complain(stage, "needs column \(quotation(column.name)), which stage \(other) before it drops")
        }
        switch stage.work {
        case .stream(let stream):
            for target in stream.targets { expectOwnRows(stage, stream.source.table, target) }
            filled[stage.name] = Set(stream.targets.map(\.table))
        case .verify(let verification) where !stage.isOptional:
            for proof in verification.proofs where proof.pipeline == nil && optional.contains(proof.stage) {
                complain(stage, "proves stage \(quotation(proof.stage)), which is optional and may never have run")
            }
        case .retire(let retirement):
            for column in retirement.columns { dropped[retirement.table, default: [:]][column] = stage.name }
        case .check, .sql, .batch, .constraints, .verify: break
        }
        if stage.isOptional { optional.insert(stage.name) }
    }

    /// Each of two streams must know its rows from the other's, or it takes them for left-overs of its own; unless the second
    /// makes the same of what the first has written.
    private mutating func expectOwnRows(_ stage: Stage, _ source: Identifier, _ target: Stream.Target) {
        let others = fillers[target.table] ?? [:]
        if let other = others[target.rows], filled[other]?.contains(source) == true { return }
        if let other = target.rows == nil ? others.values.min() : others[nil] ?? others[target.rows] {
            complain(
                stage, "fills the table of stage \(quotation(other)); both must say in \"rows\" which rows are theirs")
        }
        fillers[target.table, default: [:]][target.rows] = stage.name
    }

    private func complain(_ stage: Stage, _ message: String) {
        problems.add(line: stage.line, "stage \(quotation(stage.name)) \(message)")
    }
}

extension Stage {
    /// The columns that it says it reads or drops, by table.
    fileprivate var columnsNeeded: [(table: Identifier, columns: [Identifier])] {
        switch work {
        case .stream(let stream): [stream.columnsNeeded]
        case .batch(let batch): [(batch.table, batch.key)]
        case .verify(let verification):
            verification.proofs.map { proof in
                switch proof.subject {
                case .stream(let stream): stream.columnsNeeded
                case .batch(let batch, _): (batch.table, batch.key)
                }
            }
        case .retire(let retirement): [(retirement.table, retirement.key + retirement.columns)]
        case .check, .sql, .constraints: []
        }
    }
}

extension Stream {
    fileprivate var columnsNeeded: (table: Identifier, columns: [Identifier]) {
        (source.table, source.key + source.columns + source.carry)
    }
}
