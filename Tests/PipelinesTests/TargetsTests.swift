import Foundation
import Testing

@testable import Pipelines

@Suite("A stream of several targets, and a pipeline instead of others")
struct TargetsTests {
    private static let pipeline = """
        { "name": "sample", "title": "Makes two kinds of rows.", "instead_of": ["other"], "stages": [
            { "name": "rows", "kind": "stream", "transform": "memoir",
              "source": { "table": "a", "key": ["k"], "columns": ["c", "d"] },
              "targets": [{ "table": "b", "parent": ["a_k"] }, { "table": "p", "parent": ["a_k"], "rows": "M  is null" }],
              "write_back": { "column": "w" } } ] }
        """

    private func problems(_ part: String = "", _ replacement: String = "") throws -> [String] {
        try #require(part.isEmpty || Self.pipeline.ranges(of: part).count == 1)
        return try Sample.problems(Self.pipeline.replacing(part, with: replacement), files: Moving.files)
    }

    @Test("it is read as it stands")
    func reading() throws { #expect(try problems() == []) }

    @Test(
        "what is wrong with it is told",
        arguments: [
            (
                #""targets": ["#, #""target": { "table": "x", "parent": ["a_k"] }, "targets": ["#,
                "one of them is enough"
            ),
            (#", { "table": "p", "parent": ["a_k"], "rows": "M  is null" }"#, "", "must be 2 tables for memoir, not 1"),
            (#""table": "p""#, #""table": "b""#, "names a table twice"),
            (#""table": "p""#, #""table": "a""#, "is the table that is read"),
            (#""table": "p""#, #""tabel": "p""#, #"did you mean "table""#),
            (#""table": "p", "parent": ["a_k"]"#, #""table": "p", "parent": ["a_k", "b_k"]"#, "as many parent columns"),
            (#"[{ "table": "b", "parent": ["a_k"] }, "#, "[7, ", "must be an object"),
            (#"["other"]"#, #"["othre"]"#, #"names "othre", which is no pipeline here"#),
            (#"["other"]"#, #"["sample"]"#, "names this pipeline itself"),
        ])
    func wrong(part: String, replacement: String, told: String) throws {
        let problems = try problems(part, replacement)
        #expect(problems.contains { $0.contains(told) }, "\(problems)")
    }

    @Test("a stream may fill again what another filled only where it makes that from what the other wrote")
    func sameRows() throws {
        func more(_ source: String) -> String {
            """
            , { "name": "again", "kind": "stream", "transform": "memoir-images",
                "source": { "table": "\(source)", "key": ["k"], "columns": ["c"] },
                "target": { "table": "p", "parent": ["b_k"], "rows": "m is null" } } ] }
            """
        }
        let pipeline = try #require(Self.pipeline.range(of: " ] }", options: .backwards))
        func problems(_ source: String) throws -> [String] {
            try Sample.problems(
                Self.pipeline.replacingCharacters(in: pipeline, with: more(source)), files: Moving.files)
        }
        #expect(try problems("b") == [])
        #expect(try problems("x").contains { $0.contains("fills the table of stage") })
    }
}
