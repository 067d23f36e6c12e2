import Ledger
import Pipelines
import Postgres
import Support
import Testing

@testable import Engine

@Suite("What changed in a table since it was archived")
struct LateRowTests {
    /// Chapters, their archive, and what is asked of both.
    private struct Archived {
        let memoir: Memoir
        let retirement: Retirement

        init() async throws {
            memoir = try await Memoir(10)
            let stages = try memoir.loaded().stages
            retirement = try #require(
                stages.compactMap { if case .retire(let work) = $0.work { work } else { nil } }.first)
        }

        func perform<R: Sendable>(
            _ body: @escaping @Sendable (ColumnArchive, borrowing Transaction) throws -> R
        ) async throws -> R {
            try await blocking { [self] in
                let connection = try Connection(to: memoir.target, name: "tests")
                return try connection.transaction(TransactionSettings(schemas: [memoir.schema], statement: 60)) {
                    let columns = try RetiredColumns(retirement, schema: memoir.schema, $0)
                    let name = QualifiedName(schema: memoir.schema, name: Identifier("kept"))
                    return try body(ColumnArchive(columns: columns, name: name), $0)
                }
            }
        }

        /// The numbers of the chapters that changed behind a horizon.
        func late(behind horizon: Horizon) async throws -> [Int] {
            let (rows, count) = try await perform { archive, transaction in
                try LateRow.find(since: archive, behind: horizon, atMost: 100, transaction)
            }
            #expect(rows.count == count)
            let keys = rows.flatMap(\.key.parts).map { String(decoding: $0, as: UTF8.self) }
            let numbers = try await memoir.psql(
                "select n from unnest('{\(keys.joined(separator: ","))}'::uuid[]) k join generate_series(1, 20) n on md5(n::text)::uuid = k order by n"
            )
            return numbers.split(separator: "\n").compactMap { Int($0) }
        }
    }

    @Test("is found whoever began before it was archived, and nothing else is")
    func found() async throws {
        let archived = try await Archived()
        let memoir = archived.memoir
        let held = try await HeldTransaction(
            in: memoir, "update chapters set content = '[]' where id = \(Memoir.key(2))")
        // One that began later has ended.
        try await memoir.psql("update chapters set content = content where id = \(Memoir.key(1))")
        let horizon = try await archived.perform { archive, transaction in
            try archive.create(for: RunID(1), stage: "drop", transaction)
            return try Horizon(transaction)
        }
        try await memoir.psql("update chapters set content = '[\"x\"]' where id = \(Memoir.key(3))")
        try await archived.perform { try $0.refresh(nil, $1) }
        #expect(try await archived.late(behind: horizon) == [])
        try await held.commit()
        try await memoir.psql(
            """
            update chapters set images = null where id in (\(Memoir.key(4)), \(Memoir.key(5)));
            delete from chapters where id in (\(Memoir.key(6)), \(Memoir.key(7)));
            insert into chapters (id, content) values (\(Memoir.key(11)), '["new"]'), (\(Memoir.key(7)), '["back"]');
            """)
        #expect(try await archived.late(behind: horizon) == [2, 4, 5, 6, 7, 11])
        // What was dealt with is not found again; what came behind another horizon is, whatever was before it.
        let next = try await archived.perform { archive, transaction in
            let next = try Horizon(transaction)
            try archive.refresh(nil, transaction)
            return next
        }
        #expect(try await archived.late(behind: horizon) == [])
        try await memoir.psql("update chapters set content = content where id = \(Memoir.key(8))")
        #expect(try await archived.late(behind: next) == [8])
        #expect(try await archived.late(behind: horizon) == [8])
    }
}
