import Postgres
import Support
import Testing

@testable import Ledger

@Suite("Whose a ledger is")
struct OwnershipTests {
    private let ledger = Ledger(schema: Identifier("etl"))

    /// A database in which `SELF` of a statement is its name; roles are all servers', so their names have it in them.
    private func database(_ statements: String...) async throws -> TestDatabase {
        let database = try await blocking { try TestServer.shared.database() }
        for statement in statements { try await psql(statement, database) }
        return database
    }

    @discardableResult
    private func psql(_ sql: String, _ database: TestDatabase) async throws -> String {
        try await blocking { try database.psql(sql.replacing("SELF", with: database.name)) }
    }

    /// What a role finds; nil for the server's superuser.
    private func presence(
        _ database: TestDatabase, as role: String? = nil, trusting tables: [QualifiedName] = [], reading: Bool = false
    ) async throws -> Ledger.Presence {
        var ledger = ledger
        ledger.trust = .owners(of: tables)
        if reading { ledger = ledger.forReading }
        let user = role?.replacing("SELF", with: database.name)
        return try await blocking { [ledger] in
            try Connection(to: database.connectionTarget(as: user), name: "tests").transaction(Book.settings) {
                try ledger.presence($0)
            }
        }
    }

    private func create(_ database: TestDatabase) async throws -> Ledger.Presence {
        try await Book(database: database).write { try ledger.create($0) }
    }

    private func another(_ what: String, _ database: TestDatabase, to user: String = "postgres") -> Ledger.Presence {
        .another(Ledger.Stranger(what: what, role: "\(database.name)_stranger", user: user))
    }

    @Test("is told of its schema and of each of its tables, archives included, and of nothing else in the schema")
    func parts() async throws {
        let database = try await database("create role SELF_stranger; create role SELF_other;")
        #expect(try await create(database) == .absent)
        try await psql(
            """
            create table etl.version (revision text); create table etl.archive_1_drop (id int);
            create table etl.notes (id int); alter table etl.notes owner to SELF_other
            """, database)
        #expect(try await presence(database) == .ours)
        let tables = try await psql(
            "select tablename from pg_tables where schemaname = 'etl' and tablename <> 'notes'", database)
        #expect(tables.split(separator: "\n").count == 13)
        for table in tables.split(separator: "\n") {
            try await psql("alter table etl.\(table) owner to SELF_stranger", database)
            #expect(try await presence(database) == another("table etl.\(table)", database))
            #expect(try await presence(database, reading: true) == .ours)
            try await psql("alter table etl.\(table) owner to postgres", database)
        }
        try await psql("alter schema etl owner to SELF_stranger", database)
        #expect(try await presence(database) == another("schema etl", database))
    }

    @Test("keeps anything from being made in a schema of a stranger's, though it is empty")
    func emptySchema() async throws {
        let database = try await database(
            "create role SELF_stranger; create schema etl authorization SELF_stranger")
        #expect(try await create(database) == another("schema etl", database))
        #expect(try await psql("select to_regclass('etl.runs') is null", database) == "t")
        try await psql("alter schema etl owner to postgres", database)
        #expect(try await create(database) == .absent)
    }

    @Test(
        "is a stranger until something vouches for the owner; to a superuser too, whom the server counts in with every role",
        arguments: [
            "alter role OWNER superuser",
            "alter database SELF owner to OWNER",
            "create role SELF_boss; alter database SELF owner to SELF_boss; grant SELF_boss to OWNER",
            "grant OWNER to USER",
            "create role SELF_group; grant OWNER to SELF_group; grant SELF_group to USER",
            "grant USER to OWNER",
            "alter table public.chapters owner to OWNER",
            "create role SELF_app; alter table public.chapters owner to SELF_app; grant SELF_app to OWNER",
            "alter schema etl owner to pg_database_owner",
        ], [nil, "SELF_user"])
    func trusted(statement: String, user: String?) async throws {
        let database = try await database(
            """
            create role SELF_stranger login; create role SELF_user login; create table public.chapters (id int);
            alter table public.chapters owner to SELF_user;
            create schema etl authorization SELF_stranger; grant usage on schema etl to SELF_user;
            """)
        let me = user ?? "postgres"
        let chapters = QualifiedName(schema: Identifier("public"), name: Identifier("chapters"))
        let before = try await presence(database, as: user, trusting: [chapters])
        #expect(before == another("schema etl", database, to: me.replacing("SELF", with: database.name)))
        let told = statement.replacing("OWNER", with: "SELF_stranger").replacing("USER", with: me)
        try await psql(told, database)
        #expect(try await presence(database, as: user, trusting: [chapters]) == .absent)
    }

    @Test("is no matter of tables that a run has nothing to do with")
    func otherTables() async throws {
        let database = try await database(
            """
            create role SELF_stranger; create schema etl authorization SELF_stranger;
            create table public.notes (id int); alter table public.notes owner to SELF_stranger;
            create schema other; create table other.chapters (id int); alter table other.chapters owner to SELF_stranger;
            create table public.chapters (id int)
            """)
        let chapters = QualifiedName(schema: Identifier("public"), name: Identifier("chapters"))
        #expect(try await presence(database, trusting: [chapters]) == another("schema etl", database))
    }
}

@Suite("A ledger that was made")
struct PublicTests {
    @Test(
        "is open to nobody, though default privileges would open all that is made",
        arguments: ["", "create schema etl; grant all on schema etl to public;"])
    func closed(schema: String) async throws {
        let database = try await blocking {
            let database = try TestServer.shared.database()
            try database.psql(
                """
                \(schema)
                alter default privileges grant all on schemas to public;
                alter default privileges grant all on tables to public;
                alter default privileges grant all on sequences to public;
                """)
            return database
        }
        let ledger = Ledger(schema: Identifier("etl"))
        _ = try await Book(database: database).write { try ledger.create($0) }
        let open = try await blocking {
            try database.psql(
                """
                select c.relname from pg_class c, aclexplode(c.relacl) a
                 where c.relnamespace = 'etl'::regnamespace and a.grantee = 0
                union all
                select nspname from pg_namespace, aclexplode(nspacl) a where nspname = 'etl' and a.grantee = 0
                """)
        }
        #expect(open == "")
        // That they would have been opened is no matter of course.
        let other = try await blocking {
            try database.psql("create table public.t (n int); select relacl from pg_class where relname = 't'")
        }
        #expect(other.contains("{=") || other.contains(",="))
    }
}
