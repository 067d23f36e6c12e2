import Pipelines
import Testing

@Suite("A stage's canonical definition")
struct CanonicalDefinitionTests {
    private func definitions(_ pipeline: Pipeline) -> [String] {
        pipeline.stages.map { String(decoding: $0.canonicalDefinition, as: UTF8.self) }
    }

    /// Were this text to change, every ledger would take its begun stages for changed ones.
    @Test("is this, to the byte")
    func form() throws {
        #expect(
            try definitions(Sample.load()) == [
                "check\nselect 1 ;\n",
                "sql\ncreate table a ( b int ) ;\ncreate table c ( ) ;\n",
                """
                stream
                source "a" key ("k", "l") columns ("c", "d")
                transform memoir-sections
                target "b" parent ("a_k", "a_l")
                write back "e"

                """,
                """
                constraints
                "b_pkey" on "b" primary key ("id")
                "b_k_key" on "b" unique ("a_k", "n")
                "b_n_idx" on "b" unique index ("n") where n is null
                "b_a_fkey" on "b" foreign key ("a_k", "a_l") references "a" ("k", "l") set null

                """,
            ])
    }

    @Test(
        "does not change with titles, flags, stage names, the order of keys, comments and white space",
        arguments: [
            (#""title": "Looks first.""#, #""title": "Looks twice.""#),
            (#""optional": true, "destructive": true"#, #""destructive": false"#),
            (#""name": "rows", "kind": "stream""#, #""kind": "stream", "name": "lines""#),
            (
                #""key": ["k", "l"], "columns": ["c", "d"]"#,
                "/* */ \"columns\":\n[\"c\",\"d\"], \"key\": [\"k\", \"l\"]"
            ),
            (#""n IS NULL""#, #""N  is /* what? */ null -- yes""#),
            (#""schema": "public""#, #""schema": "other""#),
        ])
    func unchanged(part: String, replacement: String) throws {
        #expect(try definitions(Sample.load(Sample.changed(part, replacement))) == definitions(Sample.load()))
    }

    @Test("does not change when a script becomes two that do the same in the same order, and does in another")
    func severalScripts() throws {
        let files = ["sql/one.sql": "create table a (b int);", "sql/two.sql": "create table c ();"]
        let inOrder = try Sample.changed(#""sql/tables.sql""#, #"["sql/one.sql", "sql/two.sql"]"#)
        #expect(try definitions(Sample.load(inOrder, files: files)) == definitions(Sample.load()))
        let otherwise = try Sample.changed(#""sql/tables.sql""#, #"["sql/two.sql", "sql/one.sql"]"#)
        #expect(try definitions(Sample.load(otherwise, files: files)) != definitions(Sample.load()))
    }

    @Test("does not change with an SQL file's comments, line endings and path")
    func unchangedScript() throws {
        let text = try Sample.changed("sql/tables.sql", "sql/other.sql")
        let files = ["sql/other.sql": "-- New\r\nCREATE TABLE a(b int); create table c()"]
        #expect(try definitions(Sample.load(text, files: files)) == definitions(Sample.load()))
    }

    @Test(
        "changes, for its stage alone, with everything else",
        arguments: [
            (1, #""sql/tables.sql""#, #""sql/check.sql""#), (0, #""kind": "check""#, #""kind": "sql""#),
            (2, #""table": "a", "key""#, #""table": "A", "key""#),
            (2, #"["k", "l"], "columns""#, #"["l", "k"], "columns""#),
            (2, #""columns": ["c", "d"]"#, #""columns": ["d", "c"]"#),
            (2, #""table": "b", "parent""#, #""table": "bb", "parent""#),
            (2, #""parent": ["a_k", "a_l"]"#, #""parent": ["a_l", "a_k"]"#), (2, #""column": "e""#, #""column": "f""#),
            (3, #""b_pkey""#, #""b_key""#), (3, #""primary_key": ["id"]"#, #""unique": ["id"]"#),
            (3, #", "unique": true"#, ""), (3, #""n IS NULL""#, #""n IS NOT NULL""#),
            (3, #", "where": "n IS NULL""#, ""),
            (3, #""columns": ["k", "l"]"#, #""columns": ["l", "k"]"#), (3, #""set null""#, #""restrict""#),
            (3, #"["a_k", "n"]"#, #"["a_k\", \"n"]"#),
        ])
    func changed(stage: Int, part: String, replacement: String) throws {
        let before = try definitions(Sample.load())
        let after = try definitions(Sample.load(Sample.changed(part, replacement)))
        #expect(before.indices.filter { Array(before[$0].utf8) != Array(after[$0].utf8) } == [stage])
    }

    private func moving(_ part: String = "", _ replacement: String = "", files: [String: String] = [:]) throws
        -> [String]
    {
        let files = Moving.files.merging(files) { $1 }
        return try definitions(Sample.load(Moving.changed(part, replacement), files: files))
    }

    @Test("is this, to the byte, for stages that move, prove and drop")
    func movingForm() throws {
        let rows = """
            source "a" key ("k") columns ("c")
            transform memoir-images
            target "b" parent ("a_k")
            carry ("m")
            rows m is not null

            """
        let lines = """
            source "x" key ("k") columns ("c", "d")
            transform memoir-sections
            target "y" parent ("x_k")

            """
        let fill = """
            source "b" key ("id")
            update b as source set n = 1 where : range
            """
        #expect(
            try moving() == [
                "stream\n\(rows)", "batch\n\(fill)",
                """
                verify
                of /rows
                \(rows)of other/lines
                \(lines)of /fill
                \(fill)
                select source . id , n , 1 from b as source where : range and n <> 1
                """,
                #"retire"# + "\n" + #"table "a" key ("k") columns ("c") proof proof"# + "\n",
            ])
    }

    @Test(
        "of a proof changes with the stage it proves, and with nothing else of that",
        arguments: [
            ([0, 2], #""carry": ["m"], "#, ""), ([0, 2], #""M  IS NOT NULL""#, #""m is null""#),
            ([0, 2], #", "rows": "M  IS NOT NULL""#, ""),
            ([], #", "maybe_missing": true"#, ""), ([], #""needs": ["other"]"#, #""needs": ["other", "third"]"#),
            ([1, 2], #""source": { "table": "b""#, #""source": { "table": "bb""#),
            ([1, 2], #"["id"] }, "sql""#, #"["jd"] }, "sql""#),
            ([2], #"{ "stage": "rows" }, { "pipeline": "other", "stage": "lines" }"#, #"{ "stage": "rows" }"#),
            ([], #""proof": "proof" }"#, #""proof": "proof", "title": "Drops." }"#),
        ])
    func movingChanged(stages: [Int], part: String, replacement: String) throws {
        let third = ["pipelines/third.json": ""]
        let (before, after) = (try moving(), try moving(part, replacement, files: third))
        let changed = before.indices.filter { Array(before[$0].utf8) != Array(after[$0].utf8) }
        #expect(changed == stages)
    }

    @Test("of a batch and its proof changes with the tokens of their SQL")
    func movingSQL() throws {
        let before = try moving()
        let fill = ["sql/fill.sql": "-- Fills\nUPDATE b AS source SET n = 1 WHERE :range"]
        #expect(try moving(files: fill) == before)
        let other = try moving(files: ["sql/fill.sql": "update b as source set n = 2 where :range"])
        #expect(before.indices.filter { before[$0] != other[$0] } == [1, 2])
        let proof = try moving(files: ["sql/differing.sql": "select id, n, 1 from b as source where :range"])
        #expect(before.indices.filter { before[$0] != proof[$0] } == [2])
    }
}
