import Pipelines
import Postgres
import Testing

@Suite("Stages that move, prove and drop are read")
struct MovingStagesTests {
    private func load(_ part: String = "", _ replacement: String = "") throws -> Pipeline {
        try Sample.load(Moving.changed(part, replacement), files: Moving.files)
    }

    @Test("with every key of theirs")
    func everyKey() throws {
        let pipeline = try load()
        #expect(pipeline.needs == ["other"])
        #expect(pipeline.stages.map(\.work.kind) == ["stream", "batch", "verify", "retire"])
        #expect(pipeline.stages.map(\.line) == [3, 7, 9, 12])
        guard case .stream(let stream) = pipeline.stages[0].work, case .batch(let batch) = pipeline.stages[1].work,
            case .verify(let verification) = pipeline.stages[2].work,
            case .retire(let retirement) = pipeline.stages[3].work
        else {
            Issue.record("stages of other kinds: \(pipeline.stages)")
            return
        }
        #expect(stream.source.carry == [Identifier("m")])
        #expect(stream.source.maybeMissing)
        #expect(stream.targets[0].rows == "m is not null")
        #expect(batch.table == Identifier("b"))
        #expect(batch.key == [Identifier("id")])
        #expect(batch.statement.sql(where: "true").text == "update b as source set n = 1 where (true)")
        #expect(batch.undo?.sql(where: "true").text == "update b as source set n = null where (true) and n = 1")
        #expect(verification.proofs.map(\.pipeline) == [nil, "other", nil])
        #expect(verification.proofs.map(\.stage) == ["rows", "lines", "fill"])
        #expect(verification.proofs.map(\.source.table.name) == ["a", "x", "b"])
        #expect(verification.proofs[0].subject == .stream(stream))
        guard case .batch(batch, let differences) = verification.proofs[2].subject else {
            Issue.record("a proof of another sort: \(verification.proofs[2])")
            return
        }
        #expect(differences.name == "sql/differing.sql")
        #expect(retirement.table == Identifier("a"))
        #expect(retirement.key == [Identifier("k")])
        #expect(retirement.columns == [Identifier("c")])
        #expect(retirement.proof == "proof")
    }

    @Test("and what may be left out may be left out")
    func leastKeys() throws {
        let pipeline = try load(#", "carry": ["m"], "maybe_missing": true"#, "")
        guard case .stream(let stream) = pipeline.stages[0].work else {
            Issue.record("a stage of another kind: \(pipeline.stages[0])")
            return
        }
        #expect(stream.source.carry.isEmpty)
        #expect(!stream.source.maybeMissing)
        guard case .stream(let whole) = try load(#", "rows": "M  IS NOT NULL""#, "").stages[0].work else { return }
        #expect(whole.targets[0].rows == nil)
        #expect(try Sample.load().needs.isEmpty)
    }

    @Test(
        "and so are these statements, for a batch",
        arguments: [
            "insert into b select source.id from b source where :range", "DELETE FROM b source WHERE :range",
            "merge into b as source using a on :range when matched then delete",
            "with x as (select 1) update b source set n = 2 where :range",
            "with x as (delete from b source where :range returning id) select id from x",
            #"update b "source" set n = 1 where :range"#,
        ])
    func batches(sql: String) throws {
        #expect(try Moving.problems(files: ["sql/fill.sql": sql]) == [])
    }

    @Test(
        "and these, for its proof",
        arguments: [
            "select id, n, 1 from b source where :range", "values ((select id from b source where :range), 1, 2)",
            "with x as (select * from b source where :range) select id, n, 1 from x",
            #"select id, "update", 'delete' from b source where :range for update"#,
        ])
    func proofs(sql: String) throws {
        #expect(try Moving.problems(files: ["sql/differing.sql": sql]) == [])
    }

    @Test("and what one drops another may not need, whatever else comes after")
    func afterDrop() throws {
        let more = #""proof": "proof" }, { "name": "again", "kind": "sql", "sql": "sql/check.sql" } ]"#
        #expect(try Moving.problems(#""proof": "proof" } ]"#, more) == [])
    }
}
