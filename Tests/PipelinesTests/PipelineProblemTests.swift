import Foundation
import Glibc
import Pipelines
import Testing

@Suite("What is wrong with a pipeline is told")
struct PipelineProblemTests {
    @Test("all at once, by line, with files and suggestions; nothing else is told")
    func allAtOnce() throws {
        let text = """
            { "name": "simple", "titel": "Typed in haste.",
              "schema": null,
              "stages": [
                { "name": "a", "kind": "sql", "sql": "sql/broken.sql" },
                { "name": "a", "kind": "sql", "sql": "sql/none.sql" },
                { "name": "a", "kind": "sql", "sql": "sql/check.sql" },
                { "name": "a", "kind": "check", "sql": "sql/check.sql" },
                { "name": "B", "kind": "strem", "what": 1 },
                { "kind": "stream", "destructive": true, "transform": "memoir-section",
                  "source": { "table": "", "keys": ["k"], "columns": "c" },
                  "target": [], "write_back": {} },
                17 ] }
            """
        let problems = try Sample.problems(text, files: ["sql/broken.sql": "select 1;\n\ncommit;"])
        let expected = [
            #"pipelines/sample.json:1: "titel" is not a key of a pipeline; did you mean "title"?"#,
            #"pipelines/sample.json:1: the pipeline: "name" must be the file's, "sample", not "simple""#,
            #"pipelines/sample.json:1: the pipeline lacks "title""#,
            #"pipelines/sample.json:2: the pipeline: "schema" must be a string, not null"#,
            #"pipelines/sample.json:5: stage 2: "name" "a" is taken by the stage on line 4"#,
            #"pipelines/sample.json:5: stage "a": "sql" names "sql/none.sql": there is no such file"#,
            #"pipelines/sample.json:6: stage 3: "name" "a" is taken by the stage on line 4"#,
            #"pipelines/sample.json:7: stage 4: "name" "a" is taken by the stage on line 4"#,
            #"pipelines/sample.json:8: stage 5: "name" "B" is not made of lower-case letters, digits and "#
                + "hyphens, a letter first, 63 at most",
            #"pipelines/sample.json:8: stage 5: "kind" "strem" is not known; did you mean "stream"?"#,
            #"pipelines/sample.json:9: stage 6 lacks "name""#,
            #"pipelines/sample.json:9: stage 6: "destructive" needs "optional": true, so that it never runs unasked"#,
            #"pipelines/sample.json:9: stage 6: "transform" "memoir-section" is not known; "#
                + #"did you mean "memoir-sections"?"#,
            #"pipelines/sample.json:10: "keys" is not a key of "source"; did you mean "key"?"#,
            #"pipelines/sample.json:10: "source" of stage 6: "table" cannot name anything in a database: "#
                + #""" must be 1 to 63 bytes long and hold no NUL"#,
            #"pipelines/sample.json:10: "source" of stage 6 lacks "key""#,
            #"pipelines/sample.json:10: "source" of stage 6: "columns" must be an array, not a string"#,
            #"pipelines/sample.json:11: "target" of stage 6 must be an object, not an array"#,
            #"pipelines/sample.json:11: "write_back" of stage 6 lacks "column""#,
            #"pipelines/sample.json:12: stage 7 must be an object, not a number"#,
            "sql/broken.sql:3: COMMIT is not allowed: each script runs inside one transaction that etl begins "
                + "and ends",
        ]
        // One by one, so that a failure shows which.
        for (problem, line) in zip(problems, expected) { #expect(problem == line) }
        #expect(problems.count == expected.count)
    }

    @Test(
        "and each of these mistakes is one",
        arguments: [
            (#""title": "Looks first.""#, #""title": " ""#, #""title" must be a sentence on one line"#),
            (#""Copies a into b.""#, #""Copies\na.""#, #""title" must be a sentence on one line"#),
            (#""optional": true"#, #""optional": "yes""#, #""optional" must be true or false, not a string"#),
            (
                #""kind": "check""#, #""kind": "look""#,
                #"there are "check", "sql", "stream", "batch", "constraints", "verify", "retire""#
            ),
            (
                #""kind": "check""#, #""kind": "check", "optional": true, "destructive": true"#,
                #""destructive" cannot be true: a check stage changes nothing"#
            ),
            (#""n IS NULL""#, #""n = $1""#, #""where" holds a parameter, for which there is no value"#),
            (#""kind": "check""#, #""kind": ["check"]"#, #""kind" must be a string, not an array"#),
            (#""sql/tables.sql""#, #"7"#, #""sql" must be a string or an array of strings, not a number"#),
            (#""sql/tables.sql""#, #"[]"#, #""sql" must not be empty"#),
            (#""sql/tables.sql""#, #"["sql/tables.sql", "sql/tables.sql"]"#, #""sql" names "sql/tables.sql" twice"#),
            (#""sql/tables.sql""#, #"["sql/tables.sql", "sql/none.sql"]"#, #""sql" names "sql/none.sql": "#),
            (#""sql": "sql/check.sql""#, #""sql": "sql/check.sql", "target": {}"#, "not a key of a check stage"),
            (#""key": ["k", "l"]"#, #""key": []"#, #""key" must not be empty"#),
            (#""key": ["k", "l"]"#, #""key": ["k", "k"]"#, #""key" names "k" twice"#),
            (#""key": ["k", "l"]"#, #""key": ["k", 1]"#, #""key" must hold strings only, not a number"#),
            (#""columns": ["c", "d"]"#, #""columns": ["c", "k"]"#, #"names "k", which is read as part of the key"#),
            (#""columns": ["c", "d"]"#, #""columns": ["c"]"#, "must name 2 columns for memoir-sections, not 1"),
            (#""parent": ["a_k", "a_l"]"#, #""parent": ["a_k"]"#, "as many parent columns as the source's key has: 2"),
            (#""table": "b", "parent""#, #""table": "a", "parent""#, #""target" is the table that is read"#),
            (#""column": "e""#, #""column": "k""#, #""write_back" would change the key"#),
            (#""column": "e""#, #""column": "c""#, #""write_back" would change a column that is read"#),
            (
                #""primary_key": ["id"]"#, #""primary_ky": ["id"]"#,
                #"not a key of a constraint; did you mean "primary_key"?"#
            ),
            (#""primary_key": ["id"]"#, #""unique": true"#, #""unique" must be an array, not a boolean"#),
            (#""primary_key": ["id"]"#, #""index": ["n"], "unique": ["n"]"#, #""unique" must be true or false"#),
            (#""primary_key": ["id"]"#, #""primary_key": ["id"], "index": ["id"]"#, "must have exactly one of"),
            (#""primary_key": ["id"]"#, #""primary_key": ["id"], "where": "x""#, #""where" goes with "index" only"#),
            (#""primary_key": ["id"]"#, #""primary_key": ["id"], "on_delete": "cascade""#, #"with "foreign_key" only"#),
            (#""n IS NULL""#, #""n IS NULL; drop table b""#, #""where" must be one expression"#),
            (#""n IS NULL""#, #""true) ; drop table b; --""#, #""where" is no SQL expression: this parenthesis"#),
            (#""n IS NULL""#, #""-- nothing""#, #""where" must be one expression"#),
            (#""columns": ["k", "l"]"#, #""columns": ["k"]"#, "differ in length: 2 and 1 columns"),
            (#""set null""#, #""set nul""#, #"did you mean "set null"?"#),
            (#""b_k_key""#, #""b_pkey""#, #""name" is taken by the constraint on line 11"#),
            (#""name": "tables""#, #""name": "ready""#, #""name" "ready" is taken by the stage on line 3"#),
            (#""name": "tables""#, #""name": "-x""#, "is not made of lower-case letters"),
        ])
    func single(part: String, replacement: String, message: String) throws {
        let problems = try Sample.problems(Sample.changed(part, replacement))
        let expected = replacement.contains("primary_ky") ? 2 : 1
        #expect(problems.count == expected)
        #expect(problems.contains { $0.contains(message) }, "\(problems)")
    }

    @Test("with a name that PostgreSQL would cut, counted in bytes")
    func longNames() throws {
        let fits = String(repeating: "é", count: 31) + "x"
        #expect(try Sample.problems(Sample.changed(#""schema": "public""#, #""schema": "\#(fits)""#)).isEmpty)
        let problems = try Sample.problems(Sample.changed(#""schema": "public""#, #""schema": "\#(fits)x""#))
        #expect(problems.count == 1)
        #expect(problems.first?.contains("1 to 63 bytes long") == true)
    }

    @Test("with an empty SQL file, and one that is no text")
    func scripts() throws {
        #expect(
            try Sample.problems(Sample.pipeline, files: ["sql/check.sql": "-- nothing yet\n;"])
                == ["sql/check.sql: the file holds no statement"])
        #expect(
            try Sample.problems(Sample.pipeline, files: ["sql/check.sql": "select 1;\n\0"])
                == ["sql/check.sql:2: the text holds a NUL byte"])
    }

    @Test("when the file is no JSON at all, with the line")
    func noJSON() throws {
        let problems = try Sample.problems("{\n\n  name: sample }")
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("pipelines/sample.json:3: ") == true)
    }

    @Test("without letting a file's text move the cursor or fill the screen")
    func quotation() throws {
        let key = "\u{202e}" + String(repeating: "x", count: 500)
        let problems = try Sample.problems(Sample.changed(#""schema":"#, #""\u001b[2J\#(key)":"#))
        let message = try #require(problems.first)
        #expect(problems.count == 1)
        #expect(message.contains("\\u{1b}[2J\\u{202e}xxx"))
        #expect(message.utf8.count < 300)
    }

    @Test("with ten thousand stages in seconds")
    func manyStages() throws {
        let stage = #"{ "name": "a", "kind": "bench" }"#
        let stages = Array(repeating: stage, count: 10_000).joined(separator: ",\n")
        let text = #"{ "name": "sample", "title": "Long.", "stages": [\#(stages)] }"#
        // The processor's time, for other tests take theirs from the clock's.
        let began = processorSeconds()
        let count = try Sample.problems(text).count
        let seconds = processorSeconds() - began
        // Each is of an unknown kind, and all but the first have a name that is taken.
        #expect(count == 19_999)
        #expect(seconds < 10)
    }
}

/// How long this thread has had a processor.
private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
