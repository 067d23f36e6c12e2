public import Pipelines
public import Postgres

/// What an operator asks for with `etl undo`.
public struct UndoRequest: Sendable {
    /// The pipeline whose run is taken back.
    public var pipeline: Pipeline
    /// The schema whose tables it worked on.
    public var schema: Identifier
    /// The pipelines that build on it, those that build on others of them first: their runs are taken back before.
    public var later: [String]
    /// The database that was named; nil when none was.
    public var database: String?
    /// Whether what came or was changed since, and would be removed with what the run wrote, may go.
    public var discardsNew: Bool
    /// How much is looked at at a time.
    public var limits: BatchLimits

    /// A request to take a run back.
    public init(
        pipeline: Pipeline, schema: Identifier, later: [String], database: String? = nil, discardsNew: Bool = false,
        limits: BatchLimits = BatchLimits()
    ) {
        self.pipeline = pipeline
        self.schema = schema
        self.later = later
        self.database = database
        self.discardsNew = discardsNew
        self.limits = limits
    }
}

/// What came of taking a run back.
public struct UndoResult: Sendable {
    /// A stage that was taken back.
    public struct Stage: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// What was done, for people.
        public let what: String
    }

    /// The run; nil where the pipeline was never run.
    public let run: Int64?
    /// The stages that were taken back by this command, in the order in which that was done.
    public let stages: [Stage]
    /// What is not as it was before the run, for people.
    public let lacking: [String]

    /// Whether the run was taken back before, or never begun.
    public var hadNothingToDo: Bool { stages.isEmpty }
}
