import Support
import Testing

@testable import Engine

@Suite("A chapter")
struct OddDocumentTests {
    @Test("of very many sections, and one with a very long one, keep them all", arguments: ["text", "json", "jsonb"])
    func manySections(type: String) async throws {
        let memoir = try await Memoir(2, documents: type)
        try await memoir.psql(
            """
            update chapters set content = (select json_agg('s' || i) from generate_series(0, 9999) i)::\(type)
             where id = \(Memoir.key(1));
            update chapters set content = json_build_array('', repeat('老', 300000), ' ', 'end')::\(type)
             where id = \(Memoir.key(2))
            """)
        #expect(try await memoir.run().outcomes == [2, 2, 0, 0, 0])
        let many = try await memoir.psql(
            """
            select count(*), bool_and(content = 's' || order_index), max(order_index)
              from chapter_sections where chapter_id = \(Memoir.key(1))
            """)
        #expect(many == "10000|t|9999")
        let long = try await memoir.psql(
            "select string_agg(length(content)::text, ' ' order by order_index) from chapter_sections where chapter_id = \(Memoir.key(2))"
        )
        #expect(long == "300000 3")
    }

    @Test(
        "of many that the target refuses is rejected, and no other", arguments: [[], [1], [30, 31, 59], Array(1...60)])
    func refusedByTarget(bad: [Int]) async throws {
        let memoir = try await Memoir(60, limits: BatchLimits(rows: 60, workers: 1))
        try await memoir.run(until: "tables")
        let list = bad.map { "'first of \($0)'" } + ["'none'"]
        try await memoir.psql(
            "alter table chapter_sections add constraint calm check (content not in (\(list.joined(separator: ", "))))")
        let rejected = Int64(bad.count)
        #expect(try await memoir.run().outcomes == [60, 60 - rejected, 0, rejected, 0])
        let keys = bad.map { "to_jsonb(\(Memoir.key($0)))" } + ["'0'::jsonb"]
        let found = try await memoir.psql(
            """
            select count(*) filter (where key in (\(keys.joined(separator: ", ")))), count(*) from etl.rejects
             where code = 'refused-by-server'
            """)
        #expect(found == "\(rejected)|\(rejected)")
        // Every third has a picture, which is a section of its own.
        let rows = (1...60).filter { !bad.contains($0) }.reduce(0) { $0 + ($1 % 3 == 0 ? 3 : 2) }
        #expect(try await memoir.psql("select count(*) from chapter_sections") == "\(rows)")
    }

    @Test("whose reject quotes what cannot be stored is in the ledger all the same", arguments: ["text", "json"])
    func unstorableExcerpt(type: String) async throws {
        let memoir = try await Memoir(documents: type)
        let markers = [#""a {{image:x\u0000y}}""#, #""{{image:\ud800}}""#, #""{{image:\u001b[31m}}""#]
        for (number, marker) in markers.enumerated() {
            let body = type == "text" ? "a {{image:\u{1B}[31m\(number)}}" : marker
            try await memoir.psql(
                "insert into chapters (id, content) values (\(Memoir.key(number)), '\(body)'::\(type))")
        }
        #expect(try await memoir.run().outcomes == [3, 0, 0, 3, 0])
        let codes = try await memoir.psql(
            "select distinct code from etl.rejects where code not in ('missing-image', 'bad-text')")
        #expect(codes == "")
        let raw = try await memoir.psql("select count(*) from etl.rejects where message ~ '[\\x01-\\x1f]'")
        #expect(raw == "0")
    }
}
