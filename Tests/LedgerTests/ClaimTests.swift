import Ledger
import Postgres
import Support
import Testing

@Suite("A claim")
struct ClaimTests {
    private func claim(_ book: Book, _ stage: ChunkedStage, by worker: WorkerID, on session: Connection) throws
        -> ClaimResult
    {
        try session.write { try book.ledger.claim(stage, by: worker, $0) }
    }

    /// Makes claims older, so that no test depends on how fast the machine is; a negative age keeps them young.
    private func age(_ session: Connection, _ interval: String, only rows: SQL = "true") throws {
        try session.write {
            _ = try $0.run("update chunks set claimed_at = claimed_at - \(.text(interval))::interval where \(rows)")
        }
    }

    @Test("takes the next chunk and counts the attempt, until none is left")
    func inOrder() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage(bounds: ["10", "20"])
        let results = try await book.session { session in
            let worker = try book.addWorker(session, to: stage.run)
            var results: [ClaimResult] = []
            for _ in 0..<4 {
                let result = try claim(book, stage, by: worker, on: session)
                results.append(result)
                guard case .claimed(let claimed) = result else { continue }
                try session.write { transaction in
                    guard try book.ledger.lockChunk(claimed, of: stage, by: worker, transaction) else { return }
                    try book.ledger.finishChunk(claimed, of: stage, with: ChunkOutcome(), endingAt: nil, transaction)
                }
            }
            return results
        }
        let (ten, twenty) = (Key([Array("10".utf8)]), Key([Array("20".utf8)]))
        #expect(
            results == [
                .claimed(Claim(n: 1, range: KeyRange(above: nil, through: ten), attempt: 1)),
                .claimed(Claim(n: 2, range: KeyRange(above: ten, through: twenty), attempt: 1)),
                .claimed(Claim(n: 3, range: KeyRange(above: twenty, through: nil), attempt: 1)),
                .noneLeft,
            ])
    }

    @Test("of a living worker is left alone while it is young, and then taken without being counted")
    func living() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        let (young, old) = try await book.session { session in
            let other = try book.database.connect()
            let (worker, rival) = (try book.addWorker(session, to: stage.run), try book.addWorker(other, to: stage.run))
            _ = try claim(book, stage, by: worker, on: session)
            try age(session, "-1 hour")
            let young = try claim(book, stage, by: rival, on: other)
            try age(session, "1 hour 2 seconds")
            return (young, try claim(book, stage, by: rival, on: other))
        }
        #expect(young == .othersAtWork)
        #expect(old == .claimed(Claim(n: 1, range: KeyRange(above: nil, through: nil), attempt: 1)))
    }

    @Test("of a dead worker is taken at once and counted, until the attempts are used up")
    func dead() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        let attempts = try await book.session { session in
            try (1...4).map { _ in
                let victim = try book.database.connect()
                let worker = try book.addWorker(victim, to: stage.run)
                let result = try claim(book, stage, by: worker, on: victim)
                try book.database.psql("select pg_terminate_backend(\(victim.backend.pid), 10000)")
                return result
            }
        }
        let whole = KeyRange(above: nil, through: nil)
        #expect(
            attempts == [
                .claimed(Claim(n: 1, range: whole, attempt: 1)), .claimed(Claim(n: 1, range: whole, attempt: 2)),
                .claimed(Claim(n: 1, range: whole, attempt: 3)), .exhausted(n: 1, range: whole),
            ])
    }

    @Test("passes over a chunk that is locked, whatever its claim says")
    func locked() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage(bounds: ["10"])
        let (second, third) = try await book.session { session in
            let other = try book.database.connect()
            let (worker, rival) = (try book.addWorker(session, to: stage.run), try book.addWorker(other, to: stage.run))
            guard case .claimed(let claimed) = try claim(book, stage, by: worker, on: session) else { throw Aborted() }
            try age(session, "1 hour")
            return try session.write { transaction in
                guard try book.ledger.lockChunk(claimed, of: stage, by: worker, transaction) else { throw Aborted() }
                let second = try claim(book, stage, by: rival, on: other)
                try age(other, "-1 hour", only: "n = 2")
                return (second, try book.database.connect().write { try book.ledger.claim(stage, by: worker, $0) })
            }
        }
        guard case .claimed(let claimed) = second else {
            Issue.record("\(second)")
            return
        }
        #expect(claimed.n == 2)
        #expect(third == .othersAtWork)
    }

    @Test("that another took over cannot be locked any more")
    func takenOver() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        let locked = try await book.session { session in
            let other = try book.database.connect()
            let (worker, rival) = (try book.addWorker(session, to: stage.run), try book.addWorker(other, to: stage.run))
            guard case .claimed(let mine) = try claim(book, stage, by: worker, on: session) else { throw Aborted() }
            try age(session, "1 hour")
            guard case .claimed(let theirs) = try claim(book, stage, by: rival, on: other) else { throw Aborted() }
            return [
                try session.write { try book.ledger.lockChunk(mine, of: stage, by: worker, $0) },
                try other.write { try book.ledger.lockChunk(theirs, of: stage, by: rival, $0) },
            ]
        }
        #expect(locked == [false, true])
    }

    @Test("that is given back is not counted, and is free at once for others")
    func released() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        let result = try await book.session { session in
            let other = try book.database.connect()
            let (worker, rival) = (try book.addWorker(session, to: stage.run), try book.addWorker(other, to: stage.run))
            _ = try claim(book, stage, by: worker, on: session)
            try session.write { try book.ledger.releaseClaims(of: worker, $0) }
            return try claim(book, stage, by: rival, on: other)
        }
        #expect(result == .claimed(Claim(n: 1, range: KeyRange(above: nil, through: nil), attempt: 1)))
    }

    @Test("in a transaction that is rolled back was never made")
    func rolledBack() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        try await book.session { session in
            let worker = try book.addWorker(session, to: stage.run)
            #expect(throws: Aborted.self) {
                try session.write { transaction in
                    _ = try book.ledger.claim(stage, by: worker, transaction)
                    throw Aborted()
                }
            }
        }
        #expect(try await book.psql("select attempt, claimant is null from chunks") == "0|t")
    }

    @Test("is had by exactly one of many who ask at once")
    func atOnce() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage(bounds: (1...7).map { String($0) })
        let results = try await book.session { session in
            let sessions = try (0..<8).map { _ in try book.database.connect() }
            let workers = try sessions.map { try book.addWorker($0, to: stage.run) }
            // Every transaction stays open until all have asked.
            func ask(_ index: Int) throws -> [ClaimResult] {
                if index == 8 { return [try claim(book, stage, by: workers[0], on: session)] }
                return try sessions[index].write { transaction in
                    [try book.ledger.claim(stage, by: workers[index], transaction)] + (try ask(index + 1))
                }
            }
            return try ask(0)
        }
        let numbers = results.compactMap { if case .claimed(let claim) = $0 { claim.n } else { nil } }
        #expect(numbers == Array(1...8))
        #expect(results.last == .othersAtWork)
    }
}
