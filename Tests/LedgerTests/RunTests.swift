import Ledger
import Postgres
import Support
import Testing

@Suite("A run in the ledger")
struct RunTests {
    @Test("is one for each pipeline and schema, however often it is begun")
    func identity() async throws {
        let book = try await Book.open()
        let ids = try await book.write { transaction in
            try ["public", "public", "other"].map { schema in
                try book.ledger.lockRun(of: "p", on: #require(Identifier(schema)), transaction).id.value
            }
        }
        #expect(ids[0] == ids[1])
        #expect(ids[0] != ids[2])
        #expect(
            try await book.psql(
                "select distinct system_identifier = (select system_identifier::text from pg_control_system()), "
                    + "database_oid = (select oid from pg_database where datname = current_database()) from runs")
                == "t|t")
    }

    @Test("begun by two at once waits for the first")
    func lockedStart() async throws {
        let book = try await Book.open()
        let settings = TransactionSettings(schemas: [Identifier("etl")], statement: 10, lock: 0.1)
        let error = await #expect(throws: PostgresError.self) {
            try await book.session { session in
                let other = try book.database.connect()
                try session.write { _ = try book.ledger.lockRun(of: "p", on: Identifier("public"), $0) }
                try session.write { transaction in
                    _ = try book.ledger.lockRun(of: "p", on: Identifier("public"), transaction)
                    _ = try other.transaction(settings) {
                        _ = try book.ledger.lockRun(of: "p", on: Identifier("public"), $0)
                    }
                }
            }
        }
        #expect(error?.serverError?.sqlstate == "55P03")
    }

    @Test("forgets that a stop was asked for when it is begun again, and only then")
    func stopping() async throws {
        let book = try await Book.open()
        let answers = try await book.write { transaction in
            let run = try book.ledger.lockRun(of: "p", on: Identifier("public"), transaction).id
            var answers = [try book.ledger.stopRequested(of: run, transaction)]
            try book.ledger.requestStop(of: run, transaction)
            answers.append(try book.ledger.stopRequested(of: run, transaction))
            try book.ledger.set(.stopped, of: run, transaction)
            answers.append(try book.ledger.stopRequested(of: run, transaction))
            try book.ledger.set(.running, of: run, transaction)
            return answers + [try book.ledger.stopRequested(of: run, transaction)]
        }
        #expect(answers == [false, true, true, false])
    }

    @Test("keeps its stages in the pipeline's order, those that came later too")
    func stages() async throws {
        let book = try await Book.open()
        let names = try await book.write { transaction in
            let run = try book.ledger.lockRun(of: "p", on: Identifier("public"), transaction).id
            try book.ledger.register([("a", "sql", false), ("c", "check", false)], of: run, transaction)
            try book.ledger.beginStage("a", of: run, fingerprint: "f", transaction)
            try book.ledger.finishStage("a", of: run, transaction)
            try book.ledger.register(
                [("a", "sql", false), ("b", "stream", false), ("c", "check", false)], of: run, transaction)
            return try book.ledger.stages(of: run, transaction).map { "\($0.name) \($0.kind) \($0.state)" }
        }
        #expect(names == ["a sql done", "b stream pending", "c check pending"])
    }

    @Test("lends a stage to one at a time")
    func stageLock() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        let answers = try await book.session { session in
            let other = try book.database.connect()
            return try session.write { transaction in
                let mine = try book.ledger.lockStage("load", of: stage.run, transaction) != nil
                let theirs = try other.write { try book.ledger.lockStage("load", of: stage.run, $0) != nil }
                return [mine, theirs, try other.write { try book.ledger.hasLockedWork(of: stage.run, $0) }]
            }
        }
        #expect(answers == [true, false, true])
        #expect(try await book.write { try !book.ledger.hasLockedWork(of: stage.run, $0) })
    }

    @Test("knows who works on it and lives")
    func livingWorkers() async throws {
        let book = try await Book.open()
        let stage = try await book.beginStage()
        let (living, expected) = try await book.session { session in
            let (ended, killed) = (try book.database.connect(), try book.database.connect())
            let lives = try book.addWorker(session, to: stage.run)
            let leaver = try book.addWorker(ended, to: stage.run)
            _ = try book.addWorker(killed, to: stage.run)
            let pooled = try book.addWorker(killed, to: stage.run, isPooled: true)
            try ended.write { try book.ledger.endWorker(leaver, $0) }
            try book.database.psql("select pg_terminate_backend(\(killed.backend.pid), 10000)")
            return (try session.write { try book.ledger.livingWorkers(of: stage.run, $0).map(\.id) }, [lives, pooled])
        }
        #expect(living == expected)
    }

    @Test("leaves a line in the audit for every act, in its transaction")
    func audit() async throws {
        let book = try await Book.open()
        try await book.write {
            try book.ledger.audit(.begin, run: nil, pipeline: "p", detail: "d'", by: book.actor, $0)
        }
        await #expect(throws: Aborted.self) {
            try await book.write { transaction in
                try book.ledger.audit(.finish, run: nil, pipeline: "p", by: book.actor, transaction)
                throw Aborted()
            }
        }
        #expect(
            try await book.psql(
                "select act, detail, host, os_user, os_pid, program, session_role = session_user from audit")
                == "begin|d'|machine|somebody|7|etl test|t")
    }
}
