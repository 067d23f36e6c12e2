import Ledger
import Postgres
import Support
import Testing

@Suite("The ledger's schema")
struct CreationTests {
    private let ledger = Ledger(schema: Identifier("etl"))

    private func create(in database: TestDatabase) async throws -> Ledger.Presence {
        try await Book(database: database).write { try ledger.create($0) }
    }

    private func presence(in database: TestDatabase) async throws -> Ledger.Presence {
        try await Book(database: database).write { try ledger.presence($0) }
    }

    private func database(_ sql: String = "") async throws -> TestDatabase {
        try await blocking {
            let database = try TestServer.shared.database()
            try database.psql(sql)
            return database
        }
    }

    @Test("is made where it is absent, and found afterwards")
    func create() async throws {
        let database = try await database()
        #expect(try await presence(in: database) == .absent)
        #expect(try await create(in: database) == .absent)
        #expect(try await presence(in: database) == .ours)
        #expect(try await create(in: database) == .ours)
        #expect(try database.psql("select product, version from etl.ledger") == "etl|\(Ledger.version)")
    }

    @Test("is refused where somebody's code is on one of its tables, whichever that is")
    func tampered() async throws {
        let database = try await database()
        #expect(try await create(in: database) == .absent)
        try database.psql(
            "create function f() returns trigger language plpgsql as 'begin return new; end'")
        let names = try database.psql("select tablename from pg_tables where schemaname = 'etl'")
        let tables = names.split(separator: "\n")
        #expect(tables.count >= 10)
        for table in tables {
            try database.psql("create trigger t before insert on etl.\(table) execute function f()")
            #expect(try await presence(in: database) == .tampered("trigger t of etl.\(table)"))
            try database.psql("drop trigger t on etl.\(table)")
        }
        #expect(try await presence(in: database) == .ours)
    }

    @Test("asked for by many at once is made by one of them, and none of them fails")
    func createdAtOnce() async throws {
        let database = try await database()
        let answers = try await withThrowingTaskGroup(of: Ledger.Presence.self) { group in
            for _ in 0..<8 { group.addTask { try await create(in: database) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.filter { $0 == .absent }.count == 1)
        #expect(answers.filter { $0 == .ours }.count == 7)
    }

    @Test(
        "that is there and empty is used",
        arguments: [
            "create schema etl",
            "create schema etl; alter default privileges in schema etl grant select on tables to public",
        ])
    func emptySchema(sql: String) async throws {
        let database = try await database(sql)
        #expect(try await create(in: database) == .absent)
        #expect(try await presence(in: database) == .ours)
    }

    @Test(
        "that holds another's objects is told apart, and nothing is made in it",
        arguments: [
            "create table etl.jobs (id int)",
            "create table etl.ledger (id int, amount numeric)",
            "create table etl.ledger (product text, version int)",
            "create table etl.ledger (product text, version int); insert into etl.ledger values ('other', 1)",
            "create view etl.v as select 1",
            "create sequence etl.s",
            "create function etl.f() returns int language sql as 'select 1'",
            "create type etl.mood as enum ('good')",
        ])
    func foreignSchema(sql: String) async throws {
        let database = try await database("create schema etl; " + sql)
        #expect(try await create(in: database) == .foreign)
        #expect(try database.psql("select to_regclass('etl.chunks') is null") == "t")
    }

    @Test("of a newer version is told apart, and left alone")
    func newer() async throws {
        let book = try await Book.open()
        _ = try await book.psql("update ledger set version = \(Ledger.version + 1)")
        #expect(try await create(in: book.database) == .newer(Ledger.version + 1))
    }

    @Test("made in a transaction that is rolled back was never made")
    func rolledBack() async throws {
        let database = try await database()
        await #expect(throws: Aborted.self) {
            try await Book(database: database).write { transaction in
                _ = try ledger.create(transaction)
                throw Aborted()
            }
        }
        #expect(try await presence(in: database) == .absent)
    }

    @Test("may have any name that a schema can have")
    func oddName() async throws {
        let database = try await database()
        let name = try #require(Identifier("My \"Ledger's\" \\é"))
        let odd = Ledger(schema: name)
        let settings = TransactionSettings(schemas: [name], statement: 30)
        let found = try await blocking {
            try database.connect().transaction(settings) { [try odd.create($0), try odd.presence($0)] }
        }
        #expect(found == [.absent, .ours])
    }
}

/// A reason to roll back.
struct Aborted: Error {}

@Suite("The ledger's tables")
struct TablesTests {
    @Test("say of themselves and of every column what they hold")
    func comments() async throws {
        let book = try await Book.open()
        let silent = try await book.psql(
            """
            select c.relname || coalesce('.' || a.attname, '')
              from pg_class c
              left join lateral (select null::name as attname, 0 as attnum
                                 union all
                                 select attname, attnum from pg_attribute
                                  where attrelid = c.oid and attnum > 0 and not attisdropped) a on true
             where c.relnamespace = 'etl'::regnamespace and c.relkind = 'r'
               and coalesce(trim(col_description(c.oid, a.attnum)), trim(obj_description(c.oid, 'pg_class')), '') = ''
                or c.relnamespace = 'etl'::regnamespace and c.relkind = 'r' and a.attnum > 0
               and coalesce(trim(col_description(c.oid, a.attnum)), '') = ''
            """)
        #expect(silent == "")
        #expect(try await book.psql("select obj_description('etl'::regnamespace, 'pg_namespace') <> ''") == "t")
        #expect(
            try await book.psql(
                "select count(*) from pg_class where relnamespace = 'etl'::regnamespace and relkind = 'r'") == "11")
    }

    @Test(
        "have the columns that others rely on",
        arguments: [
            "runs(id, pipeline, state, started_at, finished_at)",
            "stages(run_id, name, kind, state)",
            "chunks(run_id, stage, n, state, attempt, read, migrated, empty, rejected, gone)",
            "rejects(run_id, stage, key, code, place, message, state)",
            "audit(id)", "ledger(version)",
        ])
    func stableColumns(table: String) async throws {
        let book = try await Book.open()
        let parts = table.split(separator: "(")
        let columns = parts[1].dropLast()
        #expect(try await book.psql("select \(columns) from \(parts[0]) where false") == "")
    }

    @Test("hold the key of a reject as jsonb")
    func keyType() async throws {
        let book = try await Book.open()
        let type = try await book.psql(
            "select format_type(atttypid, null) from pg_attribute where attrelid = 'rejects'::regclass and attname = 'key'"
        )
        #expect(type == "jsonb")
    }

    @Test("refuse a chunk whose counts do not add up to what was read")
    func sums() async throws {
        let book = try await Book.open()
        _ = try await book.beginStage()
        await #expect(throws: PsqlFailure.self) { _ = try await book.psql("update chunks set read = 1") }
        await #expect(throws: PsqlFailure.self) { _ = try await book.psql("update chunks set migrated = 1") }
        #expect(
            try await book.psql(
                "update chunks set read = 10, migrated = 1, empty = 2, rejected = 3, gone = 4 returning read") == "10")
    }
}
