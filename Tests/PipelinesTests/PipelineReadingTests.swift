import Foundation
import Pipelines
import Postgres
import Testing

/// What stands in the project's own directories.
func projectFile(_ path: String) throws -> Data {
    var root = URL(filePath: #filePath)
    for _ in 1...3 { root.deleteLastPathComponent() }
    return try Data(contentsOf: root.appending(path: path))
}

@Suite("A pipeline file is read")
struct PipelineReadingTests {
    @Test("and the first pipeline says what it should")
    func chapterSections() throws {
        let project = try ProjectFixture([
            "sql/check_chapters.sql": "select 1", "sql/add_chapter_sections.sql": "create table t ()",
        ])
        try project.write("pipelines/chapter-sections.json", projectFile("pipelines/chapter-sections.json"))
        try project.write("pipelines/pipeline.schema.json", projectFile("pipelines/pipeline.schema.json"))
        #expect(try project.names() == ["chapter-sections"])

        let pipeline = try project.load("chapter-sections")
        #expect(pipeline.schema == Identifier("public"))
        #expect(pipeline.stages.map(\.name) == ["preflight", "tables", "sections", "constraints"])
        #expect(pipeline.stages.map(\.work.kind) == ["check", "sql", "stream", "constraints"])
        #expect(pipeline.stages.allSatisfy { !$0.isOptional && !$0.isDestructive })
        guard case .stream(let stream) = pipeline.stages[2].work,
            case .constraints(let constraints) = pipeline.stages[3].work
        else {
            Issue.record("stages of other kinds: \(pipeline.stages)")
            return
        }
        #expect(stream.source.table == Identifier("chapters"))
        #expect(stream.source.key == [Identifier("id")])
        #expect(stream.source.columns == [Identifier("content"), Identifier("images")])
        #expect(stream.transform == .memoirSections)
        #expect(stream.target.table == Identifier("chapter_sections"))
        #expect(stream.target.parent == [Identifier("chapter_id")])
        #expect(stream.writeBack == Identifier("cover_image"))
        #expect(
            constraints.map(\.definition) == [
                .primaryKey([Identifier("id")]),
                .unique([Identifier("chapter_id"), Identifier("order_index")]),
                .foreignKey(
                    columns: [Identifier("chapter_id")], references: Identifier("chapters"),
                    referencedColumns: [Identifier("id")], onDelete: .cascade),
            ])
        #expect(constraints.map(\.table.name) == Array(repeating: "chapter_sections", count: 3))
    }

    @Test("with every key of the format in it")
    func everyKey() throws {
        let pipeline = try Sample.load()
        #expect(pipeline.name == "sample")
        #expect(pipeline.title == "Copies a into b.")
        #expect(pipeline.file == "pipelines/sample.json")
        #expect(pipeline.stages.map(\.title) == ["Looks first.", nil, nil, nil])
        #expect(pipeline.stages.map(\.line) == [3, 4, 5, 10])
        #expect(pipeline.stages.map(\.isOptional) == [false, true, false, false])
        #expect(pipeline.stages.map(\.isDestructive) == [false, true, false, false])
        guard case .sql(let script) = pipeline.stages[1].work,
            case .constraints(let constraints) = pipeline.stages[3].work
        else {
            Issue.record("stages of other kinds: \(pipeline.stages)")
            return
        }
        #expect(script.name == "sql/tables.sql")
        #expect(script.statements.map(\.line) == [1, 2])
        #expect(
            constraints[2].definition
                == .index(columns: [Identifier("n")], isUnique: true, predicate: "n is null"))
        guard case .foreignKey(_, _, _, let action) = constraints[3].definition else {
            Issue.record("another sort of constraint: \(constraints[3])")
            return
        }
        #expect(action.sql == "SET NULL")
    }

    @Test("and what may be left out may be left out")
    func leastKeys() throws {
        let pipeline = try Sample.load(
            """
            { "name": "sample", "title": "Little.", "stages": [
              { "name": "keys", "kind": "constraints", "constraints": [
                { "name": "i", "table": "b", "index": ["n"] },
                { "name": "f", "table": "b", "foreign_key": ["n"],
                  "references": { "table": "a", "columns": ["k"] } } ] } ] }
            """)
        #expect(pipeline.schema == nil)
        guard case .constraints(let constraints) = pipeline.stages[0].work else {
            Issue.record("another kind: \(pipeline.stages)")
            return
        }
        #expect(
            constraints[0].definition == .index(columns: [Identifier("n")], isUnique: false, predicate: nil))
        #expect(
            constraints[1].definition
                == .foreignKey(
                    columns: [Identifier("n")], references: Identifier("a"),
                    referencedColumns: [Identifier("k")], onDelete: .noAction))
    }

    @Test("and names are literal: no quoting, no templates, no environment")
    func literalNames() throws {
        let strange = #"${HOME} `id` $(id) "; drop table t; -- é"#
        let json = strange.replacing("\"", with: "\\\"")
        let pipeline = try Sample.load(Sample.changed(#""schema": "public""#, #""schema": "\#(json)""#))
        #expect(pipeline.schema.map { Array($0.name.utf8) } == Array(strange.utf8))
    }
}
