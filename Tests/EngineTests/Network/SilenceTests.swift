import Postgres
import Support
import Testing

@testable import Engine

@Suite("A network that dies without a word")
struct SilenceTests {
    /// 8 chapters in chunks of 4 for one worker, whose session falls silent as told when the first chunk is done.
    private func run(_ harm: Proxy.Harm, _ keywords: [(String, String)]) async throws -> [String] {
        var memoir = try await Memoir(8, limits: BatchLimits(rows: 4, workers: 1))
        let proxy = try Proxy(to: memoir.database.server)
        memoir.proxy = proxy
        memoir.keywords = keywords.map { (name: $0.0, value: $0.1) }
        // The server ends what was left open, or the next session would wait for it.
        memoir.deadlines.idle = 2
        let recorder = Recorder { event in
            guard case .progress(let progress) = event else { return }
            if progress.stage == "sections", progress.rowsHere == 4 { proxy.arm(harm) }
        }
        #expect(try await memoir.run(reporter: recorder).outcomes == [8, 8, 0, 0, 0])
        #expect(proxy.isSpent)
        #expect(try await memoir.content() == Memoir(8).migrated())
        return recorder.retries
    }

    @Test("is noticed by one who waits for an answer, because probes find nobody")
    func waiting() async throws {
        let retries = try await run(
            .silenceAtCommit(of: "etl:1:1"),
            [("keepalives_idle", "1"), ("keepalives_interval", "1"), ("tcp_user_timeout", "1500")])
        #expect(retries.first?.contains("Connection timed out") == true, "\(retries)")
    }

    @Test("is noticed by one who speaks, because nobody acknowledges")
    func speaking() async throws {
        let retries = try await run(
            .silenceAtAnswer(of: "etl:1:1"), [("keepalives_idle", "60"), ("tcp_user_timeout", "1000")])
        #expect(retries.first?.contains("Connection timed out") == true, "\(retries)")
    }

    @Test("but is slow only costs time")
    func slow() async throws {
        var memoir = try await Memoir(4, limits: BatchLimits(rows: 2, workers: 2))
        try await memoir.run(until: "tables")
        memoir.proxy = try Proxy(to: memoir.database.server, delay: 10)
        let recorder = Recorder()
        #expect(try await memoir.run(until: "sections", reporter: recorder).outcomes == [4, 4, 0, 0, 0])
        #expect(recorder.retries.isEmpty)
    }

    @Test("and answers late, or on another backend each time, carries a run as well as any other")
    func inTurns() async throws {
        var memoir = try await Memoir(12, limits: BatchLimits(rows: 4, workers: 2))
        memoir.proxy = try Proxy(to: memoir.database.server, .inTurns)
        let recorder = Recorder()
        #expect(try await memoir.run(reporter: recorder).outcomes == [12, 12, 0, 0, 0])
        #expect(recorder.retries.isEmpty)
        #expect(try await memoir.psql("select bool_and(pooled) from etl.workers") == "t")
        #expect(try await memoir.content() == Memoir(12).migrated())
    }
}
