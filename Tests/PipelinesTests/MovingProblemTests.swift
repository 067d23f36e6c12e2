import Pipelines
import Testing

@Suite("What is wrong with stages that move, prove and drop is told")
struct MovingProblemTests {
    @Test("all at once, by line, and what only follows from another problem is not told")
    func allAtOnce() throws {
        let text = """
            { "name": "sample", "title": "All wrong.", "needs": ["othr", "sample"],
              "stages": [
                { "name": "rows", "kind": "stream", "transform": "memoir-images", "write_back": { "column": "e" },
                  "source": { "table": "a", "key": ["k"], "columns": ["c"], "carry": ["m", "k"], "maybe_mising": true },
                  "target": { "table": "b", "parent": ["a_k"], "rows": "m; n" } },
                { "name": "fill", "kind": "batch", "source": { "table": "b" }, "sql": "sql/differing.sql" },
                { "name": "proof", "kind": "verify", "destructive": true, "proofs": [
                  { "stage": "rows" }, { "pipeline": "other", "stage": "lines" }, { "stage": "fil" }, 1,
                  { "stages": "fill" } ] },
                { "name": "drop", "kind": "retire", "optional": true,
                  "table": "a", "key": ["k"], "columns": ["c", "k"], "proof": "proof" } ] }
            """
        let problems = try Sample.problems(text, files: Moving.files)
        let expected = [
            #"pipelines/sample.json:1: the pipeline: "needs" names "othr", which is no pipeline here; "#
                + #"did you mean "other"?"#,
            #"pipelines/sample.json:1: the pipeline: "needs" names this pipeline itself"#,
            #"pipelines/sample.json:4: "maybe_mising" is not a key of "source"; did you mean "maybe_missing"?"#,
            #"pipelines/sample.json:4: "source" of stage "rows": "carry" names "k", which is read already"#,
            #"pipelines/sample.json:5: "target" of stage "rows": "rows" must be one expression"#,
            #"pipelines/sample.json:6: "source" of stage "fill" lacks "key""#,
            #"pipelines/sample.json:7: stage "proof": "destructive" cannot be true: a verify stage changes nothing"#,
            #"pipelines/sample.json:8: proof 3 of stage "proof": "stage" names "fil", which is no stage before this "#
                + "one; there are none",
            #"pipelines/sample.json:8: proof 4 of stage "proof" must be an object, not a number"#,
            #"pipelines/sample.json:9: "stages" is not a key of a proof; did you mean "stage"?"#,
            #"pipelines/sample.json:9: proof 5 of stage "proof" lacks "stage""#,
            #"pipelines/sample.json:10: stage "drop" drops columns, so it must have "optional": true and "#
                + #""destructive": true"#,
            #"pipelines/sample.json:11: stage "drop": "columns" names "k", which is part of the key"#,
            "sql/differing.sql:1: a batch must be INSERT, UPDATE, DELETE, MERGE, or WITH one of them",
        ]
        // One by one, so that a failure shows which.
        for (problem, line) in zip(problems, expected) { #expect(problem == line) }
        #expect(problems.count == expected.count)
    }

    @Test(
        "and each of these mistakes is one",
        arguments: [
            (#""needs": ["other"]"#, #""needs": []"#, #""needs" must not be empty"#),
            (#""needs": ["other"]"#, #""needs": "other""#, #""needs" must be an array, not a string"#),
            (#""needs": ["other"]"#, #""needs": ["other", 1]"#, #""needs" must hold strings only, not a number"#),
            (#""needs": ["other"]"#, #""needs": ["other", "other"]"#, #""needs" names "other" twice"#),
            (
                #""needs": ["other"],"#, "",
                #""pipeline" "other" is not among what this one "needs"; there are none"#
            ),
            (#""carry": ["m"]"#, #""carry": ["c"]"#, #""carry" names "c", which is read already"#),
            (#""carry": ["m"]"#, #""carry": []"#, #""carry" must not be empty"#),
            (#""carry": ["m"]"#, #""carry": ["m", "n"]"#, "can carry 1 column for memoir-images, not 2"),
            (#""carry": ["m"]"#, #""carry": ["a_k"]"#, #"has "a_k" for the key, which is carried over, too"#),
            (#""columns": ["c"], "carry""#, #""columns": ["c", "d"], "carry""#, "must name 1 column for memoir-images"),
            (
                #""transform": "memoir-images""#, #""transform": "memoir-image""#,
                #""memoir-image" is not known; did you mean "memoir-images"?"#
            ),
            (#""maybe_missing": true"#, #""maybe_missing": 1"#, #""maybe_missing" must be true or false"#),
            (#""M  IS NOT NULL""#, #""m; n""#, #""rows" must be one expression"#),
            (#""M  IS NOT NULL""#, #""(m""#, #""rows" is no SQL expression: this parenthesis is never closed"#),
            (#""M  IS NOT NULL""#, #""m = $1""#, #""rows" holds a parameter, for which there is no value"#),
            (
                #""transform": "memoir-images","#, #""transform": "memoir-images", "write_back": { "column": "e" },"#,
                #""write_back" has nothing to write: memoir-images has one result"#
            ),
            (#"["id"] }, "sql""#, #"["id"], "columns": [] }, "sql""#, #""columns" is not a key of "source""#),
            (#", "sql": "sql/fill.sql""#, "", #"stage "fill" lacks "sql""#),
            (#"{ "stage": "rows" }"#, #"{ "stage": "fil", "sql": "x" }"#, #"did you mean "fill"?"#),
            (#"{ "stage": "rows" }"#, #"{ "stage": "drop" }"#, #"names "drop", which is no stage before this one"#),
            (#"{ "stage": "rows" }"#, #"{ "stage": "proof" }"#, #"names "proof", which is no stage before this one"#),
            (
                #"{ "stage": "rows" }"#, #"{ "stage": "rows", "sql": "sql/differing.sql" }"#,
                #""sql" is for batch stages"#
            ),
            (#""fill", "sql": "sql/differing.sql" }"#, #""fill" }"#, #"proof 3 of stage "proof" lacks "sql""#),
            (
                #"{ "stage": "fill", "sql": "sql/differing.sql" }"#, #"{ "stage": "rows" }"#,
                #""stage" names "rows", of which there is a proof already"#
            ),
            (#""pipeline": "other""#, #""pipeline": "sample""#, #""pipeline" is this one; leave it out"#),
            (#""pipeline": "other""#, #""pipeline": "othr""#, #"did you mean "other"?"#),
            (
                #""stage": "lines""#, #""stage": "line""#,
                #"names "line", which other does not have; did you mean "lines"?"#
            ),
            (
                #""stage": "lines""#, #""stage": "ready""#,
                "a check stage; of another pipeline only streams can be proven"
            ),
            (#""proof": "proof""#, #""proof": "prof""#, #"did you mean "proof"?"#),
            (#""proof": "proof""#, #""proof": "fill""#, #"names "fill", a batch stage; it must be a verify stage"#),
            (
                #""optional": true, "destructive""#, #""destructive""#,
                #"must have "optional": true and "destructive": true"#
            ),
            (#", "destructive": true"#, "", #"must have "optional": true and "destructive": true"#),
            (
                #""columns": ["c"], "proof""#, #""columns": ["c", "k"], "proof""#,
                #"names "k", which is part of the key"#
            ),
            (
                #""columns": ["c"], "proof""#, #""columns": ["c", "d", "m"], "proof""#,
                #"names "d", "m", which no stream that "proof" proves reads from "a" by this key"#
            ),
            (
                #""table": "a", "key": ["k"], "columns": ["c"], "p"#,
                #""table": "z", "key": ["k"], "columns": ["c"], "p"#, #"from "z""#
            ),
            (#""key": ["k"], "columns": ["c"], "p"#, #""key": ["l"], "columns": ["c"], "p"#, #"from "a" by this key"#),
            (#"{ "stage": "rows" }, "#, "", #"names "c", which no stream that "proof" proves reads"#),
        ])
    func single(part: String, replacement: String, message: String) throws {
        let problems = try Moving.problems(part, replacement)
        #expect(problems.count == 1, "\(problems)")
        #expect(problems.contains { $0.contains(message) }, "\(problems)")
    }

    @Test(
        "with what a batch does",
        arguments: [
            ("select 1 from b source where :range", "sql/fill.sql:1: a batch must be INSERT, UPDATE"),
            ("with x as (select 1) select 1 from x source where :range", "sql/fill.sql:1: a batch must be INSERT"),
            ("truncate b", "sql/fill.sql:1: a batch must say :range where the condition for a range of keys goes"),
            ("\nupdate b source set n = 1", "sql/fill.sql:2: a batch must say :range where"),
            (
                "delete from b source where :range or :range",
                "sql/fill.sql:1: a batch must say :range once, not 2 times"
            ),
            ("delete from b source where :range;\n\nselect 1", "sql/fill.sql:3: a batch must be one statement, not 2"),
            (
                "delete from b source\nwhere :range and n = $1",
                "sql/fill.sql:2: parameters such as $1 are not for scripts"
            ),
            ("delete from b where :range", "sql/fill.sql:1: no table is called source here"),
            ("delete from b where :range and n <> 'source'", "sql/fill.sql:1: no table is called source here"),
            ("-- nothing", "sql/fill.sql: the file holds no statement"),
            ("delete from b source where (:range", "sql/fill.sql:1: this parenthesis is never closed"),
        ])
    func batches(sql: String, message: String) throws {
        let problems = try Moving.problems(files: ["sql/fill.sql": sql])
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix(message) == true, "\(problems)")
    }

    @Test(
        "with what a proof asks",
        arguments: [
            "update b source set n = 1 where :range", "delete from b source where :range returning id, n, 1",
            "with x as (delete from b source where :range returning id) select id from x",
            "with x as (select 1) update b source set n = 2 where :range", "explain select 1 from source where :range",
        ])
    func proofs(sql: String) throws {
        #expect(
            try Moving.problems(files: ["sql/differing.sql": sql])
                == ["sql/differing.sql:1: a proof must be a query: SELECT, WITH, TABLE or VALUES"])
    }
}
