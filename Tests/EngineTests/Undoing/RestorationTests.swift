import Postgres
import Support
import Testing

@testable import Engine

@Suite("Bringing columns back")
struct RestorationTests {
    @Test("gives rows that came after the drop nulls, and lists what cannot be demanded of them")
    func newRows() async throws {
        let memoir = try await Memoir(12)
        try await memoir.psql(
            """
            alter table chapters alter column content set not null, add column title text,
                  add constraint titled check (title is not null or images is null or content is not null),
                  add constraint has_text check (content is not null and title is distinct from 'none')
            """)
        try await memoir.drop()
        try await memoir.psql(
            """
            insert into chapters (id, title) values (md5('late')::uuid, 'late');
            update chapters set title = 'renamed' where id = \(Memoir.key(3));
            delete from chapters where id = \(Memoir.key(4))
            """)
        let result = try await memoir.undo()
        #expect(
            result.stages.first?.what
                == "content, images back in public.chapters, 11 rows, 1 rows are not there any more")
        #expect(
            result.lacking == [
                "public.chapters: 1 row that came after the drop has no content, images",
                "public.chapters.content takes nulls now, for 1 row has none; when each has a value: "
                    + "alter table \"public\".\"chapters\" alter column \"content\" set not null",
                "not made again: alter table \"public\".\"chapters\" validate constraint \"has_text\"; PostgreSQL says: "
                    + "check constraint \"has_text\" of relation \"chapters\" is violated by some row",
            ])
        #expect(
            try await memoir.psql(
                "select title, content, images from chapters where title is not null or id = \(Memoir.key(1)) order by title, 2"
            )
                == "late||\nrenamed|[\"first of 3\", \"second\"]|[\"3.jpg\"]\n|[\"first of 1\", \"second\"]|")
        #expect(
            try await memoir.psql(
                "select conname, convalidated from pg_constraint where conrelid = 'chapters'::regclass and contype = 'c' order by 1"
            )
                == "has_text|f\ntitled|t")
        #expect(
            try await memoir.psql("select detail like '%takes nulls now%' from etl.audit where act = 'undone'") == "t")
    }

    @Test("leaves an index alone that others made by the name of one that went with a column, and lists that one")
    func takenName() async throws {
        let memoir = try await Memoir(12)
        try await memoir.psql(
            """
            create index mine on chapters (md5(content::text));
            create index theirs on chapters (md5(images::text));
            comment on index theirs is 'Of chapters'; alter table chapters cluster on theirs;
            """)
        try await memoir.drop()
        try await memoir.psql("create table notes (id int); create index theirs on notes (id)")
        let result = try await memoir.undo()
        #expect(
            result.lacking == [
                "not made again: CREATE INDEX theirs ON public.chapters USING btree (md5((images)::text)); "
                    + "comment on index public.theirs is 'Of chapters'; alter table public.chapters cluster on theirs; "
                    + "another table has an index of that name"
            ])
        #expect(try await memoir.psql("select obj_description('theirs'::regclass) is null") == "t")
        #expect(
            try await memoir.psql(
                "select indexname, tablename from pg_indexes where indexname in ('mine', 'theirs') order by 1")
                == "mine|chapters\ntheirs|notes")
    }

    @Test("lists a replica identity that an index cannot be any more, and makes the index and the rest of it")
    func replicaIdentity() async throws {
        let memoir = try await Memoir(12)
        try await memoir.psql(
            """
            alter table chapters alter column content set not null;
            create unique index whole on chapters (id, content); comment on index whole is 'Of all';
            alter table chapters replica identity using index whole, cluster on whole
            """)
        try await memoir.drop()
        try await memoir.psql("insert into chapters (id) values (md5('late')::uuid)")
        let lacking = try await memoir.undo().lacking
        #expect(
            lacking.last
                == "not made again: alter table public.chapters replica identity using index whole; PostgreSQL says: "
                + "index \"whole\" cannot be used as replica identity because column \"content\" is nullable")
        #expect(
            try await memoir.psql(
                """
                select indisclustered, indisreplident, obj_description(indexrelid, 'pg_class') from pg_index
                 where indexrelid = 'whole'::regclass
                """) == "t|f|Of all")
    }

    @Test("makes the indexes of a partitioned table again, whole and by their names")
    func partitions() async throws {
        let memoir = try await Memoir.partitioned(1...25)
        try await memoir.psql(
            """
            create index "of content" on chapters using gin (content);
            create index alone on chapters_1 (md5(images::text))
            """)
        let indexes = """
            select i.indexrelid::regclass, i.indrelid::regclass, indisvalid, h.inhparent::regclass
              from pg_index i left join pg_inherits h on h.inhrelid = i.indexrelid
             where i.indrelid in (select inhrelid from pg_inherits where inhparent = 'chapters'::regclass
                                  union select 'chapters'::regclass)
             order by i.indexrelid::regclass::text
            """
        let before = try await memoir.psql(indexes)
        try await memoir.drop()
        #expect(try await memoir.psql(indexes) != before)
        #expect(try await memoir.undo().lacking == [])
        let after = try await memoir.psql(indexes)
        #expect(after == before, "\(after)\ninstead of\n\(before)")
    }

    @Test("shows nobody a column that is half there, and goes on after a stop")
    func stopped() async throws {
        let memoir = try await Memoir(12)
        let before = try await memoir.picture()
        try await memoir.drop()
        let interruption = Interruption()
        let stopper = Recorder { event in
            if case .progress = event { interruption.requestStop(signal: 15) }
        }
        let failure = try await memoir.failure {
            try await memoir.undo(reporter: stopper, interruption: interruption)
        }
        #expect(failure.kind == .stopped(signal: 15))
        #expect(try await memoir.columns() == "id cover_image etl_undo_1_1 etl_undo_1_2")
        #expect(try await memoir.run().hadNothingToDo)
        try await memoir.undo()
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
    }

    @Test(
        "is refused where the archive, the table or the columns are not as the drop left them",
        arguments: [
            (
                "drop table etl.archive_1_drop_old_columns",
                "the archive etl.archive_1_drop_old_columns, with content, images"
            ),
            ("delete from etl.archive_1_drop_old_columns where id = \(Memoir.key(1))", "is not as it was made"),
            ("alter table chapters add content jsonb", "public.chapters has content, images again, which stage"),
            (
                "drop table chapters cascade",
                "the table public.chapters, from which content, images was dropped, is gone"
            ),
            (
                "update etl.archives set relation = null",
                "content, images of public.chapters was dropped without an archive"
            ),
        ])
    func refusals(damage: String, message: String) async throws {
        let memoir = try await Memoir(6)
        try await memoir.drop()
        try await memoir.psql(damage)
        let before = try await memoir.everything()
        let failure = try await memoir.failure { try await memoir.undo() }
        #expect(failure.kind == .refused)
        #expect("\(failure.what) \(failure.details)".contains(message), "\(failure)")
        #expect(try await memoir.everything() == before)
    }

    @Test("makes a generated column again, and the sequence of a default")
    func oddColumns() async throws {
        let memoir = try await Memoir(12)
        try await memoir.psql(
            """
            alter table chapters add column twice text generated always as (images::text || images::text) stored;
            alter table chapters rename column images to kept;
            alter table chapters rename column twice to images;
            create sequence numbers owned by chapters.content;
            alter table chapters alter column content set default to_jsonb(nextval('numbers'))
            """)
        // The generated one stands where the pictures were; its text is no list of pictures.
        try await memoir.psql("update chapters set kept = null")
        let before = try await memoir.picture()
        try await memoir.drop()
        try await memoir.undo()
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
    }

    @Test(
        "makes again what only newer servers have: named refusals of nulls, checks without force, virtual columns",
        .enabled(if: TestServer.major >= 18, "the server is older"))
    func newer() async throws {
        let memoir = try await Memoir(12)
        try await memoir.psql(
            """
            alter table chapters add constraint "has content" not null content,
                  add constraint pictured check (images is not null or content is not null) not enforced,
                  add column twice text generated always as (images::text || images::text) virtual;
            alter table chapters rename column images to kept;
            alter table chapters rename column twice to images;
            update chapters set kept = null
            """)
        let before = try await memoir.picture()
        try await memoir.drop()
        #expect(try await memoir.undo().lacking == [])
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
    }
}
