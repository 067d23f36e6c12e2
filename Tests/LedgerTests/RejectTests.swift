import Ledger
import Postgres
import Support
import Testing

@Suite("A reject")
struct RejectTests {
    private static func reject(_ key: [String], code: String = "bad") -> RejectRecord {
        RejectRecord(key: Key(key.map { Array($0.utf8) }), code: code, place: "content", message: "it is \"bad\"")
    }

    /// Claims the only chunk, sees the rows of the rejects, finishes, and gives the open rejects.
    private func record(
        _ rejects: [RejectRecord], keyColumns: Int, in book: Book
    ) async throws -> (stage: ChunkedStage, open: [OpenReject]) {
        let stage = try await book.beginStage(keyColumns: keyColumns)
        let open = try await book.session { session in
            let worker = try book.addWorker(session, to: stage.run)
            let claim = try session.claimOne(of: stage, by: worker, in: book)
            return try session.write { transaction in
                var outcome = ChunkOutcome()
                outcome.rejected = Int64(rejects.count)
                for reject in rejects {
                    let mark = try mark(of: reject.key, xmin: 100, transaction)
                    let hash = try self.mark(of: reject.key, xmin: 0, transaction)
                    outcome.seen.append(keyHash: hash, xmin: 100, mark: mark, fate: .rejected)
                }
                try book.ledger.addRejects(rejects, in: claim, of: stage, transaction)
                try book.ledger.finishChunk(claim, of: stage, with: outcome, endingAt: nil, transaction)
                return try book.ledger.lockOpenRejects(of: stage, after: 0, limit: 100, transaction)
            }
        }
        return (stage, open)
    }

    /// What the server hashes of a key: its text, or the text of an array of its columns.
    private func mark(of key: Key, xmin: Int64, _ transaction: borrowing Transaction) throws -> Int64 {
        let printed: SQL =
            key.parts.count == 1 ? "\(.bytesOfText(key.parts[0]))" : "\(.textArray(key.parts))::text"
        return try transaction.row("select hashtextextended(\(printed), \(.int(xmin)))").int(0) ?? 0
    }

    /// A rejected row as it is seen when it is tried again.
    private func seen(
        _ reject: OpenReject, xmin: UInt32, fate: RowFate, isWritten: Bool = false, _ transaction: borrowing Transaction
    ) throws -> (row: SeenRow, mark: Int64) {
        let hash = try mark(of: reject.record.key, xmin: 0, transaction)
        let mark = try mark(of: reject.record.key, xmin: Int64(xmin), transaction)
        return (SeenRow(keyHash: hash, xmin: xmin, fate: fate, written: isWritten ? 7 : nil), mark)
    }

    @Test("holds its key as a string, whatever is in it")
    func singleKey() async throws {
        let book = try await Book.open()
        let keys = ["42", "", "a\"b\\c", "e\u{301}", "{x}", "null"]
        let (_, open) = try await record(keys.map { Self.reject([$0]) }, keyColumns: 1, in: book)
        #expect(open.map(\.record) == keys.map { Self.reject([$0]) })
        #expect(try await book.psql("select distinct jsonb_typeof(key) from rejects") == "string")
        #expect(try await book.psql("select key from rejects order by id limit 3") == "\"42\"\n\"\"\n\"a\\\"b\\\\c\"")
    }

    @Test("holds a composite key as an array of strings")
    func compositeKey() async throws {
        let book = try await Book.open()
        let rejects = [Self.reject(["a,b", "1"]), Self.reject(["", "{"])]
        let (_, open) = try await record(rejects, keyColumns: 2, in: book)
        #expect(open.map(\.record) == rejects)
        #expect(try await book.psql("select key from rejects order by id") == "[\"a,b\", \"1\"]\n[\"\", \"{\"]")
    }

    @Test("is counted by run and by code, the most frequent first")
    func counting() async throws {
        let book = try await Book.open()
        let rejects = [Self.reject(["1"], code: "b"), Self.reject(["2"], code: "a"), Self.reject(["3"], code: "a")]
        let (stage, _) = try await record(rejects, keyColumns: 1, in: book)
        let codes = try await book.write { transaction in
            try book.ledger.openRejectCodes(of: stage.run, transaction).map { "\($0.code) \($0.count)" }
                + ["\(try book.ledger.openRejectCount(of: stage.run, transaction))"]
        }
        #expect(codes == ["a 2", "b 1", "3"])
    }

