import Foundation
import Ledger
import Pipelines
import Postgres
import Support
import Synchronization
import Testing

@testable import Engine

@Suite("Documents of very many parts")
struct AmpleDocumentTests {
    @Test(
        "are known by their commas and line ends, however those are spelt, and not by their size",
        arguments: [("a,", true), ("a\n", true), (#"a\n"#, true), ("abcd", false)])
    func known(part: String, isAmple: Bool) {
        var text = String(repeating: part, count: 100_001)
        text.withUTF8 { #expect(AmpleDocuments.areAmple([nil, UnsafeRawBufferPointer($0)]) == isAmple) }
    }

    @Test("are held by one worker at a time, until its batch is written")
    func oneAtATime() {
        let documents = AmpleDocuments()
        var batch = Batch()
        batch.turn = documents.turn(within: 0)
        #expect(batch.turn != nil)
        let order = Mutex<[String]>([])
        let (begun, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        Thread.detachNewThread {
            begun.signal()
            let turn = documents.turn(within: 0)
            order.withLock { $0.append(turn == nil ? "nobody" : "the second") }
            done.signal()
        }
        begun.wait()
        order.withLock { $0.append("the first is over") }
        batch.removeAll()
        done.wait()
        #expect(order.withLock { $0 } == ["the first is over", "the second"])
    }

    @Test(
        "end the batch before them where another worker holds one for too long, and are read all the same at its beginning"
    )
    func tooLong() async throws {
        let memoir = try await Memoir(2)
        try await memoir.psql(
            """
            update chapters set content = (select jsonb_agg(1) from generate_series(1, 100002))
             where id = (select max(id::text)::uuid from chapters)
            """)
        let stream = try #require(
            memoir.loaded().stages.compactMap { if case .stream(let stream) = $0.work { stream } else { nil } }.first)
        let found = try await blocking {
            let connection = try Connection(to: memoir.target, name: "tests")
            let settings = TransactionSettings(schemas: [memoir.schema], statement: 2)
            return try connection.transaction(settings) { transaction in
                let tables = try StreamTables(stream, schema: memoir.schema, onlyReading: true, transaction)
                let others = AmpleDocuments()
                let turn = others.turn(within: 0)
                let limits = BatchLimits(rows: 10, workers: 2)
                var reader = ChunkReader(stream, query: ChunkQuery(tables: tables, limits: limits), ample: others)
                var batch = Batch()
                try reader.read(KeyRange(above: nil, through: nil), into: &batch, transaction)
                let first = batch.items.map(\.key)
                #expect(batch.end == first.last && batch.turn == nil && turn != nil)
                try reader.read(KeyRange(above: batch.end, through: nil), into: &batch, transaction)
                #expect(batch.end == nil && batch.turn == nil)
                return [first.count, batch.items.count]
            }
        }
        #expect(found == [1, 1])
    }
}
