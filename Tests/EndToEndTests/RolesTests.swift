import Support
import Testing

extension Behaviour {
    @Suite struct RolesTests {
        @Test(
            "the owner's role alters tables, the runner's does the rest, and neither is a superuser",
            .enabled(if: MemoirDatabase.roles != nil, "ETL_E2E_ROLES names the roles"))
        func shared() async throws {
            let roles = try #require(MemoirDatabase.roles)
            let database = try await MemoirDatabase.holding(Chapters(rows: 40, seed: 3))
            let commands = [
                (words: ["run", "chapter-sections", "--until", "tables"], role: roles.owner),
                (["run", "chapter-sections", "--until", "sections"], roles.runner),
                (["run", "chapter-sections"], roles.owner), (["run", "chapter-sections"], roles.runner),
                (["catch-up", "chapter-sections"], roles.runner), (["verify", "chapter-sections"], roles.runner),
                (["undo", "chapter-sections", "--confirm", database.name], roles.owner),
                (["purge", "chapter-sections"], roles.owner),
            ]
            for (words, role) in commands {
                #expect(try database.user(for: words) == role, "\(words)")
                let result = try await database.start(words).end()
                #expect([0, 3].contains(result.status), "\(words): \(result.stderr)")
            }
            let acts = try await database.psql(
                """
                select string_agg(format('%s acts of %s', count, session_role), ', ' order by session_role) from
                       (select count(*), session_role from etl.audit group by session_role) a
                """)
            #expect(acts.contains(" of \(roles.owner)") && acts.contains(" of \(roles.runner)"), "\(acts)")
            let superusers = try await database.psql(
                "select count(*) from pg_roles where rolsuper and rolname in ('\(roles.owner)', '\(roles.runner)')")
            #expect(superusers == "0")
            print("two roles: \(acts)")
        }
    }
}
