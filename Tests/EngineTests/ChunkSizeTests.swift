import Postgres
import Support
import Testing

@testable import Engine

@Suite("How many rows a chunk is planned with")
struct ChunkSizeTests {
    @Test(
        "follows from the table where nobody says it: more where there are many rows with small documents",
        arguments: [
            (BatchLimits(), "'[1]'", 40_000, 2500),
            (BatchLimits(), "'[1]'", 400_000, 5000),
            (BatchLimits(), "'[1]'", 15_000, 1000),
            (BatchLimits(), "null", 40_000, 2500),
            (
                BatchLimits(), "(select string_agg(md5(j || random()::text), '') from generate_series(1, 100) j)",
                400_000,
                1000
            ),
            (BatchLimits(rows: 7), "'[1]'", 400_000, 7),
        ] as [(BatchLimits, String, Int64, Int64)])
    func rows(limits: BatchLimits, document: String, total: Int64, expected: Int64) async throws {
        let memoir = try await Memoir(1)
        try await memoir.psql(
            "create table notes as select i as id, (\(document))::text as note from generate_series(1, 2000) i")
        let (target, schema) = (memoir.target, memoir.schema)
        let notes = QualifiedName(schema: schema, name: Identifier("notes" as StaticString))
        let documents = [Identifier("note" as StaticString)]
        let rows = try await blocking {
            let connection = try Connection(to: target, name: "test")
            return try connection.transaction { transaction in
                try ChunkSize.rows(limits, of: notes, documents: documents, total: total, transaction)
            }
        }
        #expect(rows == expected)
    }
}
