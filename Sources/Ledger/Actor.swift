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

    /// Its values for the audit's columns host, os_user, os_pid, program.
    var values: SQL {
        "\(.text(host)), \(.text(osUser)), \(.int(Int64(pid)))::int, \(.text(program))"
    }
}

/// What the audit can say was done.
public enum Act: String, Sendable {
    case begin, resume, join, finish, stop, fail
    case stopRequested = "stop-requested"
    case retry, verify, drop, undo, undone, purge
    case catchUp = "catch-up"
    case acceptReject = "accept-reject"
    case acceptKey = "accept-unmapped"
    case revisionUpgrade = "revision-upgrade"
    case revisionDowngrade = "revision-downgrade"
    case revisionStamp = "revision-stamp"
    case revisionRedo = "revision-redo"
}

extension Ledger {
    /// Adds an entry to the audit, in the transaction of the act.
    public func audit(
        _ act: Act, run: RunID?, pipeline: String?, detail: String? = nil, by actor: Actor,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            insert into audit (run_id, pipeline, act, detail, host, os_user, os_pid, program)
            values (\(.int(run?.value)), \(.text(pipeline)), \(.text(act.rawValue)), \(.text(detail)), \(actor.values))
            """)
    }
}
