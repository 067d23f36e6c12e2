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
}
