import Postgres

extension RevisionWork {
    /// Runs the statements of a step that was marked, each by itself, and takes the mark away.
    func runAlone(
        _ direction: RevisionEvent.Direction, _ id: RevisionID, _ script: SQLScript, isFirstTime: Bool
    ) throws {
        var done = 0
        do {
            // A lost session leaves the mark: nobody knows what its last statement came to.
            let connection = try session.current()
            for statement in script.statements {
                try session.throwIfStopping("\(direction.rawValue) \(id)")
                try connection.runOutsideTransaction(
                    SQL(unsafe: statement.text), lock: site.deadlines.lock, schemas: [site.schema])
                done += 1
            }
        } catch let error as PostgresError {
            throw try afterError(error, direction, id, script, done, isFirstTime: isFirstTime)
        }
        try finishMarked(direction, id)
    }

    private func finishMarked(_ direction: RevisionEvent.Direction, _ id: RevisionID) throws {
        let own = try session.current().backend
        try turn(asOwner: own).take("finishing revision \(id)") { _, transaction, state in
            // Without a mark the commit of an earlier try was not heard.
            guard state.record(id)?.state != .applied, state.record(id) != nil || direction == .upgrade else { return }
            if direction == .upgrade { try table.unmark(id, transaction) } else { try table.remove(id, transaction) }
            try site.audit(direction == .upgrade ? .upgrade : .downgrade, "revision \(id)", transaction)
        }
        hasMarked = nil
    }

    /// The failure to tell. A first statement that was refused by a living server left nothing, unless it is one that works
    /// in several transactions itself: then the mark is taken away again.
    private func afterError(
        _ error: PostgresError, _ direction: RevisionEvent.Direction, _ id: RevisionID, _ script: SQLScript,
        _ done: Int, isFirstTime: Bool
    ) throws -> RevisionFailure {
        let statement = script.statements[min(done, script.statements.count - 1)]
        var failure = RevisionFailure(error, while: "\(script.name):\(statement.line), \(direction.rawValue) \(id)")
        if error.endsSession { session.forget() }
        let leavesTraces = statement.tokens.contains { $0.isWord("concurrently") || $0.isWord("call") }
        let isUntouched = isFirstTime && done == 0 && error.serverError != nil && !leavesTraces
        let record: VersionRecord? = try? turn(asOwner: session.current().backend).take("revision \(id)") {
            _, transaction, state in
            guard isUntouched else { return state.record(id) }
            if direction == .upgrade { try table.remove(id, transaction) } else { try table.unmark(id, transaction) }
            return nil
        }
        if let record, record.state != .applied {
            let repair = guards.unfinished(record)
            failure.details += repair.details
            failure.next = repair.next
        } else if record == nil, !isUntouched {
            failure.next = "when the server answers again, see what is to be done: \(site.command("current"))"
        }
        return failure
    }

    /// Does the statements of a half-done step again, from the first, and takes the mark away; nothing where there is none.
    public func redo(_ direction: RevisionEvent.Direction, database: String?) throws -> RevisionID? {
        let marked = try turn.take("repairing") { connection, transaction, state -> RevisionID? in
            guard let record = state.unfinished else { return nil }
            let wanted: VersionRecord.State = direction == .upgrade ? .upgrading : .downgrading
            guard record.state == wanted else { throw guards.unfinished(record) }
            _ = try guards.check(state, allowsUnfinished: true, transaction)
            try table.mark(record.id, record.state, by: connection.backend, transaction)
            try site.audit(.redo, "revision \(record.id)", transaction)
            return record.id
        }
        guard let marked else { return nil }
        let file = try file(marked)
        guard let side = direction == .upgrade ? file.upgrade : file.downgrade else { return nil }
        site.report(.began(direction, marked, title: file.title))
        let began = MonotonicClock.now
        try runAlone(direction, marked, side.script, isFirstTime: false)
        site.report(.finished(direction, marked, seconds: MonotonicClock.now - began))
        return marked
    }

    private func turn(asOwner backend: Connection.Backend) -> Turn {
        Turn(site: site, session: session, table: table, own: backend)
    }
}
