import Foundation
import Ledger
import Postgres
import Support
import Testing

@Suite("Chunks are planned so that")
struct PlanChunksTests {
    /// A source table: its key columns with their types, and rows to put in.
    struct Source: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let columns: [(name: StaticString, type: String)]
        let values: String
    }

    static let sources = [
        Source(
            testDescription: "bigint", columns: [("id", "bigint")],
            values:
                "select g * g * 7919 - 50000 from generate_series(1, 97) g union values (-9223372036854775808), (9223372036854775807), (0)"
        ),
        Source(
            testDescription: "uuid", columns: [("id", "uuid")],
            values:
                "select md5(g::text)::uuid from generate_series(1, 99) g union values ('00000000-0000-0000-0000-000000000000'::uuid)"
        ),
        Source(
            testDescription: "text", columns: [("id", "text")],
            values: oddTexts),
        Source(testDescription: "text by C", columns: [("id", "text collate \"C\"")], values: oddTexts),
        Source(testDescription: "text by en-x-icu", columns: [("id", "text collate \"en-x-icu\"")], values: oddTexts),
        Source(testDescription: "varchar", columns: [("id", "varchar(80)")], values: oddTexts),
        Source(
            testDescription: "text, bigint", columns: [("a \" b", "text collate \"und-x-icu\""), ("n", "bigint")],
            values: "select t, g from (\(oddTexts)) o (t), generate_series(-1, 1) g"),
        Source(testDescription: "nothing", columns: [("id", "int")], values: "select 1 where false"),
        Source(testDescription: "one row", columns: [("id", "int")], values: "select 1"),
    ].filter { source in
        !source.columns.contains { $0.type.contains("icu") } || ServerFeature.icu.isThere
    }

    private static let oddTexts = #"""
        select chr(33 + g) || repeat('x', g % 3) from generate_series(1, 90) g
        union values (''), (' '), ('  '), ('a,b'), ('{}'), ('{"a"}'), ('"'), ('\\'), ('\\\\'), (''''), ('NULL'), ('null'),
                     (E'\\n'), (E'\\t'), ('é'), (U&'e\\0301'), ('😀'), ('😀😀'), ('ß'), ('ss'), ('Ä'), ('ä'), ('A'), ('a'), ('a-b'), ('ab')
        """#

    @Test(
        "every row is in exactly one, at most as many in each as asked for, the ends open", arguments: sources,
        [1, 2, 7, 50, 1_000])
    func partition(source: Source, rows: Int) async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage(keyColumns: source.columns.count)
        let keys = source.columns.map { Identifier($0.name) }
        let definitions = zip(keys, source.columns).map { "\($0.quoted) \($1.type)" }.joined(separator: ", ")
        let name = QualifiedName(schema: Identifier("public"), name: Identifier("the \"source\""))
        try await book.write { transaction in
            try transaction.run("delete from chunks")
            try transaction.run(
                """
                create table \(name) (\(unsafe: definitions), primary key (\(SQL.list(keys))));
                insert into \(name) \(unsafe: source.values)
                """)
            let total = try transaction.row("select count(*) from \(name)").int(0) ?? 0
            try book.ledger.planChunks(of: stage, over: name, key: keys, rows: Int64(rows), total: total, transaction)
        }
        let list = keys.map { "s." + $0.quoted }.joined(separator: ", ")
        @Sendable func bound(_ array: String) -> String {
            zip(1..., source.columns).map { index, column in
                "\(array)[\(index)]::\(column.type.split(separator: " ")[0])"
            }.joined(separator: ", ")
        }
        let memberships = """
            select s.*, (select count(*) from chunks c where (c.lower is null or (\(list)) > (\(bound("c.lower"))))
                                                         and (c.upper is null or (\(list)) <= (\(bound("c.upper"))))) as chunks
              from \(name.quoted) s
            """
        #expect(try await book.psql("select count(*) from (\(memberships)) m where chunks <> 1") == "0")
        let total = try #require(Int(try await book.psql("select count(*) from \(name.quoted)")))
        let facts = try await book.psql(
            "select count(*), count(*) filter (where lower is null), count(*) filter (where upper is null) from chunks")
        #expect(facts == "\(max(1, (total + rows - 1) / rows))|1|1")
        let largest = """
            select coalesce(max(rows), 0) from (
              select count(*) as rows from chunks c join \(name.quoted) s
                  on (c.lower is null or (\(list)) > (\(bound("c.lower")))) and (c.upper is null or (\(list)) <= (\(bound("c.upper"))))
               group by c.n) g
            """
        #expect(try await book.psql(largest) == String(min(total, rows)))
        try await everyKeyIsFound(of: stage, source, in: name, list, bound, book)
    }

    /// Some keys at once are found to be in the chunks in whose ranges they are, those that are not done aside.
    private func everyKeyIsFound(
        of stage: ChunkedStage, _ source: Source, in name: QualifiedName, _ list: String,
        _ bound: @escaping @Sendable (String) -> String, _ book: Book
    ) async throws {
        let types = source.columns.map(\.type)
        let texts = source.columns.map { "s.\(Identifier($0.name).quoted)::text" }.joined(separator: ", ")
        let (found, expected) = try await book.write { transaction in
            try transaction.run("update chunks set state = 'done', finished_at = now() where n % 5 <> 4")
            let keys = try transaction.run(
                "select \(unsafe: texts) from \(name) s order by md5((\(unsafe: texts))::text)"
            ).rows
                .map { row in Key(types.indices.compactMap { row.bytes($0) }) }
            let found =
                try keys.isEmpty
                ? []
                : book.ledger.lockDoneChunks(holding: keys, keyTypes: types, of: stage, transaction)
            var pairs: [String] = []
            for (chunk, places) in found { pairs += places.map { "\(chunk.n): \(keys[$0])" } }
            let rows = try transaction.run(
                """
                select c.n || ': ' || concat_ws(', ', \(unsafe: texts)) from chunks c join \(name) s
                    on (c.lower is null or (\(unsafe: list)) > (\(unsafe: bound("c.lower"))))
                   and (c.upper is null or (\(unsafe: list)) <= (\(unsafe: bound("c.upper"))))
                 where c.state = 'done'
                """)
            return (Set(pairs), Set(rows.rows.compactMap { $0.text(0) }))
        }
        #expect(found == expected)
    }

    @Test("rows that come while they are planned, or afterwards, have their chunk too")
    func laterRows() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        try await book.write { transaction in
            try transaction.run(
                "delete from chunks; create table public.s (id int primary key); insert into public.s select generate_series(1, 100)"
            )
            let name = QualifiedName(schema: Identifier("public"), name: Identifier("s"))
            try book.ledger.planChunks(
                of: stage, over: name, key: [Identifier("id")], rows: 10, total: 35, transaction)
        }
        #expect(
            try await book.psql("select string_agg(coalesce(upper[1], '-'), ' ' order by n) from chunks")
                == "10 20 30 -")
        #expect(try await book.psql("select count(*) from chunks where lower is null") == "1")
        #expect(try await book.psql("select count(*) from chunks where upper is null") == "1")
    }
}
