import Engine
import Postgres
import Support
import Testing

@Suite("A source's shape")
struct SourceShapeTests {
    @Test("content that is gone already is said, and is a success")
    func contentGone() async throws {
        let memoir = try await Memoir(3)
        try await memoir.psql("alter table chapters drop column content")
        let result = try await memoir.run()
        #expect(result.finishedReason == "chapters.content is gone already: nothing is left to migrate")
        #expect(result.summary.state == "done")
        #expect(try await memoir.psql("select to_regclass('chapter_sections') is null") == "t")
    }

    @Test("a missing table is named together with the schema it was sought in")
    func noTable() async throws {
        let memoir = try await Memoir()
        try await memoir.psql("drop table chapters")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .failed)
        #expect(failure.what.hasPrefix("there is no table chapters in schema public"))
        #expect(failure.place == "chapter-sections, stage preflight")
    }

    @Test("wrong types and a missing key are told all at once, before anything is made")
    func wrongTypes() async throws {
        let memoir = try await Memoir()
        try await memoir.psql(
            "drop table chapters; create table chapters (id numeric, content bytea, images jsonb, cover_image text)")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.what == "4 problems")
        for column in [
            "chapters.id is of type numeric", "chapters.content is of type bytea",
            "chapters.cover_image is of type text", "chapters.id must be the primary key",
        ] {
            #expect(failure.details.contains { $0.hasPrefix(column) }, "\(column)")
        }
        #expect(try await memoir.psql("select to_regclass('chapter_sections') is null") == "t")
    }

    @Test("tables and columns of any name are migrated")
    func oddNames() async throws {
        let project = try Project()
        try project.writePipeline(
            "odd", source: #"{ "table": "Bücher \"alt\"", "key": ["Nr; drop"], "columns": ["Text", "select"] }"#,
            target: #"{ "table": "Ab%schnitte", "parent": ["Buch.Nr"] }"#, writeBack: "'Bild'")
        var memoir = try await Memoir()
        (memoir.project, memoir.pipeline) = (project.directory, "odd")
        try await memoir.psql(
            #"""
            create table "Bücher ""alt""" ("Nr; drop" text primary key, "Text" json, "select" text, "'Bild'" jsonb);
            insert into "Bücher ""alt""" values ('a''b\c', '["x", "y"]', 'u.jpg'), ('é', '"# z"', null);
            create table "Ab%schnitte" (id uuid, "Buch.Nr" text, order_index int, title text, content text, image jsonb,
                                        attributes jsonb)
            """#)
        let result = try await memoir.run()
        #expect(result.outcomes == [2, 2, 0, 0, 0])
        let parents = #"select "Buch.Nr", count(*) from "Ab%schnitte" group by 1 order by "Buch.Nr" collate "C""#
        #expect(try await memoir.psql(parents) == "a'b\\c|3\né|1")
        #expect(
            try await memoir.psql(#"select "'Bild'" from "Bücher ""alt""" order by 1"#) == #"{"url": "u.jpg"}"# + "\n")
        #expect(try await memoir.run().hadNothingToDo)
    }

    @Test("a key of several columns is refused where ids are made of one, and nothing is written")
    func compositeKey() async throws {
        let project = try Project()
        try project.writePipeline(
            "pairs", source: #"{ "table": "pairs", "key": ["a", "b"], "columns": ["content", "images"] }"#,
            target: #"{ "table": "sections", "parent": ["chapter_id", "b"] }"#)
        var memoir = try await Memoir()
        (memoir.project, memoir.pipeline) = (project.directory, "pairs")
        try await memoir.psql(
            """
            create table pairs (a bigint, b bigint, content jsonb, images jsonb, primary key (a, b));
            insert into pairs values (1, 1, '["x"]'), (1, 2, '["y"]');
            create table sections (id uuid, chapter_id bigint, b bigint, order_index int, title text, content text,
                                   image jsonb, attributes jsonb)
            """)
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.details == ["memoir-sections makes ids of a key of one column, and pairs has (a, b)"])
        #expect(try await memoir.psql("select count(*) from sections") == "0")
    }

    @Test("a database whose text has no known encoding is refused before anything is made")
    func noEncoding() async throws {
        let memoir = try await Memoir(1, encoding: "SQL_ASCII")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .usage)
        #expect(failure.what.contains("SQL_ASCII"))
        #expect(try await memoir.psql("select to_regnamespace('etl') is null") == "t")
    }

    @Test("a schema of somebody else's in the ledger's place is refused and left alone")
    func foreignLedger() async throws {
        let memoir = try await Memoir(1)
        try await memoir.psql("create schema etl; create table etl.jobs (id int)")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .refused)
        #expect(failure.what == "the schema etl holds objects that are not a ledger of etl")
        #expect(failure.next == "name another schema with --ledger-schema")
        #expect(
            try await memoir.psql(
                """
                select string_agg(relname, ',') from pg_class
                 where relnamespace = 'etl'::regnamespace
                """) == "jobs")
    }

    @Test("a ledger of a newer program is refused")
    func newerLedger() async throws {
        let memoir = try await Memoir(1)
        try await memoir.run()
        try await memoir.psql("update etl.ledger set version = 99")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .refused)
        #expect(failure.what.hasPrefix("the ledger in schema etl has version 99"))
    }
}
