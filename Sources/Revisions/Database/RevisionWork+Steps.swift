import Postgres

extension RevisionWork {
    /// Applies one revision, unless another process has done it meanwhile.
    public func apply(_ id: RevisionID) throws { try step(.upgrade, id, consent: nil) }

    /// Takes one revision back, unless another process has done it meanwhile. `database` is the one that the operator
    /// named, without which nothing is destroyed.
    public func takeBack(_ id: RevisionID, database: String?) throws { try step(.downgrade, id, consent: database) }

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
        else {
            throw RevisionFailure(
                .refused, "revision \(id) cannot be taken back: \(file.path) has no line '-- downgrade'",
                next: "write one, with what takes it back, if anything")
        }
        let began = MonotonicClock.now
        let what = "\(direction.rawValue) \(id)"
        var isTold = false
        let outcome = try turn.take(what) { connection, transaction, state -> Outcome in
            if let unfinished = state.unfinished {
                // Our own mark: its commit was not heard.
                if unfinished.id == id, hasMarked == id {
                    try table.mark(id, unfinished.state, by: connection.backend, transaction)
                    return .marked
                }
                throw guards.unfinished(unfinished)
            }
            if (state.record(id) != nil) == (direction == .upgrade) { return isTold ? .done : .doneByAnother }
            try refuseSurprises(direction, id, state)
            if !isTold { site.report(.began(direction, id, title: file.title)) }
            isTold = true
            let isAlone = !side.isTransactional && !side.script.statements.isEmpty
            if direction == .downgrade {
                try Losses(side.script, site).refuse(without: consent, from: id, takesLocks: !isAlone, transaction)
            }
            if isAlone {
                guard !connection.isPooled else {
                    throw RevisionFailure(
                        .refused, "\(file.path) runs outside of a transaction, which a pooler does not allow",
                        next: "connect to the server itself, without the pooler in between")
                }
                if direction == .upgrade { try table.add(file, transaction) }
                try table.mark(
                    id, direction == .upgrade ? .upgrading : .downgrading, by: connection.backend, transaction)
                hasMarked = id
                return .marked
            }
            try run(side.script, transaction)
            if direction == .upgrade { try table.add(file, transaction) } else { try table.remove(id, transaction) }
            try site.audit(direction == .upgrade ? .upgrade : .downgrade, "revision \(id)", transaction)
            return .done
        }
        switch outcome {
        case .doneByAnother: site.report(.doneByAnother(direction, id))
        case .marked:
            try runAlone(direction, id, side.script, isFirstTime: true)
            fallthrough
        case .done: site.report(.finished(direction, id, seconds: MonotonicClock.now - began))
        }
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
