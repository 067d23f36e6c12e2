import Ledger
import Postgres
import Support
import Testing

@testable import Engine

@Suite("A source that nobody thought of")
struct OddSourceTests {
    @Test("whose rows a policy hides from the role is an error, and nothing is taken for migrated")
    func rowSecurity() async throws {
        var memoir = try await Memoir(10)
        let owner = memoir
        try await memoir.run(until: "tables")
        let role = "half_blind_of_\(memoir.database.name)"
        try await memoir.psql(
            """
            create role \(role) login; grant usage on schema public, etl to \(role);
            grant all on all tables in schema public, etl to \(role);
            alter table chapters enable row level security;
            create policy half on chapters using (id < \(Memoir.key(5)))
            """)
        memoir.user = role
        let failure = try await memoir.failure { [memoir] in try await memoir.run(until: "sections") }
        #expect(failure.kind == .failed && failure.what.contains("row-level security"), "\(failure)")
        #expect(try await owner.psql("select count(*) from chapter_sections") == "0")
        #expect(try await owner.run().outcomes == [10, 10, 0, 0, 0])
    }

    @Test("one of whose columns the role may not read is an error, and nothing is taken for migrated")
    func columnGrants() async throws {
        var memoir = try await Memoir(4)
        let owner = memoir
        try await memoir.run(until: "tables")
        let role = "short_sighted_of_\(memoir.database.name)"
        try await memoir.psql(
            """
            create role \(role) login; grant usage on schema public, etl to \(role);
            grant all on all tables in schema etl to \(role); grant all on chapter_sections to \(role);
            grant select (id, content), update (cover_image) on chapters to \(role)
            """)
        memoir.user = role
        let failure = try await memoir.failure { [memoir] in try await memoir.run(until: "sections") }
        #expect(failure.kind == .failed && failure.what.contains("permission denied for table chapters"), "\(failure)")
        #expect(try await owner.psql("select count(*) from chapter_sections") == "0")
        #expect(try await owner.run().outcomes == [4, 4, 0, 0, 0])
    }

    @Test("that others inherit from is read with their rows; that no foreign key knows those is an error")
    func inherited() async throws {
        let memoir = try await Memoir(6)
        try await memoir.psql(
            """
            create table old_chapters () inherits (chapters);
            insert into old_chapters select gen_random_uuid(), '["from of old"]' from generate_series(1, 3)
            """)
        #expect(try await memoir.run(until: "sections").outcomes == [9, 9, 0, 0, 0])
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.what.contains("SQLSTATE 23503"), "\(failure)")
        #expect(try await memoir.psql("select count(*) from chapter_sections where content = 'from of old'") == "3")
    }

    @Test("that is a view is told to be no table, and nothing is made")
    func view() async throws {
        let memoir = try await Memoir(3)
        try await memoir.psql("alter table chapters rename to base; create view chapters as select * from base")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .failed, "\(failure)")
        #expect(try await memoir.psql("select to_regclass('chapter_sections') is null") == "t")
    }

    @Test("whose keys lie at the ends of their type, and far apart, is read whole")
    func extremeKeys() async throws {
        for rows in [1, 3, 100] as [Int64] {
            let memoir = try await Memoir(key: .bigint, limits: BatchLimits(rows: rows, workers: 2))
            try await memoir.psql(
                """
                insert into chapters (id, content) select i, '["x"]'
                  from unnest(array[-9223372036854775808, -9223372036854775807, -1, 0, 1, 4611686018427387904,
                                    9223372036854775806, 9223372036854775807]) i
                """)
            #expect(try await memoir.run().outcomes == [8, 8, 0, 0, 0])
            #expect(try await memoir.verify().hasPassed)
            #expect(try await memoir.run().changes == SourceChanges())
        }
    }

    @Test("of one row, or of none that can be migrated, has its counts right")
    func few() async throws {
        let one = try await Memoir(1)
        #expect(try await one.run().outcomes == [1, 1, 0, 0, 0])
        let bad = try await Memoir(25)
        try await bad.psql("update chapters set content = '7'")
        let result = try await bad.run()
        #expect(result.outcomes == [25, 0, 0, 25, 0] && result.summary.openRejects == 25)
        #expect(try await bad.psql("select count(*) from chapter_sections") == "0")
    }

    @Test("with generated columns beside the documents, and a generated document, is read as any other")
    func generatedColumns() async throws {
        let memoir = try await Memoir(0)
        try await memoir.psql(
            """
            drop table chapters;
            create table chapters (id bigint generated always as identity primary key, draft text, images jsonb,
                                   content text generated always as (upper(draft)) stored,
                                   length int generated always as (length(draft)) stored);
            insert into chapters (draft) select '# title ' || i from generate_series(1, 5) i
            """)
        #expect(try await memoir.run().outcomes == [5, 5, 0, 0, 0])
        #expect(try await memoir.psql("select min(title), max(title) from chapter_sections") == "TITLE 1|TITLE 5")
        #expect(try await memoir.verify().hasPassed)
    }

    @Test("in a database of another encoding loses no character: what that lacks is rejected")
    func latin1() async throws {
        let memoir = try await Memoir(encoding: "LATIN1")
        try await memoir.psql(
            #"""
            insert into chapters (id, content) values
              (\#(Memoir.key(1)), '["caf\u00e9"]'), (\#(Memoir.key(2)), '["plain"]'),
              (\#(Memoir.key(3)), convert_from('\x5b226361 66e9225d', 'LATIN1')::jsonb)
            """#)
        let result = try await memoir.run()
        #expect(result.outcomes == [3, 3, 0, 0, 0])
        #expect(
            try await memoir.psql(
                "select count(*) from chapter_sections where length(content) = 4 and content like 'caf_'")
                == "2")
    }
}
