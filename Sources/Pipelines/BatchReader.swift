import Postgres

/// Reads what is particular to a batch stage.
struct BatchReader {
    let stage: ObjectReader
    let scripts: ScriptReader

    /// The batch; nil when it leaves a problem.
    func read() -> SQLBatch? {
        let source = stage.object("source", keys: PipelineKeys.batchSource)
        let table = source?.identifier("table")
        let key = source?.identifiers("key")
        let statement = scripts.statement(of: stage, for: .batch)
        let undo = stage.has("undo") ? scripts.statement(of: stage, at: "undo", for: .batch) : nil
        guard let table, let key, let statement, undo != nil || !stage.has("undo") else { return nil }
        return SQLBatch(table: table, key: key, statement: statement, undo: undo)
    }
}
