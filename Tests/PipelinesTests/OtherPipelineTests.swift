import Pipelines
import Testing

@Suite("What a pipeline says of others, and its stages of each other, is checked")
struct OtherPipelineTests {
    private static func pipeline(_ name: String, needs: String) -> String {
        #"{ "name": "\#(name)", "title": "T.", "needs": ["\#(needs)"], "stages": [{ "name": "x", "kind": "check", "#
            + #""sql": "sql/check.sql" }] }"#
    }

    @Test("another that is wrong is told as one problem, and where to see more")
    func problemsOfOther() throws {
        let broken = try #require(Moving.files["pipelines/other.json"]).replacing("\"title\"", with: "\"titel\"")
        #expect(
            try Moving.problems(files: ["pipelines/other.json": broken]) == [
                #"pipelines/sample.json:10: proof 2 of stage "proof": "pipeline" cannot be read: "#
                    + "pipelines/other.json has problems of its own: etl list"
            ])
    }

    @Test("one that is needed only must be there, and is not read")
    func neededOnly() throws {
        let text = Self.pipeline("sample", needs: "other")
        #expect(try Sample.problems(text, files: ["pipelines/other.json": "no pipeline"]) == [])
    }

    @Test("a stage of another that may never have run cannot be proven")
    func optionalOfOther() throws {
        let optional = Moving.other.replacing(#""name": "lines","#, with: #""name": "lines", "optional": true,"#)
        let problems = try Moving.problems(files: ["pipelines/other.json": optional])
        #expect(problems.count == 1)
        #expect(problems.first?.contains(#"names "lines", which is optional and may never have run"#) == true)
    }

    @Test("pipelines that need each other are told as a circle, wherever it is entered")
    func circles() throws {
        let round = ["pipelines/other.json": Self.pipeline("other", needs: "sample")]
        #expect(
            try Sample.problems(Self.pipeline("sample", needs: "other"), files: round) == [
                #"pipelines/sample.json:1: the pipeline: "needs" leads in a circle: "sample" needs "other" needs "sample""#
            ])
        let beyond = [
            "pipelines/other.json": Self.pipeline("other", needs: "third"),
            "pipelines/third.json": Self.pipeline("third", needs: "other"),
        ]
        #expect(
            try Sample.problems(Self.pipeline("sample", needs: "other"), files: beyond) == [
                #"pipelines/sample.json:1: the pipeline: "needs" leads in a circle: "other" needs "third" needs "other""#
            ])
    }

    @Test("pipelines that prove each other's stages do not keep each other from being read")
    func proofsInCircle() throws {
        let both = [
            "pipelines/other.json": Moving.pipeline.replacing("other", with: "sample").replacing(
                #""name": "sample", "title""#, with: #""name": "other", "title""#)
        ]
        let problems = try Moving.problems(files: both)
        #expect(problems.count == 1)
        #expect(problems.first?.contains("leads in a circle") == true)
    }

    @Test("two streams into one table must each know its own rows")
    func sameTarget() throws {
        let second = #"""
            { "name": "more", "kind": "stream", "transform": "memoir-images",
              "source": { "table": "c", "key": ["k"], "columns": ["c"] },
              "target": { "table": "b", "parent": ["c_k"] ROWS } },
            { "name": "fill"
            """#
        for (rows, isRight) in [("", false), (#", "rows": "m is null""#, true), (#", "rows": "m is NOT null""#, false)]
        {
            let problems = try Moving.problems(#"{ "name": "fill""#, second.replacing(" ROWS", with: rows))
            let told = #"stage "more" fills the table of stage "rows"; both must say in "rows" which rows are theirs"#
            #expect(problems == (isRight ? [] : ["pipelines/sample.json:7: \(told)"]))
        }
    }

    @Test("what runs unasked cannot prove what does not, but what is asked for can")
    func optionalWork() throws {
        let fill = #""name": "fill", "kind": "batch","#
        #expect(
            try Moving.problems(fill, fill + #" "optional": true,"#) == [
                #"pipelines/sample.json:9: stage "proof" proves stage "fill", which is optional and may never have run"#
            ])
        let both = try Moving.changed(fill, fill + #" "optional": true,"#)
            .replacing(#""kind": "verify","#, with: #""kind": "verify", "optional": true,"#)
        #expect(try Sample.problems(both, files: Moving.files) == [])
    }

    @Test("no stage may need a column that one before it drops")
    func columnsGone() throws {
        let ends = #""proof": "proof" } ]"#
        for (stage, told) in [
            (
                #""kind": "retire", "optional": true, "destructive": true, "table": "a", "key": ["k"], "#
                    + #""columns": ["c"], "proof": "proof""#, "c"
            ),
            (#""kind": "verify", "proofs": [{ "stage": "rows" }]"#, "c"),
            (
                #""kind": "stream", "transform": "memoir-images", "source": { "table": "a", "key": ["c"], "#
                    + #""columns": ["e"] }, "target": { "table": "z", "parent": ["a_c"] }"#, "c"
            ),
            (#""kind": "batch", "source": { "table": "a", "key": ["c"] }, "sql": "sql/fill.sql""#, "c"),
        ] {
            let problems = try Moving.problems(ends, #""proof": "proof" }, { "name": "late", \#(stage) } ]"#)
            let message = #"stage "late" needs column "\#(told)", which stage "drop" before it drops"#
            #expect(problems == ["pipelines/sample.json:13: \(message)"])
        }
    }
}
