import Postgres

extension RevisionWork {
    /// Applies one revision, unless another process has done it meanwhile.
    public func apply(_ id: RevisionID) throws { try step(.upgrade, id, consent: nil) }

    /// Takes one revision back, unless another process has done it meanwhile. `database` is the one that the operator
    /// named, without which nothing is destroyed.
    public func takeBack(_ id: RevisionID, database: String?) throws { try step(.downgrade, id, consent: database) }

    /// A revision and the way it is to go.
    private struct Step {
        let direction: RevisionEvent.Direction
        let file: RevisionFile
        let side: RevisionFile.Side

        var id: RevisionID { file.revision.id }
        var act: RevisionAct { direction == .upgrade ? .upgrade : .downgrade }
        /// Whether its statements run outside of a transaction.
        var isAlone: Bool { !side.isTransactional && !side.script.statements.isEmpty }
    }

    private enum Outcome {
        case done
        case doneByAnother
        /// What runs outside of a transaction is marked as begun.
        case marked
    }

    private func step(_ direction: RevisionEvent.Direction, _ id: RevisionID, consent: String?) throws {
        let file = try file(id)
        guard
            let side = direction == .upgrade ? file.upgrade : file.downgrade ?? (file.isReversible ? file.upgrade : nil)
        else { throw RevisionFailure.noWayBack(file) }
        let step = Step(direction: direction, file: file, side: side)
        let began = MonotonicClock.now
        var isTold = false
        let outcome = try turn.take("\(direction.rawValue) \(id)") { connection, transaction, state -> Outcome in
            if let unfinished = state.unfinished {
                guard unfinished.id == id, hasMarked == id else { throw guards.unfinished(unfinished) }
                // Our own mark, the commit of which was not heard.
                try table.mark(id, unfinished.state, by: connection.backend, transaction)
                return .marked
            }
            if (state.record(id) != nil) == (direction == .upgrade) { return isTold ? .done : .doneByAnother }
            try refuseSurprises(direction, id, state)
            if !isTold { site.report(.began(direction, id, title: file.title)) }
            isTold = true
            if direction == .downgrade {
                try Losses(side.script, site).refuse(without: consent, from: id, takesLocks: !step.isAlone, transaction)
            }
            return try step.isAlone ? mark(step, connection, transaction) : perform(step, transaction)
        }
        switch outcome {
        case .doneByAnother: site.report(.doneByAnother(direction, id))
        case .marked:
            try runAlone(direction, id, side.script, isFirstTime: true)
            fallthrough
        case .done: site.report(.finished(direction, id, seconds: MonotonicClock.now - began))
        }
    }

    /// Notes that statements outside of a transaction begin.
    private func mark(
        _ step: Step, _ connection: Connection, _ transaction: borrowing Transaction
    ) throws -> Outcome {
        guard !connection.isPooled else {
            throw RevisionFailure(
                .refused, "\(step.file.path) runs outside of a transaction, which a pooler does not allow",
                next: "connect to the server itself, without the pooler in between")
        }
        if step.direction == .upgrade { try table.add(step.file, transaction) }
        let state: VersionRecord.State = step.direction == .upgrade ? .upgrading : .downgrading
        try table.mark(step.id, state, by: connection.backend, transaction)
        hasMarked = step.id
        return .marked
    }

    /// Runs the statements and moves the row.
    private func perform(_ step: Step, _ transaction: borrowing Transaction) throws -> Outcome {
        try run(step.side.script, transaction)
        switch step.direction {
        case .upgrade: try table.add(step.file, transaction)
        case .downgrade: try table.remove(step.id, transaction)
        }
        try site.audit(step.act, "revision \(step.id)", transaction)
        return .done
    }

    /// The plan was made in another transaction.
    private func refuseSurprises(
        _ direction: RevisionEvent.Direction, _ id: RevisionID, _ state: VersionState
    ) throws(RevisionFailure) {
        let applied = Set(state.ids)
        let graph = history.graph
        let isFit =
            switch direction {
            case .upgrade: graph.needs(of: id).allSatisfy(applied.contains)
            case .downgrade: !applied.contains { $0 != id && graph.needs(of: $0).contains(id) }
            }
        guard isFit else {
            throw RevisionFailure(
                .failed, "what is applied was changed by somebody else before \(direction.rawValue) \(id)",
                next: "see how it stands: \(site.command("current"))")
        }
    }

    private func run(_ script: SQLScript, _ transaction: borrowing Transaction) throws(PostgresError) {
        // Unqualified names are those of the tables' schema; ours are not in the way.
        try transaction.run("set local search_path = \(site.schema), pg_temp")
        for statement in script.statements {
            session.statement = statement
            session.scriptName = script.name
            try transaction.run(SQL(unsafe: statement.text))
        }
        session.statement = nil
        try transaction.run("set local search_path = \(site.ledgerSchema), pg_temp")
    }
}
