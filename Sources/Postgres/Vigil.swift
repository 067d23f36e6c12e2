import Glibc

/// The wait for a statement that may take as long as it takes: while nothing is heard, the server is asked now and then, in a
/// session of its own, whether it lives and the statement's session with it.
///
/// A machine that is gone is noticed by the system, which probes; one whose server is frozen answers probes all the same.
struct Vigil {
    /// How often in a row nobody may answer. A server that is busy may have no session to give for a moment.
    private static let chances = 2

    private let connection: Connection
    private let isKept: Bool
    private var unanswered = 0

    /// Begins a wait; where it has an end, or the session is not ready yet, nobody is asked.
    init(over connection: Connection, until deadline: Deadline) {
        self.connection = connection
        isKept = deadline.milliseconds < 0 && connection.deadlines.silence > 0 && connection.backend.pid != 0
    }

    /// How long to wait before the server is asked, as poll wants it; nil where it is not.
    var milliseconds: Int32? {
        isKept ? Int32((connection.deadlines.silence * 1000).rounded(.up)) : nil
    }

    /// Asks; throws when there was no answer again, or when the session is known to be gone.
    mutating func askForLife() throws(PostgresError) {
        guard isKept else { return }
        let lives: Bool
        do throws(PostgresError) {
            lives = try isAlive()
        } catch .interrupted {
            throw .interrupted
        } catch {
            unanswered += 1
            if unanswered < Self.chances { return }
            let deadlines = connection.deadlines
            throw .deadlinePassed(
                what: "the question whether the server lives",
                seconds: Double(Self.chances) * (deadlines.silence + deadlines.connect))
        }
        unanswered = 0
        if !lives { throw .connectionLost(reason: "the server has no such session any more", sqlstate: nil) }
    }

    /// Whether the session's server process is there. Behind a pooler that is not to be known: any answer will do.
    private func isAlive() throws(PostgresError) -> Bool {
        let limits = Deadlines(
            connect: connection.deadlines.connect, statement: connection.deadlines.connect, grace: 0, silence: 0)
        let other: Connection
        do throws(PostgresError) {
            other = try Connection(
                to: connection.target, name: "etl:alive", deadlines: limits, interruption: connection.interruption)
        } catch .cannotConnect(_, sqlstate: .some) {
            // Whoever says no is there.
            return true
        }
        if connection.isPooled || other.isPooled { return true }
        return try other.execute(
            """
            select exists (select from pg_catalog.pg_stat_activity
                            where pid = \(.int(Int64(connection.backend.pid)))
                              and extract(epoch from backend_start)::text = \(.text(connection.backend.startedAt)))
            """, within: limits.statement
        ).first?.bool(0) ?? true
    }
}
