import Pipelines
import Postgres
import Support
import Testing

@testable import Engine

@Suite("What is planned")
struct PlanTests {
    /// Stages: look (check), tables, rows, extra (optional), look-again (check), purge (optional, destructive).
    private let pipeline: Pipeline

    init() throws {
        let project = try Project()
        try project.write(
            "pipelines/sample.json",
            """
            { "name": "sample", "title": "Has stages of every sort.", "stages": [
              { "name": "look", "kind": "check", "sql": "sql/check_chapters.sql" },
              { "name": "tables", "kind": "sql", "sql": "sql/add_chapter_sections.sql" },
              { "name": "rows", "kind": "sql", "sql": "sql/add_chapter_sections.sql" },
              { "name": "extra", "kind": "sql", "sql": "sql/add_chapter_sections.sql", "optional": true },
              { "name": "look-again", "kind": "check", "sql": "sql/check_chapters.sql" },
              { "name": "purge", "kind": "sql", "sql": "sql/add_chapter_sections.sql", "optional": true,
                "destructive": true } ] }
            """)
        pipeline = try PipelineCatalog(project: project.directory).load("sample")
    }

    private func steps(done: Set<String> = [], _ goal: Goal = Goal()) throws -> [String] {
        try Plan(pipeline, done: done, goal: goal).steps.map(\.name)
    }

    @Test("a new run does every stage that is not optional, in order")
    func everything() throws {
        #expect(try steps() == ["look", "tables", "rows", "look-again"])
    }

    @Test("stages that are done are not done again")
    func done() throws {
        #expect(try steps(done: ["look", "tables", "look-again"]) == ["look", "rows", "look-again"])
    }

    @Test("checks are made again before other work; one that never passed is work by itself")
    func checksAlone() throws {
        #expect(try steps(done: ["look", "tables", "rows", "look-again"]).isEmpty)
        #expect(try steps(done: ["tables", "rows", "look-again"]) == ["look", "look-again"])
        #expect(try steps(done: ["look", "rows", "look-again"]) == ["look", "tables", "look-again"])
    }

    @Test("a run until a stage includes it and ends there")
    func until() throws {
        #expect(try steps(Goal(until: "tables")) == ["look", "tables"])
        #expect(try steps(done: ["look", "tables"], Goal(until: "tables")).isEmpty)
    }

    @Test("optional stages are done when they are named")
    func with() throws {
        #expect(try steps(Goal(with: ["extra"])) == ["look", "tables", "rows", "extra", "look-again"])
        #expect(try steps(Goal(until: "extra", with: ["extra"])).last == "extra")
    }

    @Test("all optional stages leave out what destroys")
    func all() throws {
        #expect(try steps(Goal(all: true)) == ["look", "tables", "rows", "extra", "look-again"])
        #expect(try steps(Goal(with: ["purge"], all: true)).last == "purge")
    }

    @Test("a misspelt stage is refused with the one that was meant")
    func unknown() throws {
        for goal in [Goal(until: "tabels"), Goal(with: ["tabels"])] {
            let failure = try #require(throws: Failure.self) { try steps(goal) }
            #expect(failure.kind == .usage)
            #expect(failure.what == "pipeline sample has no stage tabels")
            #expect(failure.next == "did you mean tables?")
        }
    }

    @Test("a run until an optional stage that is not asked for says how to ask for it")
    func untilOptional() throws {
        let failure = try #require(throws: Failure.self) { try steps(Goal(until: "extra")) }
        #expect(failure.kind == .usage)
        #expect(failure.next == "ask for it with --with extra")
    }

    @Test("patience with a lock names in the end who held it")
    func patience() {
        let timeout = PostgresErrors.lockTimeout
        var patience = Patience(outage: 10)
        let tries = (1...20).prefix { _ in patience.allows(timeout) }
        #expect(tries.count == Backoff.refusalLimit - 1)
        patience.remember(blockers: ["pid 12 (application)"])
        let failure = patience.failure(timeout, while: "stage tables")
        #expect(failure.kind == .failed)
        #expect(failure.details.contains("pid 12 (application)"))
    }
}
