public import Postgres

/// Who acts: a process on a machine, as the ledger records it.
public struct Actor: Sendable, Equatable {
    /// The machine's name.
    public let host: String
    /// The user of the process.
    public let osUser: String
    /// The process.
    public let pid: Int32
    /// The program and its version.
    public let program: String

    /// Describes a process.
    public init(host: String, osUser: String, pid: Int32, program: String) {
        self.host = host
        self.osUser = osUser
        self.pid = pid
        self.program = program
    }
}

/// What the audit can say was done.
public enum Act: String, Sendable {
    case begin, resume, join, finish, stop, fail
    case stopRequested = "stop-requested"
    case retry, verify
}

extension Ledger {
    /// Adds an entry to the audit, in the transaction of the act.
    public func audit(
        _ act: Act, run: RunID?, pipeline: String, detail: String? = nil, by actor: Actor,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            insert into audit (run_id, pipeline, act, detail, host, os_user, os_pid, program)
            values (\(.int(run?.value)), \(.text(pipeline)), \(.text(act.rawValue)), \(.text(detail)),
                    \(.text(actor.host)), \(.text(actor.osUser)), \(.int(Int64(actor.pid))), \(.text(actor.program)))
            """)
    }
}
