import Foundation
import Support
import Testing

extension Endurance {
    /// Upgrades and downgrades that are killed, cut off or refused at some call to libpq.
    ///
    /// `ETL_NTH` says at how many calls each fault is tried, or `all`; else a few of the kills, and one of every other.
    @Suite struct RevisionFaultTests {
        private static let files = [
            (name: "1.sql", text: "-- revision: a\n-- upgrade\ncreate table a (n int);\n-- downgrade\ndrop table a;\n"),
            (
                name: "2.sql",
                text: """
                -- revision: b
                -- revises: a
                -- no transaction
                -- upgrade
                drop index concurrently if exists b;
                create index concurrently b on a (n);
                -- downgrade
                drop index concurrently if exists b;
                """
            ),
            (
                name: "3.sql",
                text:
                    "-- revision: c\n-- revises: b\n-- upgrade\nalter table a add c int;\n-- downgrade\nalter table a drop c;\n"
            ),
        ]

        /// What is there, as the catalogue says it, beside what the table of revisions says.
        private func places(_ project: RevisionProject) async throws -> (there: String, said: String) {
            let there = try await project.database.psql(
                """
                select concat_ws(' ',
                    case when to_regclass('public.a') is not null then 'a' end,
                    case when exists (select from pg_index where indexrelid = to_regclass('public.b') and indisvalid) then 'b' end,
                    case when exists (select from pg_attribute where attrelid = to_regclass('public.a') and attname = 'c'
                                         and not attisdropped) then 'c' end)
                """)
            let said = try await project.database.psql(
                """
                select to_regclass('etl.version') is null as none \\gset
                \\if :none
                \\else
                select coalesce(string_agg(revision || case state when 'applied' then '' else '?' end, ' ' order by revision), '')
                  from etl.version;
                \\endif
                """)
            return (there, said)
        }

        @Test(
            "a fault at any call leaves the old or the new revision, or a printed repair that works",
            arguments: ["upgrade", "downgrade"])
        func anyCall(verb: String) async throws {
            let start = try await RevisionProject.made("", Self.files)
            if verb == "downgrade" { try await start.output("upgrade head") }
            let command = verb == "upgrade" ? ["upgrade", "head"] : ["downgrade", "base"]
            let calls = try await calls(of: command, from: start)
            var numbers = SeededNumbers(seed: EndToEnd.seed &+ UInt64(verb.utf8.count))
            var ends = FaultCount()
            for fault in Faults.kinds {
                let some = (1...calls).shuffled(using: &numbers).prefix(Faults.wanted ?? (fault == "kill" ? 4 : 1))
                let end = { @Sendable place in try await disturb(command, place, from: start) }
                let count =
                    Faults.isEveryWanted
                    ? try await Faults.tried(everywhere: fault, end)
                    : try await Faults.tried(fault, atCalls: some, end)
                ends = ends + count
            }
            print("\(verb) of revisions, \(calls) calls, seed \(EndToEnd.seed): \(ends)")
        }

        private func calls(of command: [String], from start: RevisionProject) async throws -> Int {
            let project = try start.copy(on: try await start.database.copy())
            let run = try await project.etl(command, variables: CallCounts.variable(project.scratch))
            let calls = CallCounts(in: project.scratch).calls
            guard run.status == 0, calls > 0 else { throw UnexpectedEnd(run) }
            return calls
        }

        /// Runs a command with a fault, looks that nothing is half done in silence, and brings it to its end.
        private func disturb(_ command: [String], _ fault: String, from start: RevisionProject) async throws -> FaultEnd
        {
            let project = try start.copy(on: try await start.database.copy())
            let first = try await project.etl(
                command + ["--max-outage", "5"],
                variables: CallCounts.variable(project.scratch).merging(["ETL_FAULT": fault]) { $1 })
            let isReached = first.status == 137 || CallCounts(in: project.scratch).reach(fault)
            // The server may need a moment to notice that its client is gone.
            #expect(try await project.database.isLeftAlone(), "\(fault)")
            let places = try await places(project)
            if !places.said.contains("?") { #expect(places.there == places.said, "\(fault): \(first.stderr)") }
            var end = "ended with \(first.status)"
            var again = try await project.etl(command)
            if places.said.contains("?") {
                #expect(again.status == 4, "\(fault): \(again.stderr)")
                let repair = try #require(
                    again.stderr.firstMatch(of: #/next: .*: etl ((?:upgrade|downgrade) \w+ --redo)/#), "\(again.stderr)"
                )
                try await project.output(String(repair.1))
                end += ", repaired"
                again = try await project.etl(command)
            }
            #expect(again.status == 0, "\(fault): \(again.stderr)")
            let expected = command[0] == "upgrade" ? "a b c" : ""
            let last = try await self.places(project)
            #expect(last.there == expected && last.said == expected, "\(fault): \(last)")
            return FaultEnd(words: end, isReached: isReached)
        }
    }
}
