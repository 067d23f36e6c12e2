import Foundation
import Support
import Testing

extension Behaviour {
    @Suite struct ReadOnlyTests {
        private static let looks = [["plan"], ["plan", "--rows", "3"], ["preflight"], ["verify"], ["status"]]

        /// How far the pipelines are when a role looks at them.
        enum Stand: String, CaseIterable, Sendable {
            case nothing, midway, done, dropped
        }

        @Test(
            "a role that may only read can plan, preflight, verify and see status, and changes nothing by it",
            arguments: Stand.allCases)
        func reader(stand: Stand) async throws {
            let database = try await database(at: stand)
            let role = try await reader(of: database)
            let before = try await Contents(of: database)
            for look in Self.looks {
                for pipeline in Workflow.pipelines {
                    let command = [look[0], pipeline] + look.dropFirst()
                    let result = try await database.start(command, variables: role).end()
                    let said = "\(command) at \(stand): \(result.status)\n\(result.output)\(result.stderr)"
                    #expect(allowed(look[0], pipeline, at: stand).contains(result.status), "\(said)")
                    #expect(!result.output.isEmpty || !result.stderr.isEmpty, "\(said)")
                    if result.status == 3 || result.status == 0, look[0] == "verify", stand == .done {
                        #expect((result.output + result.stderr).contains("stored"), "\(said)")
                    }
                }
            }
            let after = try await Contents(of: database)
            #expect(after.dump == before.dump)
            #expect(after.counters == before.counters)
        }

        /// The codes that a look may end with: a problem is told with 1, one that was never begun with 2.
        private func allowed(_ look: String, _ pipeline: String, at stand: Stand) -> [Int32] {
            switch look {
            case "plan", "status": return [0]
            // Whoever may only read lacks privileges as long as something is to do.
            case "preflight": return stand == .done || stand == .dropped ? [0] : [1]
            default:
                switch stand {
                // What was never begun cannot be verified; what is midway can, as far as it is.
                case .nothing: return [2]
                case .midway: return pipeline == "chapter-sections" ? [0, 3, 4] : [2]
                case .done, .dropped: return [0, 3]
                }
            }
        }

        private func database(at stand: Stand) async throws -> MemoirDatabase {
            let database = try await MemoirDatabase.holding(
                Chapters(rows: 60, seed: 41, content: .json, bad: 0.1, covers: .every))
            switch stand {
            case .nothing: break
            case .midway:
                let run = try await database.etl("run", "chapter-sections", "--until", "sections", "--batch-rows", "20")
                #expect(run.status == 3, "\(run.stderr)")
            case .done:
                #expect(try await database.start(["run"] + Workflow.pipelines).end().status == 3)
            case .dropped:
                #expect(try await database.start(["run"] + Workflow.pipelines).end().status == 3)
                let losses = try await database.losses(of: "sections")
                let all = try await database.start(Workflow.everything(on: database, accepting: losses)).end()
                #expect(all.status == 3, "\(all.stderr)")
            }
            return database
        }

        /// A role with SELECT on whatever there is; returns the variables that make the program use it.
        private func reader(of database: MemoirDatabase) async throws -> [String: String] {
            let role = "looker_of_\(database.name)"
            try await database.psql("create role \(role) login; grant usage on schema public to \(role);")
            try await database.psql("grant select on all tables in schema public to \(role)")
            if try await database.count("pg_namespace where nspname = 'etl'") == 1 {
                try await database.psql(
                    "grant usage on schema etl to \(role); grant select on all tables in schema etl to \(role)")
            }
            return ["DATABASE_URL": database.url.replacing("user=postgres", with: "user=\(role)")]
        }

        /// All that a database holds, and how often rows of its tables were written.
        private struct Contents {
            let dump: String
            let counters: String

            init(of database: MemoirDatabase) async throws {
                let program = try await blocking { [url = database.url] in
                    try runProgram("pg_dump", arguments: ["-d", url])
                }
                guard program.status == 0 else { throw UnexpectedEnd(program) }
                // A random word that psql of newer versions is protected with.
                dump = program.output.split(separator: "\n").filter { !$0.hasPrefix("\\") }.joined(separator: "\n")
                // Not those that the server writes when it analyzes by itself, and not the tables of all databases.
                counters = try await database.psql(
                    """
                    select schemaname, s.relname, n_tup_ins, n_tup_upd, n_tup_del
                      from pg_stat_all_tables s join pg_class c on c.oid = relid and not relisshared
                     where relid not in (
                               select unnest(array[oid, reltoastrelid]) from pg_class where relname ~ '^pg_statistic')
                       and n_tup_ins + n_tup_upd + n_tup_del > 0 order by 1, 2
                    """)
            }
        }
    }
}
