import Foundation
import Support
import Testing

extension Behaviour {
    @Suite struct GuardedServerTests {
        /// The ways in which a password reaches libpq.
        enum Way: CaseIterable {
            case url, variable, file, namedFile, service
        }

        private static let user = GuardedServer.role
        private static let encoded = GuardedServer.password.utf8.map { byte in
            byte < 0x80 && Character(UnicodeScalar(byte)).isLetter
                ? String(UnicodeScalar(byte)) : String(format: "%%%02X", byte)
        }.joined()
        /// A line of a password file, in which a colon has a backslash before it.
        private static let line = "*:*:*:\(user):\(GuardedServer.password.replacing(":", with: "\\:"))\n"

        private func variables(_ way: Way, _ server: GuardedServer) throws -> [String: String] {
            let url = "postgresql://\(Self.user)@\(server.place)"
            switch way {
            case .url: return ["DATABASE_URL": "postgresql://\(Self.user):\(Self.encoded)@\(server.place)"]
            case .variable: return ["DATABASE_URL": url, "PGPASSWORD": GuardedServer.password]
            case .file:
                _ = try server.write(Self.line, to: ".pgpass")
                return ["DATABASE_URL": url]
            case .namedFile: return ["DATABASE_URL": url, "PGPASSFILE": try server.write(Self.line, to: "passwords")]
            case .service:
                return ["PGSERVICE": "guarded", "PGSERVICEFILE": try server.write(server.service, to: "services")]
            }
        }

        @Test(
            "a server that asks for a password gets it, whatever is in it, from wherever libpq takes one; nobody else does",
            arguments: Way.allCases)
        func ways(way: Way) async throws {
            let server = try await GuardedServer.start()
            let variables = try variables(way, server)
            for arguments in [
                ["status"], ["config"], ["run", "chapter-sections"], ["run", "chapter-sections", "--json"],
            ] {
                let log = ["--log-file", "\(server.home.path)/log"]
                let result = try await server.start(arguments + log, variables).end()
                // There are no chapters to run over.
                #expect(result.status == (arguments[0] == "run" ? 1 : 0), "\(arguments): \(result.stderr)")
            }
            #expect(try !MemoirDatabase.isShown(in: server.home.text("log")))
            // All that was said to it is in there.
            let log = try server.log
            #expect(log.contains("set local search_path") && !MemoirDatabase.isShown(in: log))
        }

        @Test("without a password, or with a wrong one, the program ends at once; nobody is asked for one")
        func without() async throws {
            let server = try await GuardedServer.start()
            let url = "postgresql://\(Self.user)@\(server.place)"
            let none = try await server.start(["run", "chapter-sections"], ["DATABASE_URL": url]).timedEnd()
            #expect(none.result.status == 2 && none.seconds < 10, "\(none.result.stderr)")
            #expect(none.result.stderr.contains("no password supplied"))
            #expect(none.result.stderr.contains("next: give the password"), "\(none.result.stderr)")
            #expect(!none.result.stderr.contains("Password"))

            _ = try server.write(Self.line, to: ".pgpass", mode: 0o644)
            let open = try await server.start(["status"], ["DATABASE_URL": url]).end()
            #expect(open.status == 2 && open.stderr.contains("no password supplied"), "\(open.stderr)")
            #expect(open.stderr.contains(#"password file "\#(server.home.path)/.pgpass" has group or world access"#))

            let wrong = ["DATABASE_URL": url, "PGPASSWORD": GuardedServer.password + "!"]
            let refused = try await server.start(["run", "chapter-sections"], wrong).end()
            #expect(
                refused.status == 2 && refused.stderr.contains("password authentication failed"), "\(refused.stderr)")
        }

