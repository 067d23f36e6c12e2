public import Ledger
public import Pipelines
public import Postgres

/// Where work is done and on whose behalf: what every part of a run needs and none changes.
public struct Site: Sendable {
    /// The database.
    public var target: ConnectionTarget
    /// How long things may take.
    public var deadlines: Deadlines
    /// How the work is asked to stop.
    public var interruption: Interruption
    /// The ledger.
    public var ledger: Ledger
    /// Who acts.
    public var actor: Actor
    /// Who is told.
    public var reporter: any Reporter
    /// The options that a command must repeat to mean the same database and tables.
    public var options: [String]

    /// Describes where and for whom work is done.
    public init(
        target: ConnectionTarget, deadlines: Deadlines, interruption: Interruption, ledger: Ledger, actor: Actor,
        reporter: any Reporter, options: [String] = []
    ) {
        self.target = target
        self.deadlines = deadlines
        self.interruption = interruption
        self.ledger = ledger
        self.actor = actor
        self.reporter = reporter
        self.options = options
    }

    /// The same for work on a pipeline: the owners of its tables are trusted with the ledger.
    public func trustingOwners(of pipeline: Pipeline, on schema: Identifier) -> Site {
        guard case .owners(let tables) = ledger.trust else { return self }
        var site = self
        site.ledger.trust = .owners(of: tables + pipeline.tables(in: schema))
        return site
    }

    /// A transaction on the ledger, within the deadlines of statements that move rows.
    var moving: TransactionSettings {
        TransactionSettings(schemas: [ledger.schema], statement: deadlines.statement)
    }

    /// A transaction on the ledger that may take as long as it takes, but does not wait long for locks: for DDL.
    var defining: TransactionSettings {
        TransactionSettings(schemas: [ledger.schema], statement: 0, lock: deadlines.lock)
    }

    /// A transaction that only looks.
    public var looking: TransactionSettings {
        TransactionSettings(access: .read, schemas: [ledger.schema], statement: deadlines.statement)
    }
}

/// How far a run is wanted to go.
public struct Goal: Sendable, Equatable {
    /// The last stage to do; nil for the pipeline's last.
    public var until: String?
    /// Optional stages to do, by name.
    public var with: Set<String>
    /// Whether to do every optional stage that is not destructive.
    public var all: Bool

    /// How far to go; as far as the stages that are not optional, when nothing is said.
    public init(until: String? = nil, with: Set<String> = [], all: Bool = false) {
        self.until = until
        self.with = with
        self.all = all
    }
}

/// What the operator allows stages that destroy something.
public struct Consent: Sendable, Equatable {
    /// The database that was named; the one at hand must be it.
    public var database: String?
    /// How many open rejects are accepted; nil accepts none, and must be their very number.
    public var rejects: Int64?
    /// The unmapped keys that are accepted, by printable name.
    public var unmapped: [String]
    /// Whether what is dropped is kept in an archive.
    public var keepsArchive: Bool

    /// Allows nothing unless it is said.
    public init(database: String? = nil, rejects: Int64? = nil, unmapped: [String] = [], keepsArchive: Bool = true) {
        self.database = database
        self.rejects = rejects
        self.unmapped = unmapped
        self.keepsArchive = keepsArchive
    }
}

/// What to do about rows of a target that are there already and differ from what the source gives.
public enum ExistingRows: String, Sendable, CaseIterable {
    /// Stop the run and name the first keys.
    case stop
    /// Leave them as they are.
    case keep
    /// Make them what the source gives.
    case replace
}

/// How much is read and written at a time, and by how many.
public struct BatchLimits: Sendable, Equatable {
    /// Source rows a chunk is planned with; nil where that is to follow from the table.
    public var rows: Int64?
    /// Bytes of documents after which a chunk is cut short.
    public var bytes: Int64
    /// Bytes above which a document is rejected without being fetched.
    public var documentBytes: Int64
    /// Sessions that work at the same time.
    public var workers: Int

    /// Bytes that all workers of a process have together, where nothing is said about one.
    static let bytesOfAll: Int64 = 16 << 20

    /// The limits of a run; without `bytes`, 8 MiB, and less where that is more than the share of one of many workers.
    public init(
        rows: Int64? = nil, bytes: Int64? = nil, documentBytes: Int64 = 8 << 20, workers: Int = 2
    ) {
        self.rows = rows
        self.bytes = bytes ?? min(8 << 20, Self.bytesOfAll / Int64(max(1, workers)))
        self.documentBytes = documentBytes
        self.workers = workers
    }
}

/// What an operator asks for with `etl run`.
public struct RunRequest: Sendable {
    /// The pipeline.
    public var pipeline: Pipeline
    /// The schema whose tables it works on.
    public var schema: Identifier
    /// How far to go.
    public var goal: Goal
    /// How much at a time.
    public var limits: BatchLimits
    /// Whether to help a run that is active already.
    public var joins: Bool
    /// What to do about rows that are there already.
    public var existing: ExistingRows
    /// What stages that destroy something are allowed.
    public var consent: Consent
    /// The pipelines that build on this one: what changes here, changes there.
    public var dependents: [Pipeline]
    /// How many rows are moved and verified again under the lock of a drop at most.
    public var maximumLockedRows: Int64 = 5000
    /// How many open rejects the work goes on with at most; nil for any number.
    public var maximumRejects: Int64?
    /// What is left of the server for others.
    public var throttle = ThrottleLimits()

    /// A request to run a pipeline.
    public init(
        pipeline: Pipeline, schema: Identifier, goal: Goal = Goal(), limits: BatchLimits = BatchLimits(),
        joins: Bool = false, existing: ExistingRows = .stop, consent: Consent = Consent(),
        dependents: [Pipeline] = []
    ) {
        self.pipeline = pipeline
        self.schema = schema
        self.goal = goal
        self.limits = limits
        self.joins = joins
        self.existing = existing
        self.consent = consent
        self.dependents = dependents
    }
}
