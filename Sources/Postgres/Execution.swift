import CLibPQ
import Glibc

/// A point in time after which nothing is waited for any more.
struct Deadline {
    let what: String
    let seconds: Double
    private let end: Double

    /// `seconds` from now; zero means never.
    init(seconds: Double, what: String) {
        self.seconds = seconds
        self.what = what
        end = seconds > 0 ? MonotonicClock.now + seconds : .infinity
    }

    /// Milliseconds left, as poll wants them; -1 means without end.
    var milliseconds: Int32 {
        if end == .infinity { return -1 }
        return Int32(max(0, min(86_400_000, (end - MonotonicClock.now) * 1000)).rounded(.up))
    }

    var hasPassed: Bool { end - MonotonicClock.now <= 0 }
}

extension Connection {
    /// Runs a statement and gives its last result. `seconds` bound the wait; zero means without end.
    func execute(_ sql: SQL, within seconds: Double) throws(PostgresError) -> ResultTable {
        let deadline = deadline(within: seconds, what: "a statement")
        try send(sql, until: deadline)
        return try finishStatement(until: deadline)
    }

    /// When to give up a statement that the server allows `seconds`; zero means never.
    func deadline(within seconds: Double, what: String) -> Deadline {
        Deadline(seconds: seconds > 0 ? seconds + deadlines.grace : 0, what: what)
    }

    /// Sends a statement whole.
    func send(_ sql: SQL, until deadline: Deadline) throws(PostgresError) {
        guard wire.send(sql) else { throw lost() }
        try flush(until: deadline)
    }

    /// Sends what libpq holds back, reading meanwhile, so that neither side waits for the other.
    func flush(until deadline: Deadline) throws(PostgresError) {
        while true {
            let state = wire.flush()
            if state == 0 { return }
            guard state > 0 else { throw lost() }
            let ready = try wait(for: Int16(POLLIN | POLLOUT), until: deadline)
            if ready & Int16(POLLIN) != 0, !wire.consumeInput() { throw lost() }
        }
    }

    /// Waits for the statement's next result; nil when there is none left.
    func nextResult(until deadline: Deadline) throws(PostgresError) -> ResultTable? {
        while wire.isBusy {
            try wait(for: Int16(POLLIN), until: deadline)
            guard wire.consumeInput() else { throw lost() }
        }
        return wire.nextResult()
    }

    /// Takes every result that is left; the last one is given, the first failure thrown.
    func finishStatement(until deadline: Deadline) throws(PostgresError) -> ResultTable {
        var last: ResultTable?
        var failure: PostgresError?
        while let result = try nextResult(until: deadline) {
            switch result.status {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: last = result
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                throw .unexpectedAnswer("a COPY that this statement does not expect")
            default:
                let error = error(from: result)
                // Nothing comes after it but the end of the stream, which does not say why.
                if error.endsSession { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        guard let last else { throw lost() }
        return last
    }

    func error(from result: ResultTable) -> PostgresError {
        guard let error = result.serverError else {
            return .connectionLost(reason: result.errorMessage, sqlstate: nil)
        }
        if error.severity == "FATAL" || error.severity == "PANIC" || wire.status == CONNECTION_BAD {
            return .connectionLost(reason: error.description, sqlstate: error.sqlstate)
        }
        return .refused(error)
    }

    /// The end of the session. What the server said before it closed may still be there to read.
    func lost() -> PostgresError {
        while wire.status == CONNECTION_BAD, let result = wire.nextResult() {
            if let error = result.serverError, error.severity == "FATAL" {
                return .connectionLost(reason: error.description, sqlstate: error.sqlstate)
            }
        }
        let reason = wire.errorMessage
        // When another backend crashes, the server says so in a warning before it closes this session.
        let sqlstate = notices.has("57P02") ? "57P02" : nil
        return .connectionLost(reason: reason.isEmpty ? "the server closed it" : reason, sqlstate: sqlstate)
    }

    /// Waits until the socket is ready, the deadline passes, or the operator wants it to end at once.
    @discardableResult
    func wait(for events: Int16, until deadline: Deadline) throws(PostgresError) -> Int16 {
        var vigil = Vigil(over: self, until: deadline)
        wire.noteWait()
        while true {
            // The negative descriptor of nothing is passed over.
            var descriptors: InlineArray<2, pollfd> = [
                pollfd(fd: waitableSocket, events: events, revents: 0),
                interruption?.cancelDescriptor ?? pollfd(fd: -1, events: 0, revents: 0),
            ]
            let patience = patience(until: deadline, vigil)
            let ready = withUnsafeMutableBytes(of: &descriptors) { bytes in
                bytes.withMemoryRebound(to: pollfd.self) { poll($0.baseAddress, nfds_t($0.count), patience) }
            }
            if let interruption, interruption.isCancelled {
                wire.cancel()
                throw .interrupted
            }
            if ready > 0, descriptors[0].revents != 0 { return descriptors[0].revents }
            if ready == 0, deadline.hasPassed || isCutShort {
                throw .deadlinePassed(what: deadline.what, seconds: deadline.seconds)
            }
            if ready == 0 { try vigil.askForLife() }
        }
    }

    /// Milliseconds to wait, as poll wants them.
    private func patience(until deadline: Deadline, _ vigil: Vigil) -> Int32 {
        #if ETL_FAULTS
            // Where there is no deadline it is the system that tells in the end, which asks the other side whether it lives.
            if isCutShort {
                return deadline.milliseconds < 0
                    ? Seam.hangMilliseconds : min(deadline.milliseconds, Seam.hangMilliseconds)
            }
        #endif
        return vigil.milliseconds ?? deadline.milliseconds
    }

    /// Whether nothing will be heard until the deadline, so that a test need not wait for it.
    private var isCutShort: Bool {
        #if ETL_FAULTS
            return wire.hangs
        #else
            return false
        #endif
    }

    private var waitableSocket: Int32 {
        #if ETL_FAULTS
            // Nothing is heard any more: poll passes over a negative descriptor.
            if wire.hangs { return -1 }
        #endif
        return wire.socket
    }
}
