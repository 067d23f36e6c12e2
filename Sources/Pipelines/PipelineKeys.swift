/// The keys that each object of a pipeline file may have; `pipelines/pipeline.schema.json` says the same.
enum PipelineKeys {
    static let pipeline = ["$schema", "name", "title", "schema", "needs", "instead_of", "stages"]
    static let source = ["table", "key", "columns", "carry", "maybe_missing"]
    static let target = ["table", "parent", "rows"]
    static let batchSource = ["table", "key"]
    static let proof = ["pipeline", "stage", "sql"]
    static let writeBack = ["column"]
    static let constraint =
        ["name", "table", "primary_key", "unique", "index", "where", "foreign_key", "references", "on_delete"]
    static let references = ["table", "columns"]

    /// The keys of a stage of this kind.
    static func stage(_ kind: StageKind) -> [String] {
        stageOfAnyKind + work(kind)
    }

    /// The keys that stages of all kinds have.
    static let stageOfAnyKind = ["name", "kind", "title", "optional", "destructive"]

    private static func work(_ kind: StageKind) -> [String] {
        switch kind {
        case .check, .sql: ["sql"]
        case .stream: ["source", "transform", "target", "targets", "write_back"]
        case .batch: ["source", "sql", "undo"]
        case .constraints: ["constraints"]
        case .verify: ["proofs"]
        case .retire: ["table", "key", "columns", "proof"]
        }
    }
}
