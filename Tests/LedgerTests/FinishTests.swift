import Ledger
import Postgres
import Support
import Testing

@Suite("A chunk")
struct FinishTests {
    /// A claimed chunk of a stage with one, its worker's session, and what is done with them in one transaction.
    private func work<Value: Sendable>(
        in book: Book,
        _ body: @escaping @Sendable (Claim, ChunkedStage, WorkerID, borrowing Transaction) throws -> Value
    ) async throws -> Value {
        let stage = try await book.beginStage()
        return try await book.session { session in
            let worker = try book.addWorker(session, to: stage.run)
            let claim = try session.claimOne(of: stage, by: worker, in: book)
            return try session.write { transaction in
                guard try book.ledger.lockChunk(claim, of: stage, by: worker, transaction) else { throw Aborted() }
                return try body(claim, stage, worker, transaction)
            }
        }
    }

    private var outcome: ChunkOutcome {
        var outcome = ChunkOutcome()
        outcome.migrated = 5
        outcome.empty = 2
        outcome.rejected = 1
        outcome.adopted = 3
        outcome.targetRows = 40
        outcome.bytes = 1_234
        outcome.seen.append(keyHash: -2, xmin: 0xFFFF_FFFE, mark: .max)
        outcome.seen.append(keyHash: 7, xmin: 3, mark: .max)
        outcome.unmapped = [Array("e\u{301}".utf8): 2, Array("\u{e9}".utf8): 3]
        return outcome
    }

