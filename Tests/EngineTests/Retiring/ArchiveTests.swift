import Ledger
import Postgres
import Support
import Testing

@testable import Engine
@testable import Pipelines

@Suite("An archive")
struct ArchiveTests {
    @Test(
        "holds every value as it was, in its own type, and the row's version",
        arguments: [("text", "jsonb"), ("json", "json"), ("jsonb", "text")])
    func exact(content: String, images: String) async throws {
        let memoir = try await Memoir(12, documents: content)
        try await memoir.psql(
            """
            alter table chapters alter column images type \(images) using images::text::\(images);
            update chapters set content = '{"sections" : [ "spaced" ],  "sections":["twice"]}' where id = \(Memoir.key(1));
            update chapters set content = null, images = null where id = \(Memoir.key(2));
            update chapters set images = '[{"url": "u", "n": 1.10, "big": 12345678901234567890123}]' where id = \(Memoir.key(4));
            update chapters set content = to_json(repeat('long ', 200000))::text::\(content) where id = \(Memoir.key(5))
            """)
        try await memoir.run()
        let values = "id::text, content::text, images::text, pg_typeof(content), pg_typeof(images)"
        let before = try await memoir.psql("select \(values), xmin from chapters order by id")
        try await memoir.drop()
        let after = try await memoir.psql("select \(values), row_xmin from etl.archive_1_drop_old_columns order by id")
        #expect(before == after)
        #expect(after.utf8.count > 1_000_000)
    }

