import Engine
import Postgres
import Support
import Testing

@Suite("A ledger that belongs to a role which nobody vouches for")
struct StrangersLedgerTests {
    @Test("is written to by no command; plan and preflight tell of it, and it can be read")
    func commands() async throws {
        let memoir = try await Memoir(6)
        try await memoir.run()
        let role = "\(memoir.database.name)_stranger"
        try await memoir.psql("create role \(role); alter table etl.chunks owner to \(role)")
        let before = try await memoir.everything()
        let failures = [
            try await memoir.failure { try await memoir.run() },
            try await memoir.failure { try await memoir.of("memoir-images").run() },
            try await memoir.failure { try await memoir.verify() },
            try await memoir.failure { try await memoir.catchUp() },
            try await memoir.failure { try await memoir.retry() },
            try await memoir.failure { try await memoir.undo() },
            try await memoir.failure { try await memoir.purge() },
            try await memoir.failure {
                try await blocking {
                    try LedgerView(site: memoir.site(Recorder())).requestStop(of: memoir.pipeline, on: nil).count
                }
            },
        ]
        for failure in failures {
            #expect(failure.kind == .refused && failure.what.contains("table etl.chunks belongs to the role \(role)"))
            #expect(failure.next?.contains("grant \(role) to postgres;") == true, "\(failure)")
        }
        #expect(try await memoir.everything() == before)
        let finding = try #require(try await memoir.preflight().findings.first)
        #expect(finding.weight == .problem && finding.what.contains("belongs to the role \(role)"), "\(finding)")
        #expect(try await memoir.plan().refusals.contains { $0.what.contains("belongs to the role \(role)") })
        let states = try await blocking { try LedgerView(site: memoir.site(Recorder())).summaries().map(\.state) }
        #expect(states == ["done"])
        // What the operator is told to do settles it.
        try await memoir.psql("grant \(role) to postgres")
        #expect(try await memoir.run().hadNothingToDo)
    }

    @Test("is refused while it is an empty schema, before anything is made")
    func empty() async throws {
        let memoir = try await Memoir(3)
        let role = "\(memoir.database.name)_stranger"
        try await memoir.psql("create role \(role); create schema etl authorization \(role)")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .refused && failure.what.contains("schema etl belongs to the role \(role)"))
        #expect(try await memoir.psql("select to_regclass('chapter_sections') is null") == "t")
        #expect(try await memoir.psql("select count(*) from pg_class where relnamespace = 'etl'::regnamespace") == "0")
        #expect(try await memoir.preflight().findings.first?.what.contains("schema etl belongs to the role") == true)
    }

    @Test("is none where that role owns the table that is read, or the one that is written to")
    func ownTables() async throws {
        for table in ["chapters", "chapter_sections"] {
            let memoir = try await Memoir(4)
            try await memoir.run(until: "tables")
            let role = "\(memoir.database.name)_worker"
            try await memoir.psql(
                """
                create role \(role); alter schema etl owner to \(role); alter table \(table) owner to \(role);
                do $$ declare t text; begin
                    for t in select format('etl.%I', tablename) from pg_tables where schemaname = 'etl' loop
                        execute 'alter table ' || t || ' owner to \(role)';
                    end loop;
                end $$
                """)
            #expect(try await memoir.run().outcomes == [4, 4, 0, 0, 0])
        }
    }

    @Test("is seen by a session that comes back, too")
    func cameBack() async throws {
        let memoir = try await Memoir(40, limits: BatchLimits(rows: 5, workers: 1))
        let role = "\(memoir.database.name)_stranger"
        try await memoir.psql("create role \(role)")
        try await memoir.run(until: "tables")
        let database = memoir.database
        let handed = Recorder { event in
            guard case .progress(let progress) = event, progress.rows >= 10 else { return }
            #expect(throws: Never.self) {
                try database.psql(
                    """
                    alter schema etl owner to \(role);
                    select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
                       and application_name like 'etl:%'
                    """)
            }
        }
        let failure = try await memoir.failure { try await memoir.run(reporter: handed) }
        #expect(failure.kind == .refused, "\(failure)")
        #expect(failure.what.contains("schema etl belongs to the role \(role)"), "\(failure)")
    }
}