        @Test(
            "what a document holds that its table refuses is in the server's log, unless that is terse, and never in ours"
        )
        func documents() async throws {
            let server = try await GuardedServer.start()
            try await server.psql(
                """
                set role \(Self.user); create table chapters (id bigint primary key, content jsonb, images jsonb);
                insert into chapters values (1, '["calm"]', null), (2, '["Secret words"]', null)
                """)
            let variables = try variables(.variable, server)
            let log = ["--log-file", "\(server.home.path)/log"]
            func etl(_ words: String..., ending status: Int32) async throws {
                let result = try await server.start(words + log, variables).end()
                #expect(result.status == status, "\(words): \(result.stderr)")
                #expect(
                    !(result.output + result.stderr).contains("ecret"), "\(words): \(result.output)\(result.stderr)")
            }
            try await etl("run", "chapter-sections", "--until", "tables", ending: 0)
            try await server.psql("alter table chapter_sections add constraint calm check (content !~ '^(S|s)')")
            try await etl("run", "chapter-sections", ending: 3)
            #expect(try server.log.contains("Secret words"))
            try await server.psql(
                "alter role \(Self.user) set log_error_verbosity = terse; "
                    + "update chapters set content = '[\"secret as well\"]' where id = 2")
            try await etl("retry", "chapter-sections", "--json", ending: 3)
            try await etl("catch-up", "chapter-sections", ending: 3)
            try await etl("rejects", "chapter-sections", "--json", ending: 0)
            try await etl("rejects", "chapter-sections", "--export", "-", ending: 0)
            try await etl("status", "chapter-sections", ending: 0)
            let refusals = try server.log.split(separator: "violates check constraint \"calm\"").count - 1
            #expect(refusals > 2)
            let told = try server.log.split(separator: "\n").filter { $0.contains("secret as well") }
            // What the test itself has said.
            #expect(told.allSatisfy { $0.contains("update chapters") }, "\(told)")
            #expect(try !server.home.text("log").contains("ecret"))
        }

        @Test("a password that is changed in the middle of a run ends it, and with the new one it goes on")
        func changed() async throws {
            let server = try await GuardedServer.start()
            try await server.psql(
                """
                set role \(Self.user); create table chapters (id bigint primary key, content jsonb, images jsonb);
                insert into chapters (id, content) select i, '["one", "two"]' from generate_series(1, 40) i
                """)
            let url = ["DATABASE_URL": "postgresql://\(Self.user)@\(server.place)"]
            func run(_ password: String, _ more: String...) throws -> RunningProgram {
                let words =
                    ["run", "chapter-sections", "--workers", "2", "--batch-rows", "4", "--max-outage", "40"] + more
                return try server.start(words, url.merging(["PGPASSWORD": password]) { $1 })
            }
            #expect(try await run(GuardedServer.password, "--until", "tables").end().status == 0)
            // Nobody gets rows into the table.
            try await server.psql("begin; lock table chapter_sections in share mode; prepare transaction 'held'")
            let stuck = try run(GuardedServer.password)
            let waiting = "from pg_stat_activity where usename = '\(Self.user)' and wait_event_type = 'Lock'"
            #expect(try await eventually { try await server.psql("select count(*) > 0 \(waiting)") == "t" })
            let another = MemoirDatabase.canary + "2"
            try await server.setPassword(another)
            try await server.psql(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = '\(Self.user)'")
            let (result, seconds) = try await stuck.timedEnd()
            #expect(result.status == 6 && seconds < 20, "\(result.stderr)")
            #expect(result.stderr.contains("password authentication failed"), "\(result.stderr)")
            #expect(result.stderr.contains("go on with: etl run chapter-sections"), "\(result.stderr)")
            // Each of three sessions asked once more.
            let refusals = try server.log.split(separator: "password authentication failed for user").count - 1
            #expect((1...3).contains(refusals), "\(refusals)")
            try await server.psql("rollback prepared 'held'")
            #expect(try await run(GuardedServer.password).end().status == 2)
            #expect(try await run(another).end().status == 0)
            #expect(
                try await server.psql("select sum(read), sum(migrated) from etl.chunks where stage = 'sections'")
                    == "40|40")
            #expect(try !MemoirDatabase.isShown(in: server.log))
        }
    }
}
