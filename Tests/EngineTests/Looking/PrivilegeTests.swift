import Engine
import Postgres
import Support
import Testing

@Suite("What a role may do, and lacks")
struct PrivilegeTests {
    @Test("a role with only SELECT sees plan, previews and preflight, and nothing is written")
    func reader() async throws {
        let memoir = try await Memoir(12)
        try await memoir.run(until: "tables")
        try await memoir.stop(afterRows: 1)
        let reader = try await memoir.asReader()
        let before = try await memoir.everything()
        let (plan, owners) = (try await reader.plan(), try await memoir.plan())
        #expect(plan.stages.map(\.state) == owners.stages.map(\.state))
        #expect(plan.samples.first?.tally == owners.samples.first?.tally && plan.notes.isEmpty)
        #expect(plan.stage("sections")?.chunks == owners.stage("sections")?.chunks)
        #expect(try await reader.previews(3).rows == memoir.previews(3).rows)
        let report = try await reader.preflight()
        #expect(report.findings.contains { $0.weight == .problem && $0.remedy?.hasPrefix("grant ") == true })
        #expect(try await memoir.everything() == before)
    }

    @Test("a ledger that the role may not read is said, and the rest is told all the same")
    func closedLedger() async throws {
        let memoir = try await Memoir(3)
        try await memoir.run(until: "tables")
        let role = try await memoir.asRole { "grant select on chapters to \($0)" }
        let plan = try await role.plan()
        #expect(plan.ledgerClosed == "permission denied for schema etl")
        #expect(plan.stage("tables")?.state == .toDo && plan.samples.first?.tally?.rows == 3)
        #expect(try await role.preflight().findings.contains { $0.what.hasPrefix("the ledger cannot be read") })
    }

    @Test("a table that the role may not read is said; sizes and statements are told all the same")
    func closedTable() async throws {
        let memoir = try await Memoir(3)
        let role = try await memoir.asRole { _ in "analyze chapters" }
        let plan = try await role.plan()
        guard case .impossible(let reasons) = plan.samples.first?.outcome else { return #expect(Bool(false)) }
        #expect(reasons == ["permission denied for table chapters"])
        #expect(plan.tables.first?.rowCount == 3)
        try await memoir.psql("revoke usage on schema public from public")
        let shut = try await role.plan()
        #expect(shut.grants == ["grant usage on schema \"public\" to \(role.user ?? "")"])
        #expect(try await role.preflight().findings.contains { $0.remedy == shut.grants[0] })
    }

    @Test("with the grants that are named, and no more, the run goes through; then nothing is lacking")
    func grants() async throws {
        let memoir = try await Memoir(6)
        let owner = "owner_of_\(memoir.database.name)"
        try await memoir.psql("create role \(owner); alter table chapters owner to \(owner)")
        let role = try await memoir.asRole { _ in "" }
        for pipeline in ["chapter-sections", "memoir-images", "section-image-id"] {
            let here = role.of(pipeline)
            for _ in 1...3 {
                // Some can be told only when others are there.
                let grants = try await here.plan().grants
                for grant in grants { try await memoir.psql(grant) }
            }
            #expect(try await here.plan().grants.isEmpty)
            #expect(try await here.preflight().isClear)
            try await here.run()
            #expect(try await here.plan().isDone)
        }
        #expect(try await memoir.psql("select rolsuper from pg_roles where rolname = '\(role.user ?? "")'") == "f")
    }

    @Test("the ledger's tables are asked for one by one, and the archives in its schema never")
    func archives() async throws {
        let memoir = try await Memoir(2)
        try await memoir.run(until: "tables")
        try await memoir.psql("create table etl.archive_1_drop (id int)")
        let role = try await memoir.asRole {
            "grant usage on schema etl to \($0); grant select on all tables in schema etl to \($0)"
        }
        let grant = try #require(try await role.plan().grants.first { $0.contains("etl.runs") })
        #expect(
            grant.hasPrefix("grant select, insert, update, delete on etl.accepted_keys, ")
                && !grant.contains("archive_1"))
        try await memoir.psql(grant)
        // To the audit one may only add.
        let rest = try await role.plan().grants.filter { $0.contains("etl.") }
        #expect(rest == ["grant select, insert on etl.audit to \(role.user ?? "")"])
        for grant in rest { try await memoir.psql(grant) }
        #expect(try await !role.plan().grants.contains { $0.contains("etl.") })
    }

    @Test("what is granted for nothing is not asked for: a finished pipeline lacks nothing")
    func finished() async throws {
        let memoir = try await Memoir(2)
        try await memoir.run()
        let reader = try await memoir.asReader()
        #expect(try await reader.plan().grants.isEmpty)
        let report = try await reader.preflight()
        #expect(report.isDone && report.isClear)
        // The optional stage says for itself what it would need.
        #expect(try await reader.plan().stages.last?.grants.isEmpty == false)
    }
}
