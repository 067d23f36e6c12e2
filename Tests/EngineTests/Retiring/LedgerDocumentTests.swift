import Foundation
import Postgres
import Support
import Testing

@testable import Engine

@Suite("docs/ledger.md")
struct LedgerDocumentTests {
    /// The text, and the SQL in it.
    private func document() async throws -> (text: String, sql: [String]) {
        let text = try await blocking {
            try String(contentsOfFile: packageDirectory + "/docs/ledger.md", encoding: .utf8)
        }
        let blocks = text.components(separatedBy: "\n```sql\n").dropFirst()
        return (text, blocks.compactMap { $0.components(separatedBy: "\n```").first })
    }

    @Test("says of every table and column what the ledger itself says")
    func tables() async throws {
        let memoir = try await Memoir(3)
        try await memoir.run(until: "tables")
        let (text, _) = try await document()
        let said = text.components(separatedBy: "\n## The tables\n").last ?? ""
        let told = try await memoir.psql(
            """
            select format(E'### `%s`\\n%s\\n\\n| column | type | |\\n| --- | --- | --- |\\n%s\\n', c.relname, obj_description(c.oid),
                          (select string_agg(format('| `%s` | %s | %s |', attname,
                                                    replace(format_type(atttypid, atttypmod),
                                                            'timestamp with time zone', 'timestamptz'),
                                                    col_description(attrelid, attnum)), E'\\n' order by attnum)
                             from pg_attribute where attrelid = c.oid and attnum > 0))
              from pg_class c where relnamespace = 'etl'::regnamespace and relkind = 'r' order by c.oid
            """)
        let tables = told.components(separatedBy: "### ").dropFirst()
        #expect(tables.count == said.components(separatedBy: "### ").count - 1)
        for table in tables {
            let name = table.prefix { $0 != "\n" }
            let section = said.components(separatedBy: "### ").first { $0.hasPrefix(name) } ?? ""
            #expect(section.trimmingCharacters(in: .newlines) == table.trimmingCharacters(in: .newlines))
        }
    }

    @Test("has queries that work, before a drop and after it")
    func queries() async throws {
        let memoir = try await Memoir(12)
        try await memoir.run()
        let queries = try await document().sql.filter { !$0.hasPrefix(#"\set"#) }
        #expect(queries.count >= 7)
        let sums = try #require(queries.first { $0.contains("seen_sum") })
        let lines = try await memoir.psql(sums).split(separator: "\n")
        #expect(lines.count == 2 && lines[0] == lines[1])
        for query in queries { try await memoir.psql(query) }
        try await memoir.drop()
        for query in queries { try await memoir.psql(query) }
    }

    @Test("has the statements that bring columns back as they were; they can be verified and dropped again")
    func bringingBack() async throws {
        let memoir = try await Memoir(30, documents: "json")
        try await memoir.psql(
            """
            alter table chapters alter column content set default '["new"]', alter column content set storage external,
                  alter column content set not null, alter column images set statistics 7,
                  add constraint few check (jsonb_array_length(images) < 100);
            comment on column chapters.content is 'It''s the body';
            create index chapters_images_idx on chapters using gin (images);
            grant select (images) on chapters to pg_monitor
            """)
        try await memoir.run()
        let columns = """
            select a.attname, format_type(atttypid, atttypmod), attnotnull, attstorage, attstattarget, attacl,
                   pg_get_expr(adbin, adrelid), col_description(attrelid, a.attnum)
              from pg_attribute a left join pg_attrdef d on (adrelid, adnum) = (attrelid, a.attnum)
             where attrelid = 'chapters'::regclass and a.attname in ('content', 'images') order by 1;
            select pg_get_indexdef(indexrelid) from pg_index where indrelid = 'chapters'::regclass order by 1;
            select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'chapters'::regclass order by 1
            """
        let rows = "select id, content, images from chapters order by id"
        let before = (try await memoir.psql(columns), try await memoir.psql(rows))
        try await memoir.drop()
        let script = try #require(try await document().sql.first { $0.hasPrefix(#"\set run 1"#) })
        try await memoir.psql(script)
        #expect(try await memoir.psql(columns) == before.0)
        #expect(try await memoir.psql(rows) == before.1)
        #expect(
            try await memoir.psql("insert into chapters (id) values (gen_random_uuid()) returning content")
                == "[\"new\"]")
        try await memoir.psql("delete from chapters where id not in (select id from etl.archive_1_drop_old_columns)")
        try await memoir.drop()
        #expect(try await memoir.psql("select relation from etl.archives") == "archive_1_drop_old_columns_2")
        #expect(try await memoir.columns() == "id cover_image")
    }

    @Test("says rightly that a run with an archive is not removed by the way")
    func removal() async throws {
        let memoir = try await Memoir(3)
        try await memoir.drop()
        await #expect(throws: PsqlFailure.self) { try await memoir.psql("delete from etl.runs") }
        try await memoir.psql("delete from etl.archives; delete from etl.runs")
        #expect(try await memoir.psql("select count(*) from etl.chunks") == "0")
    }
}
