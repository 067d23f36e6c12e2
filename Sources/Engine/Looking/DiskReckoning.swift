import Ledger
import Pipelines
import Postgres

/// Reckons the disk that stages need, from the sizes of tables and from what a sample gave. About right is enough: the
/// question is whether it is a tenth of what is free, or twice that.
struct DiskReckoning {
    let schema: Identifier
    let sizes: [QualifiedName: TableSize]
    let samples: [SampleResult]
    /// The constraints that are lacking.
    let lacking: [Constraint]

    /// Bytes that a row takes besides its values, and an entry of an index.
    private static let rowOverhead = 28.0
    private static let entryOverhead = 16.0
    /// How full a page of an index is made.
    private static let fill = 0.9
    /// Bytes of what the ledger keeps of a row that it saw.
    private static let seen = Double(SeenRows.entrySize)

    /// Adds what a stage needs.
    func add(_ stage: Stage, to need: inout DiskNeed) {
        switch stage.work {
        case .check, .sql, .retire: break
        case .stream(let stream): add(stream, stage.name, to: &need)
        case .batch(let batch):
            guard let size = sizes[name(batch.table)], let rows = size.rowCount else {
                return need.unknown.append("rows of \(name(batch.table))")
            }
            need.add("new versions of rows of \(size.table), written by \(stage.name)", Double(rows) * version(size))
            need.add("the ledger's notes on \(stage.name)", Double(rows) * Self.seen)
        case .verify(let verification):
            let rows = verification.proofs.compactMap { sizes[name($0.source.table)]?.rowCount }.reduce(0, +)
            need.add("the ledger's notes on \(stage.name)", Double(rows) * Self.seen)
        case .constraints(let constraints):
            for constraint in constraints where lacking.contains(constraint) {
                guard let columns = constraint.indexedColumns else { continue }
                guard let rows = rows(of: constraint.table) else {
                    need.unknown.append("the index \(constraint.name)")
                    continue
                }
                need.add("the index \(constraint.name)", rows * Self.entry(columns.count))
            }
        }
    }

    private func add(_ stream: Pipelines.Stream, _ stage: String, to need: inout DiskNeed) {
        let source = name(stream.source.table)
        guard let size = sizes[source], let rows = size.rowCount,
            let tally = samples.first(where: { $0.stage == stage })?.tally, tally.rows > 0
        else {
            let tables = stream.targets.map { name($0.table).description }.joined(separator: " and ")
            return need.unknown.append("what \(stage) writes to \(tables)")
        }
        let share = Double(rows) / Double(tally.rows)
        for (place, target) in stream.targets.enumerated() {
            let bytes = Double(tally.bytesOfTargets[place]) + Self.rowOverhead * Double(tally.rowsOfTargets[place])
            need.add("rows of \(name(target.table)), before compression", bytes * share)
        }
        if let column = stream.writeBack {
            need.add(
                "new versions of rows of \(source), for \(column)", Double(tally.writtenBack) * share * version(size))
        }
        need.add("the ledger's notes on \(stage)", Double(rows) * Self.seen)
    }

    /// Bytes of one more version of a row: what is stored apart from it stays where it is, its index entries do not.
    private func version(_ size: TableSize) -> Double {
        Double(size.heap) / Double(max(1, size.rowCount ?? 1)) + Double(size.indexCount) * Self.entry(1)
    }

    private static func entry(_ columns: Int) -> Double { (entryOverhead + 16 * Double(columns)) / fill }

    /// The rows that a table has, and those that the streams into it will add.
    private func rows(of table: Identifier) -> Double? {
        var sum = Double(sizes[name(table)]?.rowCount ?? 0)
        for sample in samples {
            guard let place = sample.targets.firstIndex(of: name(table)) else { continue }
            guard let tally = sample.tally, let rows = sizes[sample.source]?.rowCount else { return nil }
            sum += tally.rowsEach(of: place) * Double(rows)
        }
        return sum
    }

    private func name(_ table: Identifier) -> QualifiedName { QualifiedName(schema: schema, name: table) }
}

extension Constraint {
    /// The columns of its index; nil where it has none.
    fileprivate var indexedColumns: [Identifier]? {
        switch definition {
        case .primaryKey(let columns), .unique(let columns), .index(let columns, _, _): columns
        case .foreignKey: nil
        }
    }
}
