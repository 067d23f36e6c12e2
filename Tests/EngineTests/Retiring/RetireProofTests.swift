import Postgres
import Support
import Testing

@testable import Engine

@Suite("Nothing is dropped")
struct RetireProofTests {
    private static let archive = "etl.archive_1_drop_old_columns"

    @Test("that no verified stage has read, as where the column came after the stage had passed it over")
    func unread() async throws {
        let memoir = try await Memoir(12)
        try await memoir.run()
        try await memoir.psql("alter table chapter_sections drop column image")
        try await memoir.of("memoir-images").run()
        try await memoir.psql(
            "alter table chapter_sections add image jsonb; update chapter_sections set image = '\"a\"'")
        let ids = memoir.of("section-image-id")
        let failure = try await memoir.failure { try await ids.drop() }
        #expect(failure.kind == .refused)
        #expect("\(failure.what) \(failure.details)".contains("nothing that stage verify verified was made of image"))
        #expect(try await memoir.psql("select count(*) from chapter_sections where image is not null") == "28")
    }

    @Test("once more that the ledger has as dropped already, whoever brought it back")
    func again() async throws {
        let memoir = try await Memoir(12)
        try await memoir.drop()
        try await memoir.psql(
            """
            alter table chapters add content jsonb, add images jsonb;
            update chapters c set content = a.content, images = a.images from \(Self.archive) a where a.id = c.id;
            update etl.stages set state = 'pending' where kind = 'retire'
            """)
        try await memoir.catchUp()
        let failure = try await memoir.refusal()
        #expect(
            "\(failure.what) \(failure.details)".contains("this stage has dropped the columns before"), "\(failure)")
    }

    @Test("that was written to before the lock was had, where what it was compared with is dropped itself")
    func lateAndLost() async throws {
        let memoir = try await Memoir(12)
        try await memoir.psql("create index chapters_images_idx on chapters using gin (images)")
        try await memoir.inRow()
        try await memoir.of("section-image-id").drop()
        let database = memoir.database
        let recorder = Recorder { event in
            // Told when nothing was in the way, right before the lock.
            guard case .notice(let text) = event, text.contains("goes with the columns") else { return }
            #expect(throws: Never.self) {
                try database.psql("update chapters set content = '[\"late\"]' where id = \(Memoir.key(3))")
            }
        }
        let failure = try await memoir.failure { try await memoir.drop(reporter: recorder) }
        #expect(failure.kind == .refused)
        #expect(failure.what == "in public.chapters 1 row changed since it was verified")
        #expect(try await memoir.psql("select content from chapters where id = \(Memoir.key(3))") == "[\"late\"]")
    }

    @Test("whose archive does not get every row, whatever keeps it from that")
    func halfArchived() async throws {
        let memoir = try await Memoir(12)
        try await memoir.run()
        try await memoir.psql(
            """
            create function swallow() returns trigger language plpgsql as
                $$ begin return case when new.id = \(Memoir.key(3)) then null else new end; end $$;
            create function watch() returns event_trigger language plpgsql as $$ declare made text; begin
                for made in select object_identity from pg_event_trigger_ddl_commands() where object_type = 'table' loop
                    execute 'create trigger swallow before insert on ' || made || ' for each row execute function swallow()';
                end loop; end $$;
            create event trigger watches on ddl_command_end when tag in ('CREATE TABLE AS') execute function watch()
            """)
        let failure = try await memoir.refusal()
        #expect(failure.what.contains("the archive \(Self.archive) took 11 of 12 rows"), "\(failure.what)")
        #expect(try await memoir.columns() == "id content images cover_image")
    }
}