    @Test("comes in the order of its key, as that is said to compare")
    func order() async throws {
        let book = try await Book.open()
        let (stage, _) = try await record(["10", "9", "100"].map { Self.reject([$0]) }, keyColumns: 1, in: book)
        let keys = try await book.write { transaction in
            try book.ledger.openRejects(of: stage, keyOrder: "(key #>> '{}')::bigint", limit: 2, offset: 1, transaction)
                .map(\.record.key.description)
        }
        #expect(keys == ["10", "100"])
    }

    @Test("that was tried again moves its chunk's counts, and what was seen, with it", arguments: [1, 2])
    func settled(keyColumns: Int) async throws {
        let book = try await Book.open()
        let keys = ["a", "b", "c", "d"].map { keyColumns == 1 ? [$0] : [$0, "x,\"y"] }
        let (stage, open) = try await record(keys.map { Self.reject($0) }, keyColumns: keyColumns, in: book)
        try await book.write { transaction in
            let first = try seen(open[0], xmin: 4_294_967_295, fate: .migrated, isWritten: true, transaction)
            let second = try seen(open[1], xmin: 201, fate: .empty, transaction)
            let last = try seen(open[3], xmin: 203, fate: .rejected, transaction)
            let worse = RetryOutcome.Fate.rejected(Self.reject(keys[3], code: "worse"))
            let outcomes = [
                RetryOutcome(.migrated(rows: 6), seen: first, unmapped: [Array("k".utf8)]),
                RetryOutcome(.empty, seen: second, unmapped: []),
                RetryOutcome(.gone, seen: nil, unmapped: []),
                RetryOutcome(worse, seen: last, unmapped: []),
            ]
            for (reject, outcome) in zip(open, outcomes) {
                try book.ledger.settle(reject, as: outcome, of: stage, transaction)
            }
        }
        #expect(
            try await book.psql("select read, migrated, empty, rejected, gone, target_rows from chunks")
                == "4|1|1|1|1|6")
        #expect(
            try await book.psql("select state, code, resolved_at is null from rejects order by id")
                == "resolved|bad|f\nresolved|bad|f\nresolved|bad|f\nopen|worse|t")
        #expect(try await book.psql("select encode(written, 'hex') from chunks") == "01")
        #expect(try await book.psql("select name, count from unmapped") == "k|1")
        #expect(
            try await book.psql("select fates, encode(written_values, 'hex') from chunks") == "mer|0000000000000007")
        // The sum is what the server adds up by itself over key and xmin; the vanished row is seen no more.
        let printed = keyColumns == 1 ? "key #>> '{}'" : "array[key ->> 0, key ->> 1]::text"
        let sum = """
            select sum(hashtextextended(\(printed), x)) = (select seen_sum from chunks)
              from (select key, (array[4294967295, 201, null, 203])[row_number() over (order by id)] as x from rejects) r
            """
        #expect(try await book.psql(sum) == "t")
        let xmins = try await book.write { try book.ledger.doneChunk(1, of: stage, $0)?.rows.map(\.xmin) }
        #expect(xmins == [4_294_967_295, 201, 203])
    }

    @Test("of a row that its chunk has not seen is not settled")
    func unseen() async throws {
        let book = try await Book.open()
        let (stage, open) = try await record([Self.reject(["a"])], keyColumns: 1, in: book)
        await #expect(throws: PostgresError.self) {
            try await book.write { transaction in
                try transaction.run("update chunks set seen = '', fates = ''")
                let row = SeenRow(keyHash: 1, xmin: 5, fate: .empty)
                let outcome = RetryOutcome(.empty, seen: (row, 6), unmapped: [])
                try book.ledger.settle(open[0], as: outcome, of: stage, transaction)
            }
        }
        #expect(try await book.psql("select state from rejects") == "open")
    }

    @Test("of one row is open only once")
    func once() async throws {
        let book = try await Book.open()
        await #expect(throws: PostgresError.self) {
            _ = try await record([Self.reject(["a"]), Self.reject(["a"])], keyColumns: 1, in: book)
        }
    }
}
