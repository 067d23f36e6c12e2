import Ledger
import Pipelines
import Postgres

/// Looks for what came, or was changed, since a run wrote what is to be removed.
struct LaterWrites {
    let context: UndoContext
    let plan: UndoPlan

    private var schema: Identifier { context.schema }
    private var ledger: Ledger { context.site.ledger }

    /// Everything that would be lost with what the run wrote.
    func find() throws -> Strangers {
        var strangers = Strangers()
        var known: Set<QualifiedName> = []
        var knownColumns: Set<CreatedObject> = []
        for stage in context.pipeline.stages where plan.begun.contains(where: { $0.name == stage.name }) {
            switch stage.work {
            case .stream(let stream):
                let source = QualifiedName(schema: schema, name: stream.source.table)
                known.formUnion(stream.targets.map { QualifiedName(schema: schema, name: $0.table) })
                if let column = stream.writeBack { knownColumns.insert(.column(column, of: source)) }
                let record = plan.begun.first { $0.name == stage.name }
                guard record?.sourceOID != nil, record?.skipped == nil else { continue }
                let remains = StreamRemains(context: context, stage: stage.name, stream: stream)
                let isWhole = plan.goingAlong.contains(stage.name)
                if try !remains.find(onlyOwn: !isWhole, into: &strangers) { strangers.incomparable.append(stage.name) }
            case .batch(let batch):
                let table = QualifiedName(schema: schema, name: batch.table)
                for column in plan.created.columns where column.table == table {
                    knownColumns.insert(.column(column.column, of: table))
                }
                try findDifferences(of: stage.name, batch, into: &strangers)
            case .check, .sql, .constraints, .verify, .retire: break
            }
        }
        // What no stage fills others have filled.
        for table in plan.created.tables where !known.contains(table) {
            try count("\(table)", where: "true", table, nil, into: &strangers)
        }
        for (table, column) in plan.created.columns where !knownColumns.contains(.column(column, of: table)) {
            try count("\(table)", where: "\(column) is not null", table, column, into: &strangers)
        }
        return strangers
    }

    private func count(
        _ from: SQL, where condition: SQL, _ table: QualifiedName, _ column: Identifier?,
        into strangers: inout Strangers
    ) throws {
        let rows = try context.look { try $0.row("select count(*) from \(from) where \(condition)").int(0) ?? 0 }
        strangers.add(rows: rows, of: column.map { "\(table).\($0)" } ?? table.description)
    }

    /// What a batch's own proof says is not as the batch leaves it.
    private func findDifferences(of stage: String, _ batch: SQLBatch, into strangers: inout Strangers) throws {
        let table = QualifiedName(schema: schema, name: batch.table)
        guard plan.created.holdsPart(of: table), let proof = context.pipeline.differences(of: stage) else { return }
        let (chunks, source) = try context.look { transaction in
            let source = try KeyedTable(table, key: batch.key, transaction)
            let chunked = ChunkedStage(run: context.run, name: stage, keyColumns: batch.key.count)
            return (try ledger.chunkRanges(of: chunked, transaction), source)
        }
        for chunk in chunks {
            let range = ChunkQuery.condition(chunk.range, key: source.key, alias: "source")
            let keys = try context.look { transaction in
                try proof.findings(where: range, in: schema, transaction).map { $0.text(0) ?? "" }
            }
            let differences = keys.prefix(5).map { key in
                Difference(
                    kind: .different, isStale: false, table: table.description, key: key, place: "", found: nil,
                    expected: nil)
            }
            strangers.add(Array(differences), count: keys.count)
        }
    }
}