    @Test("that is done holds its counts, what was seen, and the keys that nothing reads")
    func finished() async throws {
        let book = try await Book.open()
        let outcome = outcome
        let totals = try await work(in: book) { claim, stage, _, transaction in
            try book.ledger.finishChunk(claim, of: stage, with: outcome, endingAt: nil, transaction)
            return try book.ledger.totals(of: "load", in: stage.run, transaction)
        }
        #expect([totals.read, totals.migrated, totals.empty, totals.rejected, totals.gone] == [8, 5, 2, 1, 0])
        #expect([totals.adopted, totals.targetRows, totals.bytes] == [3, 40, 1_234])
        #expect([totals.chunksDone, totals.chunks] == [1, 1])
        #expect(
            try await book.psql("select encode(seen, 'hex'), seen_sum, encode(written, 'hex') from chunks")
                == "fffffffffffffffefffffffe000000000000000700000003|18446744073709551614|00")
        #expect(
            try await book.psql("select octet_length(name), count from unmapped order by count") == "3|2\n2|3")
    }

    @Test("that is done is read as it was stored")
    func reread() async throws {
        let book = try await Book.open()
        let numbers: [Int64] = [.min, -1, 0, 0x0123_4567_89AB_CDEF, -0x0123_4567_89AB_CDEF, .max]
        let rows = (0..<20).map { place in
            SeenRow(
                keyHash: numbers[place % 6] &+ Int64(place), xmin: UInt32(truncatingIfNeeded: numbers[place % 5]),
                fate: [.migrated, .empty, .rejected][place % 3],
                written: [0, 7, 8, 12, 19].contains(place) ? numbers[place % 6] : nil)
        }
        var outcome = ChunkOutcome()
        for (place, row) in rows.enumerated() {
            outcome.seen.append(keyHash: row.keyHash, xmin: row.xmin, mark: 1, fate: row.fate)
            if let value = row.written { outcome.seen.keep(value, at: place) }
        }
        outcome.migrated = 20
        let chunk = try await work(in: book) { [outcome] claim, stage, _, transaction in
            try book.ledger.finishChunk(claim, of: stage, with: outcome, endingAt: nil, transaction)
            return try book.ledger.doneChunk(claim.n, of: stage, transaction)
        }
        #expect(chunk?.rows == rows)
        #expect(chunk?.sum == 20)
    }

    @Test("that is done in a transaction that is rolled back is not done, and has no counts")
    func rolledBack() async throws {
        let book = try await Book.open()
        let outcome = outcome
        await #expect(throws: Aborted.self) {
            try await work(in: book) { claim, stage, _, transaction in
                try book.ledger.addRejects([], in: claim, of: stage, transaction)
                try book.ledger.finishChunk(claim, of: stage, with: outcome, endingAt: nil, transaction)
                throw Aborted()
            }
        }
        #expect(
            try await book.psql("select state, read, length(seen), finished_at is null from chunks") == "todo|0|0|t")
        #expect(try await book.psql("select count(*) from unmapped") == "0")
    }

    @Test("whose reading stopped early ends there, and the rest is a new one without attempts")
    func endsEarly() async throws {
        let book = try await Book.open()
        let outcome = outcome
        let left = try await work(in: book) { claim, stage, _, transaction in
            let end = Key([Array("m, {\"".utf8)])
            try book.ledger.finishChunk(claim, of: stage, with: outcome, endingAt: end, transaction)
            return try book.ledger.chunksLeft(of: stage, transaction)
        }
        #expect(left == 1)
        #expect(
            try await book.psql(
                "select n, lower[1], upper[1], state, claimant is null, attempt, read from chunks order by n")
                == "1||m, {\"|done|f|1|8\n2|m, {\"||todo|t|0|0")
    }

    @Test("is known to be done by its worker, whether it ended early or not", arguments: [true, false])
    func knownDone(endsEarly: Bool) async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        let answers = try await book.session { session in
            let other = try book.database.connect()
            let (worker, rival) = (try book.addWorker(session, to: stage.run), try book.addWorker(other, to: stage.run))
            let claim = try session.claimOne(of: stage, by: worker, in: book)
            let before = try other.write { try book.ledger.isDone(claim, of: stage, by: worker, $0) }
            try session.write { transaction in
                let end = endsEarly ? Key([Array("5".utf8)]) : nil
                try book.ledger.finishChunk(claim, of: stage, with: ChunkOutcome(), endingAt: end, transaction)
            }
            return try other.write { transaction in
                [before] + [
                    try book.ledger.isDone(claim, of: stage, by: worker, transaction),
                    try book.ledger.isDone(claim, of: stage, by: rival, transaction),
                ]
            }
        }
        #expect(answers == [false, true, false])
    }

    @Test("is not done where the commit that made it was lost with the one that did it")
    func gone() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        let isDone = try await book.session { session in
            let worker = try book.addWorker(session, to: stage.run)
            let claim = try session.claimOne(of: stage, by: worker, in: book)
            _ = try session.write { try $0.run("delete from chunks") }
            return try session.write { try book.ledger.isDone(claim, of: stage, by: worker, $0) }
        }
        #expect(!isDone)
    }

    @Test("is not known to be done or not while an old session may still commit it")
    func stillOpen() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        let answer = try await book.session { session -> Result<Bool, PostgresError> in
            let worker = try book.addWorker(session, to: stage.run)
            let claim = try session.claimOne(of: stage, by: worker, in: book)
            return try session.write { transaction in
                try book.ledger.finishChunk(claim, of: stage, with: ChunkOutcome(), endingAt: nil, transaction)
                let impatient = TransactionSettings(schemas: [Identifier("etl")], statement: 30, lock: 0.1)
                do {
                    return .success(
                        try book.database.connect().transaction(impatient) {
                            try book.ledger.isDone(claim, of: stage, by: worker, $0)
                        })
                } catch let error as PostgresError {
                    return .failure(error)
                }
            }
        }
        guard case .failure(let error) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(error.serverError?.sqlstate == "55P03")
    }

    @Test("can be halved again and again: the parts touch, cover the whole, and begin without attempts")
    func halving() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        _ = try await book.psql("update chunks set attempt = 3")
        try await book.write { transaction in
            try book.ledger.split(1, of: stage, at: Key([Array("m".utf8)]), transaction)
            try book.ledger.split(1, of: stage, at: Key([Array("f".utf8)]), transaction)
            try book.ledger.split(2, of: stage, at: Key([Array("t".utf8)]), transaction)
        }
        #expect(
            try await book.psql(
                "select n, lower[1], upper[1], attempt from chunks order by lower collate \"C\" nulls first")
                == "1||f|0\n3|f|m|0\n2|m|t|0\n4|t||0")
    }

    @Test("is split by two at once without two parts of one number")
    func splitAtOnce() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage(bounds: ["b", "c", "d", "e", "f", "g", "h"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (n, key) in zip(1..., ["a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1"]) {
                group.addTask {
                    try await book.write {
                        try book.ledger.split(Int64(n), of: stage, at: Key([Array(key.utf8)]), $0)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await book.psql("select count(*), max(n) from chunks") == "16|16")
    }
}

extension Connection {
    /// Claims a chunk that is expected to be free.
    func claimOne(of stage: ChunkedStage, by worker: WorkerID, in book: Book) throws -> Claim {
        guard case .claimed(let claim) = try write({ try book.ledger.claim(stage, by: worker, $0) }) else {
            throw Aborted()
        }
        return claim
    }
}