    @Test("is for its owner alone, whatever the schema's default privileges are, and says what it is")
    func privileges() async throws {
        let memoir = try await Memoir(12)
        try await memoir.run()
        let role = "other_\(memoir.database.name)"
        try await memoir.psql(
            """
            create role \(role);
            alter default privileges grant select on tables to public, \(role);
            alter default privileges in schema etl grant all on tables to \(role)
            """)
        try await memoir.drop()
        #expect(
            try await memoir.psql(
                """
                select distinct g.grantee = c.relowner from pg_class c,
                       aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) g
                 where c.oid = 'etl.archive_1_drop_old_columns'::regclass;
                select has_table_privilege('\(role)', 'etl.archive_1_drop_old_columns', 'select')
                """) == "t\nf")
        let comments = try await memoir.psql(
            """
            select string_agg(col_description(attrelid, attnum), '|' order by attnum) from pg_attribute
             where attrelid = 'etl.archive_1_drop_old_columns'::regclass and attnum > 0;
            select obj_description('etl.archive_1_drop_old_columns'::regclass);
            select contype, conkey from pg_constraint
             where conrelid = 'etl.archive_1_drop_old_columns'::regclass and contype <> 'n'
            """)
        #expect(
            comments == """
                Key of public.chapters: id.|public.chapters.content as it was.|public.chapters.images as it was.|\
                xmin of the row of public.chapters: which transaction wrote it last.
                content, images of public.chapters as dropped by run 1, stage drop-old-columns
                p|{1}
                """)
    }

    @Test("is described well enough to make the columns again")
    func described() async throws {
        let memoir = try await Memoir(12)
        try await memoir.psql(
            """
            create domain document as text;
            alter table chapters alter column content type document collate "C" using content::text,
                  alter column content set default 'none' || now()::text, alter column content set not null,
                  alter column content set storage external, alter column images set compression pglz,
                  alter column content set statistics 7;
            comment on column chapters.content is 'It''s the body'
            """)
        try await memoir.drop()
        func described(_ key: String) async throws -> String {
            try await memoir.psql("select columns -> 0 ->> '\(key)', columns -> 1 ->> '\(key)' from etl.archives")
        }
        #expect(try await described("name") == "content|images")
        #expect(try await described("type") == "public.document|jsonb")
        #expect(try await described("collation") == "pg_catalog.\"C\"|")
        #expect(try await described("not_null") == "true|false")
        #expect(try await described("default") == "('none'::text || (now())::text)|")
        #expect(try await described("comment") == "It's the body|")
        #expect(try await described("storage") == "external|extended")
        #expect(try await described("compression") == "|pglz")
        #expect(try await described("statistics") == "7|")
    }

    @Test("has a name of its own, whatever is in the schema already, and however long the stage's name is")
    func names() async throws {
        let memoir = try await Memoir(3)
        try await memoir.run()
        try await memoir.psql(
            "create table etl.archive_1_drop_old_columns (theirs integer); create view etl.archive_1_drop_old_columns_2 as select 1"
        )
        try await memoir.drop()
        #expect(try await memoir.psql("select relation from etl.archives") == "archive_1_drop_old_columns_3")
        let long = String(repeating: "a", count: 63)
        let names = try await make(
            "create table old (id bigint primary key, x text, row_xmin text); insert into old values (1, 'x', 'y')",
            columns: ["x", "row_xmin"], stage: long)
        #expect(names.archive == "archive_1_" + String(repeating: "a", count: 53))
        #expect(names.columns == "id x row_xmin row_xmin_")
    }

    @Test("for which the server has no room fails at once, and nothing is dropped")
    func noRoom() async throws {
        let memoir = try await Memoir(3)
        try await memoir.run()
        try await memoir.psql(
            """
            create function no_room() returns event_trigger language plpgsql
                as $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$;
            create event trigger fills on ddl_command_end when tag in ('CREATE TABLE AS') execute function no_room()
            """)
        let recorder = Recorder()
        let failure = try await memoir.failure { try await memoir.drop(reporter: recorder) }
        #expect(failure.kind == .failed)
        #expect(failure.what.hasPrefix("the archive etl.archive_1_drop_old_columns could not be filled: "))
        #expect(failure.next == "make room on the server, then run this again; nothing was dropped")
        #expect(recorder.retries.isEmpty)
        #expect(try await memoir.columns() == "id content images cover_image")
    }

    @Test("of a table with a composite key of odd names")
    func compositeKey() async throws {
        let made = try await make(
            """
            create table old ("a ""b" text collate "C", "Ü" uuid, "select" int, x json, primary key ("a ""b", "Ü", "select"));
            insert into old select i || ',"{}', md5(i::text)::uuid, i, '{"a" :1}' from generate_series(1, 20) i
            """, key: [#"a "b"#, "Ü", "select"], columns: ["x"], stage: "drop-it")
        #expect(made.archive == "archive_1_drop_it")
        #expect(made.columns == #"a "b Ü select x row_xmin"#)
        #expect(made.rows == 20)
    }

    @Test("of a partitioned table holds the rows of all partitions")
    func partitions() async throws {
        let made = try await make(
            """
            create table old (id bigint primary key, x text) partition by range (id);
            create table old_1 partition of old for values from (0) to (10);
            create table old_2 partition of old for values from (10) to (100);
            insert into old select i, i from generate_series(1, 50) i
            """, columns: ["x"], stage: "drop-it")
        #expect(made.rows == 50)
    }

    /// Makes the archive of a table `old`, drops its columns, and says what came of it.
    private func make(
        _ setup: String, key: [String] = ["id"], columns: [String], stage: String
    ) async throws -> (archive: String, columns: String, rows: Int64) {
        let memoir = try await Memoir()
        try await memoir.psql("create schema etl; \(setup)")
        let retirement = Retirement(
            table: Identifier("old"), key: key.compactMap { Identifier($0) },
            columns: columns.compactMap { Identifier($0) }, proof: "verify")
        let database = memoir.database
        let name = try await blocking {
            let settings = TransactionSettings(schemas: [Identifier("etl")], statement: 30, lock: 5)
            return try database.connect().transaction(settings) { transaction in
                try RetiredColumns.lock(
                    QualifiedName(schema: Identifier("public"), name: Identifier("old")), transaction)
                let found = try RetiredColumns(retirement, schema: Identifier("public"), transaction)
                let marks = try found.table.marks(transaction)
                let name = try ArchivePreparation.freeName(
                    for: RunID(1), stage: stage, in: Identifier("etl"), transaction)
                let archive = ColumnArchive(
                    columns: found, name: QualifiedName(schema: Identifier("etl"), name: name))
                try archive.create(for: RunID(1), stage: stage, transaction)
                try archive.complete(marks, transaction)
                try found.drop(transaction)
                return (name, marks.rows)
            }
        }
        let archive = QualifiedName(schema: Identifier("etl"), name: name.0)
        #expect(try await memoir.psql("select count(*) from \(archive.quoted)") == String(name.1))
        for column in columns { #expect(try await !memoir.columns(of: "old").contains(" \(column) ")) }
        return (name.0.name, try await memoir.columns(of: archive.quoted), name.1)
    }
}
