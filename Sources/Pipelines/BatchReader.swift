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
        guard let table, let key, let statement else { return nil }
        return SQLBatch(table: table, key: key, statement: statement)
    }
}
