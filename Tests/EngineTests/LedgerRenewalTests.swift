import Support
import Testing

@testable import Engine

@Suite("A ledger of version 1")
struct LedgerRenewalTests {
    private static let toVersion1 =
        "alter table etl.stages drop column second_target_oid; update etl.ledger set version = 1"

    @Test("is brought up to date by the run that goes on with it")
    func run() async throws {
        let memoir = try await Memoir(10, limits: BatchLimits(rows: 4, workers: 1))
        try await memoir.run(until: "sections")
        try await memoir.psql(Self.toVersion1)
        #expect(try await memoir.run().outcomes == [10, 10, 0, 0, 0])
        #expect(try await memoir.psql("select version from etl.ledger") == "2")
        #expect(try await memoir.content() == Memoir(10).migrated())
    }

    @Test("is brought up to date by the undoing of a run that is in it")
    func undo() async throws {
        let memoir = try await Memoir(10)
        try await memoir.run()
        try await memoir.psql(Self.toVersion1)
        _ = try await memoir.undo()
        #expect(try await memoir.psql("select to_regclass('chapter_sections') is null") == "t")
        #expect(try await memoir.psql("select version from etl.ledger") == "2")
    }

    @Test("is left alone by a role that may not alter it, which is told who may")
    func notOwner() async throws {
        let memoir = try await Memoir(10)
        try await memoir.run(until: "sections")
        try await memoir.psql(Self.toVersion1)
        let runner = try await memoir.asRole {
            "grant usage on schema etl to \($0); grant select, insert, update, delete on all tables in schema etl to \($0)"
        }
        let failure = try await runner.failure { try await runner.run() }
        #expect(failure.kind == .refused)
        #expect(failure.details.contains { $0.contains("belong to the role") })
        #expect(try await memoir.psql("select version from etl.ledger") == "1")
    }
}
