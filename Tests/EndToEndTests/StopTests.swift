import Glibc
import Support
import Testing

extension Company {
    @Suite struct StopTests {
        @Test(
            "a signal ends a run in order, and the next run goes on from there",
            arguments: [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)])
        func signals(signal: Int32, code: Int32) async throws {
            let database = try await LongRun.database()
            let run = try await LongRun.start(on: database)
            run.kill(signal)
            let end = try await run.timedEnd()
            #expect(end.result.status == code && end.seconds < 10)
            #expect(end.result.stderr.contains("etl: stopping in order; the batch in hand is finished or rolled back"))
            #expect(end.result.stderr.hasSuffix("stopped as asked\nnext: go on with: etl run chapter-sections\n"))
            #expect(end.result.output.isEmpty)
            #expect(try await database.isLeftAlone())
            #expect(try await database.psql("select state from etl.runs") == "stopped")
            #expect(try await database.count("etl.chunks where state = 'todo' and attempt > 0") == 0)
            let finish = try await LongRun.finish(database)
            #expect(finish.status == 3 && finish.verdict.hasSuffix(asContracted), "\(finish.verdict)")
        }

        @Test("a run that waits for a lock is stopped within ten seconds all the same")
        func patience() async throws {
            let database = try await LongRun.database()
            let holder = try await LongRun.block(database)
            let run = try database.start(LongRun.command + ["--lock-timeout", "60"])
            #expect(try await eventually { try await !LongRun.waiters(in: database).isEmpty })
            run.kill(SIGTERM)
            let end = try await run.timedEnd()
            #expect(end.result.status == 143 && end.seconds < 10, "\(end.seconds) s")
            #expect(end.result.stderr.contains("\nnext: "))
            #expect(try await database.isLeftAlone())
            try await LongRun.release(holder, in: database)
            let finish = try await LongRun.finish(database)
            #expect(finish.status == 3 && finish.verdict.hasSuffix(asContracted), "\(finish.verdict)")
        }

        @Test(
            "a second SIGINT ends a run within a second, though it waits for a lock or its server process is frozen",
            arguments: [false, true])
        func secondSignal(isFrozen: Bool) async throws {
            let database = try await LongRun.database()
            let holder = try await LongRun.block(database)
            let run = try database.start(LongRun.command + ["--lock-timeout", "60"])
            #expect(try await eventually { try await !LongRun.waiters(in: database).isEmpty })
            // One that waits for a lock holds none of those inside the server, so it can be frozen without harm.
            let waiters = try await LongRun.waiters(in: database)
            if isFrozen { for pid in waiters { #expect(kill(pid, SIGSTOP) == 0) } }
            run.kill(SIGINT)
            #expect(await eventually { run.errorsSoFar.contains("stopping in order") })
            run.kill(SIGINT)
            let end = try await run.timedEnd()
            for pid in waiters { kill(pid, SIGCONT) }
            #expect(end.result.status == 130 && end.seconds < 1, "\(end.seconds) s")
            #expect(end.result.stderr.contains("\nnext: "))
            try await LongRun.release(holder, in: database)
            #expect(try await database.isLeftAlone())
            let finish = try await LongRun.finish(database)
            #expect(finish.status == 3 && finish.verdict.hasSuffix(asContracted), "\(finish.verdict)")
        }

        @Test("a second SIGINT ends a run within a second, though it waits for a server that never answers")
        func connecting() async throws {
            let database = try await MemoirDatabase.empty()
            let silence = try Listener(answering: [])
            let url =
                "postgresql://postgres@\(Listener.address):\(silence.port)/memoir?sslmode=require&connect_timeout=60"
            let run = try database.start(LongRun.command + ["--database-url", url, "--connect-timeout", "60"])
            #expect(await eventually { silence.visits > 0 })
            run.kill(SIGINT)
            #expect(await eventually { run.errorsSoFar.contains("stopping in order") })
            run.kill(SIGINT)
            let end = try await run.timedEnd()
            #expect(end.result.status == 130 && end.seconds < 1, "\(end.seconds) s")
            #expect(end.result.stderr.contains("\nnext: "))
        }

        @Test("a run under nohup does not heed SIGHUP")
        func nohup() async throws {
            let database = try await LongRun.database()
            let run = try database.shell("exec nohup \"$0\" \"$@\"", LongRun.command)
            #expect(try await database.awaitChunks(3))
            run.kill(SIGHUP)
            let result = try await run.end()
            #expect(result.status == 3 && !result.stderr.contains("stopping"))
        }

        @Test("etl stop ends a run from elsewhere with 143; when nobody works it says so")
        func stopCommand() async throws {
            let database = try await LongRun.database()
            let run = try await LongRun.start(on: database)
            let asked = try await database.etl("stop", "chapter-sections")
            let end = try await run.timedEnd()
            #expect(asked.status == 0 && asked.output.contains("asked process \(run.pid) on "), "\(asked.stderr)")
            #expect(end.result.status == 143 && end.seconds < 10)
            #expect(end.result.stderr.hasSuffix("next: go on with: etl run chapter-sections\n"))
            #expect(try await database.isLeftAlone())
            let again = try await database.etl("stop", "chapter-sections")
            #expect(again.status == 0 && again.output.contains("nobody works on it"))
            let json = try await database.etl("stop", "chapter-sections", "--json")
            #expect(json.output == #"{"asked":[]}"# + "\n")
            // What was asked then does not hold for the next run.
            let finish = try await LongRun.finish(database)
            #expect(finish.status == 3 && finish.verdict.hasSuffix(asContracted), "\(finish.verdict)")
        }
    }
}
