import Foundation
import Support
import Testing

extension Company {
    @Suite struct WatchTests {
        @Test("watching in a pipe shows the run until nobody is at work, then ends with 0")
        func pipe() async throws {
            let database = try await LongRun.database()
            let run = try await LongRun.start(on: database, "--until", "sections")
            let watch = try database.start(["status", "--watch"])
            #expect(try await run.end().status == 3)
            let result = try await watch.end()
            let blocks = result.output.components(separatedBy: "\n\n")
            #expect(
                result.status == 0 && blocks.count >= 2 && result.stderr.isEmpty, "\(result.output)\(result.stderr)")
            #expect(blocks.first?.hasPrefix("chapter-sections: running (") == true)
            #expect(blocks.last?.hasPrefix("chapter-sections: stopped (") == true)
            #expect(!result.output.contains("\u{1B}"))
        }

        @Test("watching as JSON gives an object a line, the last one as the run ended")
        func json() async throws {
            let database = try await LongRun.database()
            let run = try await LongRun.start(on: database, "--until", "sections")
            let watch = try database.start(["status", "--watch", "--json"])
            #expect(try await run.end().status == 3)
            let result = try await watch.end()
            let objects = try #require(JSONLines.objects(of: result.output))
            let states = objects.compactMap { (($0["runs"] as? [[String: Any]])?.first?["state"]) as? String }
            #expect(result.status == 0 && states.count == objects.count, "\(result.output)")
            #expect(states.first == "running" && states.last == "stopped" && !states.contains("interrupted"))
        }

        @Test("watching after a kill tells that the run was interrupted, and ends")
        func killed() async throws {
            let database = try await LongRun.database()
            let run = try await LongRun.start(on: database)
            let watch = try database.start(["status", "--watch"])
            #expect(await eventually { watch.outputSoFar.contains("running") })
            run.kill(SIGKILL)
            _ = try await run.end()
            let result = try await watch.end()
            let last = result.output.components(separatedBy: "\n\n").last ?? ""
            #expect(result.status == 0 && last.hasPrefix("chapter-sections: interrupted ("), "\(result.output)")
        }

        @Test("a signal ends the watching in order, not the run", arguments: [SIGINT, SIGTERM])
        func signals(signal: Int32) async throws {
            let database = try await LongRun.database()
            let holder = try await LongRun.block(database)
            let run = try database.start(LongRun.command + ["--lock-timeout", "60"])
            #expect(try await eventually { try await !LongRun.waiters(in: database).isEmpty })
            let watch = try database.start(["status", "--watch"])
            #expect(await eventually { watch.outputSoFar.contains("running") })
            watch.kill(signal)
            let end = try await watch.timedEnd()
            #expect(end.result.status == 0 && end.seconds < 5 && run.isRunning, "\(end.result.stderr)")
            try await LongRun.release(holder, in: database)
            run.kill(SIGTERM)
            #expect(try await run.end().status == 143)
        }

        @Test("watching survives a session that is ended, and says so")
        func outage() async throws {
            let database = try await LongRun.database()
            let holder = try await LongRun.block(database)
            let run = try database.start(LongRun.command + ["--lock-timeout", "60"])
            #expect(try await eventually { try await !LongRun.waiters(in: database).isEmpty })
            let watch = try database.start(["status", "--watch"])
            #expect(await eventually { watch.outputSoFar.contains("running") })
            try await database.psql(
                """
                select pg_terminate_backend(pid) from pg_stat_activity
                 where datname = current_database() and application_name = 'etl'
                   and pid not in (select backend_pid from etl.workers where finished_at is null)
                """)
            #expect(await eventually { watch.errorsSoFar.contains("reading the ledger: ") }, "\(watch.errorsSoFar)")
            let told = watch.outputSoFar.components(separatedBy: "running (").count
            #expect(
                await eventually(within: .seconds(20)) {
                    watch.outputSoFar.components(separatedBy: "running (").count > told
                })
            try await LongRun.release(holder, in: database)
            run.kill(SIGTERM)
            #expect(try await run.end().status == 143)
            #expect(try await watch.end().status == 0)
        }

        @Test("on a terminal the lines are drawn over, cut to its width, in colour unless NO_COLOR is set")
        func terminal() async throws {
            let database = try await LongRun.database()
            let run = try await LongRun.start(on: database, "--until", "sections")
            let shell = try database.shell(
                #"unset NO_COLOR; export ETL="$0" TERM=xterm; exec script -qec "$1" /dev/null"#,
                [#"stty cols 60 rows 12 && "$ETL" status --watch && NO_COLOR=1 "$ETL" status"#])
            #expect(try await run.end().status == 3)
            let result = try await shell.end()
            let paintings = result.output.split(separator: #/\u{1B}\[\d+F/#)
            #expect(result.status == 0 && paintings.count >= 2, "\(result.output)")
            #expect(paintings.first?.contains("\u{1B}[36mrunning\u{1B}[0m") == true)
            let plain = paintings.dropLast().map { $0.replacing(#/\u{1B}\[[0-9;]*[mKJ]/#, with: "") }
            #expect(plain.joined().split(separator: "\r\n").allSatisfy { $0.count < 60 }, "\(plain)")
            let ends = (paintings.last ?? "").components(separatedBy: "\u{1B}[J")
            #expect(ends.count == 2 && ends[0].contains("\u{1B}[33mstopped\u{1B}[0m"), "\(ends)")
            #expect(ends.last?.contains("stopped (run ") == true && ends.last?.contains("\u{1B}") == false)
        }
    }
}
