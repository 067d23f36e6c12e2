/// Which server and database to connect to, as libpq's keywords; what is absent libpq takes from `PG*` and its files.
public struct ConnectionTarget: Sendable {
    /// The keywords and their values, in order; may hold a password, so it is never printed.
    public var keywords: [(name: String, value: String)]

    /// A target from libpq's keywords.
    public init(keywords: [(name: String, value: String)] = []) {
        self.keywords = keywords
    }
}

/// How long things may take; every one is a setting. Zero means without end.
public struct Deadlines: Sendable, Equatable {
    /// Seconds for a connection to stand.
    public var connect: Double
    /// Seconds for one statement that moves rows. The server ends it; the client gives up a little later.
    public var statement: Double
    /// Seconds that DDL waits for a lock before it lets those behind it through.
    public var lock: Double
    /// Seconds that a transaction of ours may stand idle before the server ends it.
    public var idle: Double
    /// Seconds that a lost server is waited for.
    public var outage: Double
    /// Seconds that the client waits for a statement's end beyond what the server allows it.
    public var grace: Double
    /// Seconds of silence, under a statement that has no end, after which the server is asked whether it lives.
    public var silence: Double

    /// The deadlines of a run whose operator set none.
    public init(
        connect: Double = 10, statement: Double = 300, lock: Double = 2, idle: Double = 60, outage: Double = 600,
        grace: Double = 10, silence: Double = 20
    ) {
        self.connect = connect
        self.statement = statement
        self.lock = lock
        self.idle = idle
        self.outage = outage
        self.grace = grace
        self.silence = silence
    }
}
