import Ledger
import Postgres
import Support
import Testing

@Suite("Looking at a run")
struct LookTests {
    @Test("shows who works by pid and name, whatever the ledger says of the backend's beginning")
    func seen() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        let found = try await book.session { session in
            let (worker, stranger) = (try book.database.connect(), try book.connect(name: "psql"))
            let seen = try book.addWorker(worker, to: stage.run)
            _ = try book.addWorker(stranger, to: stage.run)
            _ = try book.addWorker(session, to: stage.run)
            try book.database.psql("update etl.workers set backend_start = '1'")
            return (
                try session.write { try book.ledger.visibleWorkers(of: stage.run, $0).map(\.id) },
                try session.write { try book.ledger.livingWorkers(of: stage.run, $0).map(\.id) }, seen
            )
        }
        // The session that looks is none of those who work, and one of another name neither.
        #expect(found.0 == [found.2])
        #expect(found.1.isEmpty)
    }

    @Test("shows a role that may only read the same workers as the owner")
    func reader() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        let role = book.database.name + "_reader"
        _ = try await book.psql(
            "create role \(role) login; grant usage on schema etl to \(role); grant select on all tables in schema etl to \(role)"
        )
        let (owner, reader) = try await book.session { session in
            let (living, dead) = (try book.database.connect(), try book.database.connect())
            _ = try book.addWorker(living, to: stage.run)
            _ = try book.addWorker(dead, to: stage.run)
            try book.database.psql("select pg_terminate_backend(\(dead.backend.pid), 10000)")
            let looker = try book.database.connect(as: role)
            let look: (borrowing Transaction) throws -> [WorkerID] = {
                try book.ledger.visibleWorkers(of: stage.run, $0).map(\.id)
            }
            return (try session.write(look), try looker.transaction(Book.looking, look))
        }
        #expect(owner.count == 1 && reader == owner)
        _ = try await book.psql("drop owned by \(role); drop role \(role)")
    }

    @Test("behind a pooler goes by the last commit")
    func pooled() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        let counts = try await book.session { session in
            let other = try book.database.connect()
            let worker = try book.addWorker(other, to: stage.run, isPooled: true)
            func count() throws -> Int { try session.write { try book.ledger.visibleWorkers(of: stage.run, $0).count } }
            var counts = [try count()]
            try book.database.psql("update etl.workers set started_at = now() - interval '31 seconds'")
            counts.append(try count())
            try book.database.psql(
                "update etl.chunks set state = 'done', finished_at = now(), claimant = \(worker.value)")
            return counts + [try count()]
        }
        #expect(counts == [1, 0, 1])
    }

    @Test("says since when a process works on it, also after it lost its session")
    func since() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        try await book.write { try book.ledger.audit(.resume, run: stage.run, pipeline: "p", by: book.actor, $0) }
        _ = try await book.psql("update audit set at = now() - interval '1 hour'")
        let workers = try await book.session { session in
            let other = try book.database.connect()
            _ = try book.addWorker(other, to: stage.run)
            return try session.write { try book.ledger.visibleWorkers(of: stage.run, $0) }
        }
        #expect(workers.count == 1 && workers.allSatisfy { (3600..<3700).contains($0.seconds) }, "\(workers)")
        #expect(workers.first?.osUser == "somebody")
    }

    @Test("knows how the last work on it ended, and what was heard last where it did not")
    func ends() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        func look() async throws -> (RunEnd?, LastSign?) {
            try await book.write {
                (try book.ledger.lastEnd(of: stage.run, $0), try book.ledger.lastSign(of: stage.run, $0))
            }
        }
        let before = try await look()
        #expect(before.0 == nil && before.1 == nil)
        try await book.write { transaction in
            for act in [Act.fail, .stop, .resume] {
                try book.ledger.audit(
                    act, run: stage.run, pipeline: "p", detail: "by \(act)", by: book.actor, transaction)
            }
        }
        try await book.session { _ = try book.addWorker($0, to: stage.run, isPooled: true) }
        _ = try await book.psql(
            "update workers set started_at = now() - interval '1 hour'; update chunks set claimed_at = now() - interval '5 minutes'"
        )
        let (end, sign) = try await look()
        #expect(end?.act == "stop" && end?.detail == "by stop" && end?.host == "machine" && end?.pid == 7)
        #expect(sign?.isPooled == true)
        #expect(sign.map { (300..<400).contains($0.seconds) } == true)
    }

    @Test("tells what was accepted from what is open")
    func accepted() async throws {
        let book = try await Book.open()
        _ = try await book.beginStage()
        _ = try await book.psql(
            """
            insert into unmapped (run_id, stage, chunk, name, count)
            values (1, 'load', 1, e'\\u00e9', 2), (1, 'load', 1, e'e\\u0301', 1), (1, 'load', 2, e'\\u00e9', 2);
            insert into accepted_keys (run_id, name) values (1, e'\\u00e9');
            insert into rejects (run_id, stage, chunk, key, code, place, message, state)
            values (1, 'load', 1, '"1"', 'a', '', '', 'open'), (1, 'load', 1, '"2"', 'b', '', '', 'accepted'),
                   (1, 'load', 1, '"3"', 'b', '', '', 'accepted'), (1, 'load', 1, '"4"', 'c', '', '', 'resolved')
            """)
        let run = RunID(1)
        let (keys, codes) = try await book.write { transaction in
            (
                try book.ledger.unmapped(of: run, transaction).map { "\($0.count) \($0.isAccepted)" },
                try book.ledger.acceptedRejectCodes(of: run, transaction).map { "\($0.code) \($0.count)" }
            )
        }
        #expect(keys == ["4 true", "1 false"])
        #expect(codes == ["b 2"])
    }

    @Test("names the columns that were dropped in their order, and where they are kept")
    func kept() async throws {
        let book = try await Book.open()
        _ = try await book.beginStage()
        _ = try await book.psql(
            """
            insert into stages (run_id, name, position, kind, state) values (1, 'other', 2, 'retire', 'done');
            insert into archives (run_id, stage, relation, source_schema, source_table, key, columns, dependents, rows,
                                  seen_sum, archived_at)
            values (1, 'other', null, 'public', 'Pages', '{id}', '[{"name": "z"}]', '{}', 3, 0, now()),
                   (1, 'load', 'archive_1_load', 'public', 'chapters', '{id}', '[{"name": "b"}, {"name": "a, \\"b"}]',
                    '{}', 12, 7, now() - interval '1 hour')
            """)
        let kept = try await book.write { try book.ledger.keptColumns(of: RunID(1), $0) }
        #expect(kept.map(\.columns) == [["b", "a, \"b"], ["z"]])
        #expect(kept.map(\.relation) == ["archive_1_load", nil])
        #expect(kept.map(\.table.description) == ["public.chapters", "public.Pages"])
        #expect(kept.map(\.rows) == [12, 3])
    }
}
