import Pipelines
import Postgres
import Testing

@Suite("A pipeline file is read")
struct PipelineReadingTests {
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
        guard case .sql(let scripts) = pipeline.stages[1].work,
            case .constraints(let constraints) = pipeline.stages[3].work
        else {
            Issue.record("stages of other kinds: \(pipeline.stages)")
            return
        }
        #expect(scripts.map(\.name) == ["sql/tables.sql"])
        #expect(scripts.first?.statements.map(\.line) == [1, 2])
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
