import Postgres
import PostgresSandbox
import Support
import Testing

@testable import Engine

@Suite("An address")
struct OtherServerTests {
    @Test("that leads to another server by now is refused, and nothing is done there")
    func otherCluster() async throws {
        var memoir = try await Memoir(12, limits: BatchLimits(rows: 2, workers: 2))
        let (database, other) = (memoir.database, TestServer(try await blocking { try Sandbox.lend() }))
        _ = try await blocking { try other.sandbox.query("create database \(database.name)") }
        let proxy = try Proxy(to: database.server)
        memoir.proxy = proxy
        let recorder = Recorder { event in
            guard case .progress(let progress) = event, progress.rowsHere == 4 else { return }
            proxy.lead(to: other)
            #expect(throws: Never.self) {
                try database.psql(
                    """
                    select pg_terminate_backend(pid) from pg_stat_activity
                     where application_name like 'etl%' and datname = current_database()
                    """)
            }
        }
        let failure = try await memoir.failure { [memoir] in try await memoir.run(reporter: recorder) }
        #expect(failure.kind == .refused)
        #expect(failure.what.contains("it is another one, or another database"), "\(failure.what)")
        let objects = try await blocking {
            try other.sandbox.query("select count(*) from pg_namespace where nspname = 'etl'", in: database.name)
        }
        #expect(objects == "0")
        proxy.lead(to: database.server)
        #expect(try await memoir.run().outcomes == [12, 12, 0, 0, 0])
    }

    @Test("of a standby is refused; promoted without the last commits, it is brought to the same end")
    func failover() async throws {
        let primary = TestServer(try await blocking { try Sandbox.lend() })
        var memoir = try await Memoir(20, limits: BatchLimits(rows: 4, workers: 1), on: primary)
        let proxy = try Proxy(to: primary)
        memoir.proxy = proxy
        try await memoir.stop(afterRows: 8)
        let standby = try await blocking { try MortalServer(standbyOf: primary) }
        #expect(try await memoir.run().outcomes == [20, 20, 0, 0, 0])
        let (content, name) = (try await memoir.content(), memoir.database.name)
        proxy.lead(to: standby.server)

        let failure = try await memoir.failure { [memoir] in try await memoir.run() }
        #expect(failure.kind == .usage)
        #expect(failure.what.contains("the server is a standby"), "\(failure.what)")

        let there = standby.server.sandbox
        _ = try await blocking { try there.query("select pg_promote()") }
        let before = try await blocking {
            try there.query("select count(*) from etl.chunks where state = 'done'", in: name)
        }
        #expect(before == "2")
        #expect(try await memoir.run().outcomes == [20, 20, 0, 0, 0])
        let after = try await blocking {
            try there.query(
                """
                select id, chapter_id, order_index, title, content, image, attributes from chapter_sections order by 2, 3;
                select id, cover_image from chapters order by 1
                """, in: name)
        }
        #expect(after == content)
    }

    @Test("of a standby that comes up in the middle of a run is waited at until it is the primary")
    func failoverUnderWay() async throws {
        let primary = TestServer(try await blocking { try Sandbox.lend() })
        var memoir = try await Memoir(20, limits: BatchLimits(rows: 4, workers: 2), on: primary)
        let proxy = try Proxy(to: primary)
        memoir.proxy = proxy
        memoir.deadlines.outage = 120
        try await memoir.stop(afterRows: 8)
        let standby = try await blocking { try MortalServer(standbyOf: primary) }
        let recorder = Recorder { event in
            switch event {
            case .progress(let progress) where progress.rowsHere == 4:
                proxy.lead(to: standby.server)
                #expect(throws: Never.self) {
                    try primary.sandbox.query(
                        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'etl:%'")
                }
            case .retrying(_, let what, _, _) where what.contains("is a standby"):
                // Each of two workers says so.
                #expect(throws: Never.self) {
                    try standby.server.sandbox.query("select case when pg_is_in_recovery() then pg_promote() end")
                }
            default: break
            }
        }
        #expect(try await memoir.run(reporter: recorder).outcomes == [20, 20, 0, 0, 0])
        #expect(recorder.retries.contains { $0.contains("is a standby") }, "\(recorder.retries)")
        let (there, name) = (standby.server.sandbox, memoir.database.name)
        let sections = try await blocking { try there.query("select count(*) from chapter_sections", in: name) }
        // Two of each chapter, and a picture of every third one.
        #expect(sections == "46")
    }

    @Test("of a standby that stays one is given up when an outage has lasted too long, and the run goes on later")
    func standbyStays() async throws {
        let primary = TestServer(try await blocking { try Sandbox.lend() })
        var memoir = try await Memoir(8, limits: BatchLimits(rows: 2, workers: 1), on: primary)
        let proxy = try Proxy(to: primary)
        memoir.proxy = proxy
        memoir.deadlines.outage = 0.5
        try await memoir.run(until: "tables")
        let standby = try await blocking { try MortalServer(standbyOf: primary) }
        let recorder = Recorder { event in
            guard case .progress(let progress) = event, progress.rowsHere == 2 else { return }
            proxy.lead(to: standby.server)
            #expect(throws: Never.self) {
                try primary.sandbox.query(
                    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'etl:%'")
            }
        }
        let failure = try await memoir.failure { [memoir] in try await memoir.run(reporter: recorder) }
        #expect(failure.kind == .unreachable && failure.what.contains("is a standby"), "\(failure)")
        proxy.lead(to: primary)
        #expect(try await memoir.run().outcomes == [8, 8, 0, 0, 0])
    }

    @Test("where transactions are read-only by default is refused before anything is done")
    func readOnly() async throws {
        let memoir = try await Memoir(3)
        try await memoir.psql("alter database \(memoir.database.name) set default_transaction_read_only = on")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .usage)
        #expect(failure.what.contains("default_transaction_read_only"), "\(failure.what)")
        let findings = try await memoir.preflight().findings
        #expect(findings.contains { $0.weight == .problem && $0.what.contains("default_transaction_read_only") })
        #expect(try await memoir.psql("select to_regnamespace('etl') is null") == "t")
    }
}
