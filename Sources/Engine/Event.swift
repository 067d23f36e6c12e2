/// What a run tells whoever watches it: a value, never words on a terminal.
public enum Event: Sendable {
    /// A run began, or goes on where an earlier one stopped.
    case runBegan(run: Int64, pipeline: String, resumed: Bool)
    /// A stage has begun its work.
    case stageBegan(stage: String, kind: String)
    /// A chunk was committed, or time passed.
    case progress(Progress)
    /// A stage is done; for stages that move rows, with what it did in all. `wal` is how many bytes the server wrote to its log
    /// meanwhile, for others, too.
    case stageFinished(stage: String, kind: String, rows: Int64?, seconds: Double, wal: Int64)
    /// A stage needs no work, for the reason given.
    case stageSkipped(stage: String, reason: String)
    /// Something failed in passing and will be tried again.
    case retrying(stage: String, what: String, attempt: Int, delay: Double)
    /// Something the operator should know that is no failure.
    case notice(String)
}

/// How far a stage that works through a table has come.
public struct Progress: Sendable, Equatable {
    /// The stage.
    public var stage: String
    /// Source rows with an outcome, earlier runs' included.
    public var rows: Int64
    /// Source rows when the stage was planned; nil when not known.
    public var total: Int64?
    /// Source rows this process has committed since it began.
    public var rowsHere: Int64
    /// Bytes of documents this process has read since it began.
    public var bytesHere: Int64
    /// Rejects so far, earlier runs' included.
    public var rejects: Int64
    /// Workers of this process.
    public var workers: Int
    /// Seconds since this process began the stage.
    public var seconds: Double

    /// A progress report.
    public init(
        stage: String, rows: Int64, total: Int64?, rowsHere: Int64, bytesHere: Int64, rejects: Int64,
        workers: Int, seconds: Double
    ) {
        self.stage = stage
        self.rows = rows
        self.total = total
        self.rowsHere = rowsHere
        self.bytesHere = bytesHere
        self.rejects = rejects
        self.workers = workers
        self.seconds = seconds
    }
}

/// Whoever watches a run: a terminal, a log, a test. Called from several threads.
public protocol Reporter: Sendable {
    /// Takes what happened; must not block for long, for a worker waits meanwhile.
    func report(_ event: Event)
}
