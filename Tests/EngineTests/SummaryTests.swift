import Ledger
import Postgres
import Support
import Testing

@testable import Engine

@Suite("How runs stand")
struct SummaryTests {
    /// What the ledger tells now, to a role.
    private func summaries(_ memoir: Memoir, as role: String? = nil) async throws -> [RunSummary] {
        var memoir = memoir
        memoir.user = role
        return try await blocking { [memoir] in try LedgerView(site: memoir.site(Recorder())).summaries() }
    }

    /// A role that may read the ledger and nothing else.
    private func reader(of memoir: Memoir) async throws -> String {
        let role = memoir.database.name + "_reader"
        try await memoir.psql(
            """
            create role \(role) login; grant usage on schema etl to \(role);
            grant select on all tables in schema etl to \(role)
            """)
        return role
    }

    @Test("a run under way shows who works on what and how far it is, to a role that may only read as to its owner")
    func running() async throws {
        let memoir = try await Memoir(12, limits: BatchLimits(rows: 4, workers: 2))
        try await memoir.run(until: "tables")
        let role = try await reader(of: memoir)
        let lock = try await HeldTransaction(
            in: memoir, "select from chapters where id = \(Memoir.key(6)) for update")
        async let run = memoir.run(until: "sections")
        try await memoir.waitForLock()
        #expect(
            try await eventually {
                try memoir.database.psql("select count(*) from etl.chunks where state = 'todo'") == "1"
            })
        let seen = [try await summaries(memoir), try await summaries(memoir, as: role)]
        try await lock.commit()
        #expect(try await run.outcomes == [12, 12, 0, 0, 0])
        for summary in seen.compactMap(\.first) {
            #expect(summary.state == "running" && !summary.isInterrupted && summary.lastSign == nil)
            #expect(summary.workers.map { [$0.pid, Int64($0.workers)] } == [[4711, 2]])
            #expect(summary.workers.first?.host == "workbench" && summary.workers.first?.osUser == "tester")
            let stage = summary.stages.first { $0.name == "sections" }
            #expect(stage?.state == "running" && stage?.rows?.read == 8 && stage?.rows?.total == 12)
            #expect(stage?.progress?.secondsSinceProgress != nil && stage?.progress?.retries.isEmpty == true)
            #expect(summary.stages.first { $0.name == "constraints" }?.state == "pending")
            #expect(summary.stages.first { $0.name == "drop-old-columns" }?.isOptional == true)
        }
        #expect(seen.map(\.count) == [1, 1])
        #expect(seen[0].first?.workers.first?.since == seen[1].first?.workers.first?.since)
        let after = try await summaries(memoir)
        #expect(after.first?.workers.isEmpty == true && after.first?.end?.detail == "as far as sections")
        try await memoir.psql("drop owned by \(role); drop role \(role)")
    }

    @Test("a run whose processes are gone without a word is interrupted, and shows when they were last heard of")
    func interrupted() async throws {
        // A second worker may come when all chunks are done, which would be a later sign.
        let memoir = try await Memoir(12, limits: BatchLimits(rows: 10, workers: 1))
        try await memoir.run(until: "sections")
        try await memoir.psql(
            "update etl.runs set state = 'running'; update etl.workers set finished_at = null; delete from etl.audit")
        let summary = try #require(try await summaries(memoir).first)
        #expect(summary.isInterrupted && summary.workers.isEmpty && summary.end == nil)
        #expect(
            try await memoir.psql("select max(finished_at at time zone 'utc') || '+00' from etl.chunks")
                == summary.lastSign?.at)
        #expect(summary.stages.allSatisfy { $0.progress == nil })
    }

    @Test("a run that was killed after its last stage lacks nothing, and is not interrupted")
    func complete() async throws {
        let memoir = try await Memoir(12)
        try await memoir.run()
        try await memoir.psql("update etl.runs set state = 'running', finished_at = null")
        let summary = try #require(try await summaries(memoir).first)
        #expect(summary.hasNoEnd && summary.isComplete && !summary.isInterrupted)
        try await memoir.psql("update etl.stages set state = 'running' where name = 'drop-old-columns'")
        #expect(try await summaries(memoir).first?.isInterrupted == true)
    }

    @Test("a run that failed shows why, where and by whom")
    func failed() async throws {
        let memoir = try await Memoir(12)
        try await memoir.run(until: "tables")
        try await memoir.psql(
            "insert into chapter_sections (id, chapter_id, order_index, content) values (gen_random_uuid(), \(Memoir.key(1)), 0, 'x')"
        )
        let failure = try await memoir.failure { try await memoir.run() }
        let summary = try #require(try await summaries(memoir).first)
        #expect(summary.state == "failed" && summary.end?.act == "fail" && summary.end?.detail == failure.what)
        #expect(summary.end?.host == "workbench" && summary.end?.pid == 4711)
    }

    @Test("a role that may not read the ledger is told what its owner must say")
    func refused() async throws {
        let memoir = try await Memoir(1)
        try await memoir.run(until: "tables")
        let role = memoir.database.name + "_stranger"
        try await memoir.psql("create role \(role) login")
        let failure = try await memoir.failure { try await summaries(memoir, as: role) }
        #expect(failure.kind == .failed && failure.what.contains("permission denied"))
        #expect(failure.next?.contains(#"grant usage on schema "etl" to …"#) == true)
        try await memoir.psql("drop role \(role)")
    }

    @Test("only the pipeline and the schema that are asked for are shown")
    func filtered() async throws {
        let memoir = try await Memoir(1)
        try await memoir.run(until: "tables")
        let counts = try await blocking {
            let view = try LedgerView(site: memoir.site(Recorder()))
            return [
                try view.summaries(of: "chapter-sections", on: Identifier("public")).count,
                try view.summaries(of: "other").count, try view.summaries(on: Identifier("other")).count,
            ]
        }
        #expect(counts == [1, 0, 0])
    }
}
