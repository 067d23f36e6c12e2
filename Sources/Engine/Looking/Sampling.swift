import Ledger
import Pipelines
import Postgres
import Transforms

/// Reads some rows of a stream's source and transforms them as the stage would, without writing.
struct Sampling {
    let stream: Pipelines.Stream
    let tables: StreamTables
    let limits: BatchLimits

    /// Rows that are read by one statement.
    private static let portion = 500

    /// Rejects of one code that are told one by one.
    private static let examples = 3

    /// Tries some rows, and counts what they give.
    func tally(of keys: [Key], _ transaction: borrowing Transaction) throws -> SampleResult.Tally {
        var counts = Counts(targets: tables.targets.count)
        try each(of: keys, transaction) { counts.add($0) }
        return counts.tally
    }

    /// Reads and transforms rows, a batch at a time, and lends each batch. Rows that are gone are passed over.
    func each(
        of keys: [Key], _ transaction: borrowing Transaction, _ body: (borrowing Batch) throws -> Void
    ) throws {
        var reader = ChunkReader(stream, query: ChunkQuery(tables: tables, limits: limits))
        var batch = Batch()
        var left = keys[...]
        while !left.isEmpty {
            var portion = Array(left.prefix(Self.portion))
            left = left.dropFirst(Self.portion)
            while !portion.isEmpty {
                let read = try transaction.attempt { try reader.read(keys: portion, into: &batch, transaction) }
                if case .failure(let error) = read {
                    guard error.errorClass == .row else { throw PostgresError.refused(error) }
                    // A row that the server cannot give is looked for among the others.
                    if portion.count > 1 {
                        left = ArraySlice(portion.suffix(from: portion.count / 2) + left)
                        portion = Array(portion.prefix(portion.count / 2))
                        continue
                    }
                    batch.removeAll()
                    batch.reject(portion[0], unreadable(error))
                }
                try body(batch)
                guard batch.end != nil else { break }
                // More than a batch may hold: the rest of the portion follows.
                let tried = Set(batch.items.map(\.key))
                portion.removeAll { tried.contains($0) }
            }
        }
    }

    private func unreadable(_ error: ServerError) -> Reject {
        let code: RejectCode = error.sqlstate == "54000" ? .tooLarge : .badText
        return Reject(code, place: stream.source.columns.map(\.name).joined(separator: ", "), problem: error.message)
    }

    /// The sums over batches.
    private struct Counts {
        private var sums = SampleResult.Tally()
        private var rejects: [String: SampleResult.Rejects] = [:]
        private var unmapped: [[UInt8]: Int64] = [:]

        init(targets: Int) {
            sums.rowsOfTargets = Array(repeating: 0, count: targets)
            sums.bytesOfTargets = Array(repeating: 0, count: targets)
        }

        mutating func add(_ batch: borrowing Batch) {
            let outcome = batch.outcome
            sums.rows += outcome.read
            sums.migrated += outcome.migrated
            sums.empty += outcome.empty
            sums.rejected += outcome.rejected
            for target in sums.rowsOfTargets.indices {
                sums.rowsOfTargets[target] += Int64(batch.rows[target].count)
                sums.bytesOfTargets[target] += Int64(batch.rows[target].size)
            }
            sums.documentBytes += outcome.bytes
            sums.writtenBack += Int64(batch.items.count { $0.cover != nil })
            unmapped.merge(outcome.unmapped, uniquingKeysWith: +)
            for record in batch.rejects {
                var known = rejects[record.code] ?? SampleResult.Rejects(code: record.code, count: 0, examples: [])
                known.count += 1
                if known.examples.count < Sampling.examples {
                    known.examples.append(
                        SampleResult.Example(key: record.key.description, message: record.message))
                }
                rejects[record.code] = known
            }
        }

        var tally: SampleResult.Tally {
            var tally = sums
            tally.rejects = rejects.values.sorted { ($1.count, $0.code) < ($0.count, $1.code) }
            tally.unmapped = unmapped.map {
                UnmappedKey(name: String(decoding: $0, as: UTF8.self), count: $1, isAccepted: false)
            }
            .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
            return tally
        }
    }
}

extension Batch {
    /// Takes a row that could not be read.
    fileprivate mutating func reject(_ key: Key, _ reject: Reject) {
        let record = RejectRecord(key: key, code: reject.code.rawValue, place: reject.place, message: reject.message)
        items.append(Item(key: key, xmin: 0, fate: .rejected(record)))
        unmapped.append([])
    }
}
