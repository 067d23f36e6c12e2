import Postgres
import Support
import Testing

@testable import Engine

@Suite("What depends on columns that would be dropped")
struct ColumnDependentsTests {
    private let database: TestDatabase

    init() async throws {
        database = try await blocking { try TestServer.shared.database() }
    }

    private func sql(_ text: String) async throws {
        _ = try await blocking { [database] in try database.psql(text) }
    }

    private func dependents(
        of columns: StaticString..., in table: StaticString = "chapters"
    ) async throws -> (blocking: [String], going: [ColumnDependents.Going]) {
        try await blocking { [database] in
            try database.connect().transaction(TransactionSettings(access: .read, statement: 30)) {
                try ColumnDependents.find(
                    QualifiedName(schema: Identifier("public"), name: Identifier(table)),
                    columns.map { Identifier($0) }, $0)
            }
        }
    }

    /// The server's own answer: the detail of its refusal, one part for each dependent; empty where it would drop them.
    private func refusal(_ columns: String) async throws -> String {
        try await blocking { [database] in
            let connection = try database.connect()
            do {
                try connection.transaction { transaction in
                    try transaction.run("alter table public.chapters \(unsafe: columns)")
                    throw Undone()
                }
                return ""
            } catch let error as PostgresError {
                return error.serverError?.detail ?? ""
            } catch is Undone {
                return ""
            }
        }
    }

    private struct Undone: Error {}

    @Test("everything is named for which the server would refuse to drop a column, and nothing else")
    func named() async throws {
        try await sql(
            """
            create table chapters (id int primary key, content jsonb, title text,
                                   short text generated always as (content ->> 'short') stored);
            create view texts as select content from chapters;
            create view long_texts as select * from texts where content is not null;
            create materialized view counted as select count(content) as n from chapters;
            create index on counted (n);
            create function counting() returns bigint language sql begin atomic select count(content) from chapters; end;
            create function touch() returns trigger language plpgsql as 'begin return new; end';
            create trigger watch before update of content on chapters for each row execute function touch();
            create trigger every before update on chapters for each row execute function touch();
            create policy whole on chapters using (content is not null);
            create table log (x jsonb);
            create rule copy as on delete to chapters do also insert into log values (old.content);
            create publication "Feed" for table chapters (id, content);
            """)
        let found = try await dependents(of: "content")
        #expect(
            Set(found.blocking) == [
                "table column public.chapters.short", "view public.texts", "view public.long_texts",
                "materialized view public.counted", "function public.counting()", "trigger watch on public.chapters",
                "policy whole on public.chapters", "rule copy on public.chapters",
                "publication relation public.chapters in publication Feed",
            ])
        #expect(found.going.isEmpty)
        let said = try await refusal("drop column content")
        #expect(said.split(separator: "; ").count == found.blocking.count, "\(said)")
    }

    @Test("what goes without a word is told with the statement that makes it again")
    func going() async throws {
        try await sql(
            """
            create table chapters (id int primary key, content jsonb, images jsonb, place serial, title text,
                                   constraint filled check (content is not null or title is not null),
                                   constraint placed unique (title, place));
            create table authors (name jsonb primary key);
            alter table chapters add constraint written foreign key (images) references authors on delete cascade;
            create index "By name" on chapters ((content ->> 'name')) where images is not null;
            create index untouched on chapters (title);
            create statistics together on title, place from chapters;
            grant select (content, title) on chapters to public;
            """)
        let found = try await dependents(of: "content", "images", "place")
        #expect(found.blocking.isEmpty)
        #expect(
            found.going.map(\.what) == [
                "sequence public.chapters_place_seq", "index public.\"By name\"",
                "table constraint placed on public.chapters", "table constraint filled on public.chapters",
                "table constraint written on public.chapters", "statistics object public.together",
                "grant on public.chapters.content",
            ])
        #expect(try await refusal("drop column content, drop column images, drop column place") == "")
        // The statements are whole: dropped and made again, everything is as it was.
        try await sql(
            """
            alter table chapters drop column content, drop column images, drop column place;
            alter table chapters add column content jsonb, add column images jsonb, add column place int;
            \(found.going.map { $0.definition + ";" }.joined(separator: "\n"))
            """)
        let again = try await dependents(of: "content", "images", "place")
        // A sequence belongs to the column by its default only.
        #expect(again.going.map(\.what) == found.going.dropFirst().map(\.what))
    }

    @Test("what hangs on something that goes blocks, however far away")
    func far() async throws {
        try await sql(
            """
            create table chapters (id int primary key, place serial, title text, unique (title, place));
            create table notes (title text, place int, foreign key (title, place) references chapters (title, place));
            create table others (place int default nextval('chapters_place_seq'));
            """)
        let found = try await dependents(of: "place")
        #expect(
            found.blocking == [
                "default value for public.others.place", "table constraint notes_title_place_fkey on public.notes",
            ])
        #expect(try await refusal("drop column place").split(separator: "; ").count == 2)
    }

    @Test("dependents of one of several columns that themselves go are in nobody's way")
    func together() async throws {
        try await sql(
            """
            create table chapters (id int primary key, content jsonb,
                                   short text generated always as (content ->> 'short') stored);
            """)
        #expect(try await dependents(of: "content", "short").blocking.isEmpty)
        #expect(try await dependents(of: "content").blocking.count == 1)
    }

    @Test("the table's own nature may keep a column, and what inherits it counts")
    func nature() async throws {
        try await sql(
            """
            create table chapters (id int, content jsonb, place int) partition by list (place);
            create table chapters_1 partition of chapters for values in (1);
            create view firsts as select content from chapters_1;
            """)
        #expect(
            try await dependents(of: "place").blocking
                == ["column of the partition key: public.chapters.place"])
        #expect(try await dependents(of: "content").blocking == ["view public.firsts"])
        #expect(
            try await dependents(of: "content", in: "chapters_1").blocking.first
                == "column that is inherited, and is dropped from the parent table only: public.chapters_1.content")
    }

    @Test("a column or table that is not there has no dependents")
    func absent() async throws {
        try await sql("create table chapters (id int)")
        #expect(try await dependents(of: "content").blocking.isEmpty)
        #expect(try await dependents(of: "id", in: "nothing").going.isEmpty)
    }
}
