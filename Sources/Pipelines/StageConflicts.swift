import Postgres

/// What stages that are right by themselves cannot be together.
struct StageConflicts {
    let stages: [Stage]
    let problems: ProblemList

    /// Leaves a problem for each.
    func tell() {
        for (index, stage) in stages.enumerated() {
            let earlier = stages[..<index]
            switch stage.work {
            case .stream(let stream):
                expectOwnRows(stage, stream, after: earlier)
            case .verify(let verification):
                expectCertainWork(stage, verification, after: earlier)
            case .check, .sql, .batch, .constraints, .retire: break
            }
            expectColumns(stage, after: earlier)
        }
    }

    private func complain(_ stage: Stage, _ message: String) {
        problems.add(line: stage.line, "stage \(quotation(stage.name)) \(message)")
    }

    /// Each of two streams must know its rows from the other's, or it takes them for left-overs of its own.
    private func expectOwnRows(_ stage: Stage, _ stream: Stream, after earlier: ArraySlice<Stage>) {
        for other in earlier {
            guard case .stream(let before) = other.work, before.target.table == stream.target.table,
                before.target.rows == nil || stream.target.rows == nil || before.target.rows == stream.target.rows
            else { continue }
            complain(
                stage,
                "fills the table of stage \(quotation(other.name)); both must say in \"rows\" which rows are theirs")
        }
    }

    private func expectCertainWork(_ stage: Stage, _ verification: Verification, after earlier: ArraySlice<Stage>) {
        guard !stage.isOptional else { return }
        for proof in verification.proofs where proof.pipeline == nil {
            guard earlier.contains(where: { $0.name == proof.stage && $0.isOptional }) else { continue }
            complain(stage, "proves stage \(quotation(proof.stage)), which is optional and may never have run")
        }
    }

    /// Nothing can read a column that a stage before it drops.
    private func expectColumns(_ stage: Stage, after earlier: ArraySlice<Stage>) {
        for other in earlier {
            guard case .retire(let retirement) = other.work,
                let gone = stage.columnsRead(of: retirement.table).first(where: retirement.columns.contains)
            else { continue }
            complain(
                stage, "needs column \(quotation(gone.name)), which stage \(quotation(other.name)) before it drops")
        }
    }
}

extension Stage {
    /// The columns that it says it reads of a table, and those it drops.
    fileprivate func columnsRead(of table: Identifier) -> [Identifier] {
        switch work {
        case .stream(let stream): stream.columnsRead(of: table)
        case .batch(let batch): batch.table == table ? batch.key : []
        case .verify(let verification):
            verification.proofs.flatMap { proof in
                switch proof.subject {
                case .stream(let stream): stream.columnsRead(of: table)
                case .batch(let batch, _): batch.table == table ? batch.key : []
                }
            }
        case .retire(let retirement): retirement.table == table ? retirement.key + retirement.columns : []
        case .check, .sql, .constraints: []
        }
    }
}

extension Stream {
    fileprivate func columnsRead(of table: Identifier) -> [Identifier] {
        source.table == table ? source.key + source.columns + source.carry : []
    }
}
