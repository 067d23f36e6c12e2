import Pipelines
import Postgres

/// What the stages that are to be done do with one table.
struct TableUse {
    let table: QualifiedName
    var isRead = false
    var isInsertedInto = false
    var isDeletedFrom = false
    /// Whether rows of it are updated, and in which columns; no columns: in any.
    var updates: [Identifier]?
    /// Whether indexes are built on it, or constraints.
    var isAltered = false

    /// Whether rows are written.
    var isWritten: Bool { isInsertedInto || isDeletedFrom || updates != nil }

    /// What stages do with each table, in the order of their names. `merging` are the streams whose targets hold rows
    /// already.
    static func all(by stages: [Stage], in schema: Identifier, merging: [Pipelines.Stream]) -> [TableUse] {
        var uses: [QualifiedName: TableUse] = [:]
        func use(_ name: Identifier, _ change: (inout TableUse) -> Void) {
            let table = QualifiedName(schema: schema, name: name)
            change(&uses[table, default: TableUse(table: table)])
        }
        for stage in stages {
            switch stage.work {
            case .check, .sql: break
            case .stream(let stream):
                use(stream.source.table) {
                    $0.isRead = true
                    if let column = stream.writeBack { $0.updates = [column] }
                }
                for target in stream.targets {
                    use(target.table) {
                        $0.isInsertedInto = true
                        if merging.contains(stream) {
                            $0.isDeletedFrom = true
                            $0.updates = []
                        }
                    }
                }
            case .batch(let batch): use(batch.table) { $0.updates = [] }
            case .constraints(let constraints):
                for constraint in constraints { use(constraint.table) { $0.isAltered = true } }
            case .verify(let verification):
                for proof in verification.proofs { use(proof.source.table) { $0.isRead = true } }
            case .retire(let retirement): use(retirement.table) { $0.isAltered = true }
            }
        }
        return uses.values.sorted { $0.table.quoted < $1.table.quoted }
    }
}
