import Foundation
import Support
import Testing

extension Behaviour {
    @Suite struct CheckTests {
        /// Faults of all kinds, each made by hand, and what the judge must say of it.
        private static let faults: [(sql: String, said: String)] = [
            (
                "delete from chapter_sections where id = \(Planting.section(2))",
                "\(Planting.chapter): 2 sections, expected 3"
            ),
            (
                "update chapter_sections set content = 'fist text' where id = \(Planting.section(0))",
                "content is 'fist text', expected 'first text'"
            ),
            (
                """
                insert into chapter_sections (id, chapter_id, order_index, content)
                values (gen_random_uuid(), '00000000-0000-4000-8000-0000000000ff', 0, 'of none')
                """, "0000000000ff: has sections but is no chapter"
            ),
            (
                """
                insert into memoir_images (id, chapter_id, section_id)
                values (gen_random_uuid(), '00000000-0000-4000-8000-0000000000ff', null)
                """, "is of no picture"
            ),
            (
                "update chapter_sections set image_id = null where id = \(Planting.section(1))",
                "image_id is None, expected"
            ),
            (
                "delete from etl.rejects where id = (select min(id) from etl.rejects where stage = 'sections')",
                "must be rejected"
            ),
            (
                "update etl.chunks set migrated = migrated - 1, empty = empty + 1 where stage = 'sections' and n = 1",
                "stage sections: (migrated, empty, rejected) is"
            ),
            ("delete from etl.unmapped where stage = 'sections'", "the ledger counts {}, expected"),
            (
                "update etl.chunks set state = 'todo' where stage = 'covers'",
                "stage covers: (migrated, empty, rejected) is"
            ),
            (
                """
                insert into etl.chunks (run_id, stage, n, lower, upper)
                select run_id, stage, 9999, array['\(Planting.chapter)'], array['\(Planting.plain)'] from etl.chunks
                 where stage = 'sections' limit 1
                """, "\(Planting.plain): is not in exactly one chunk of stage sections"
            ),
            (
                """
                insert into etl.chunks (run_id, stage, n, state, upper)
                select run_id, stage, 9999, 'done', array[(select min(id::text) from chapter_sections)]
                  from etl.chunks where stage = 'images' limit 1
                """, "is not in exactly one chunk of stage images"
            ),
            (
                "update chapters set content = '[\"other text\"]' where id = '\(Planting.plain)'",
                "\(Planting.plain): a column that is read has changed"
            ),
            ("alter table chapters drop column images", "drop-old-columns is not recorded as done"),
            (
                """
                update etl.stages set state = 'done' where name = 'drop-section-image';
                create table etl.kept (id uuid, image jsonb);
                insert into etl.archives (run_id, stage, relation, source_schema, source_table, key, columns,
                                          dependents, rows, seen_sum)
                select run_id, name, 'kept', 'public', 'chapter_sections', '{id}', '[{"name": "image"}]', '{}', 3, 0
                  from etl.stages where name = 'drop-section-image'
                """, "drop-section-image: its archive holds 0 rows of 3"
            ),
            ("select", "drop-section-image is recorded as done, and ['image'] is there"),
            ("update etl.audit set detail = '\(MemoirDatabase.canary)'", "etl.audit: holds the password"),
            ("comment on table chapters is '\(MemoirDatabase.canary)'", "a comment: holds the password"),
            (
                """
                create trigger etl_changes after insert on chapters
                   for each statement execute function suppress_redundant_updates_trigger()
                """, "trigger etl_changes on chapters"
            ),
            (
                "update pg_index set indisvalid = false where indexrelid = 'memoir_images_cover_key'::regclass",
                "index memoir_images_cover_key is not valid"
            ),
        ]

        @Test(
            "the judge of any moment finds nothing where nothing is wrong, and each of many faults that are made by hand"
        )
        func planted() async throws {
            let database = try await Planting.done.value.copyWithRuns()
            let hash = try await database.hash()
            #expect(try await database.check(hash: hash).hasSuffix(asContracted))

            let scratch = try Scratch()
            try MemoirDatabase.canary.write(toFile: "\(scratch.path)/log", atomically: true, encoding: .utf8)
            try await database.psql(
                """
                alter table chapter_sections drop constraint chapter_sections_chapter_id_fkey;
                alter table memoir_images drop constraint memoir_images_chapter_id_fkey;
                \(Self.faults.map(\.sql).joined(separator: ";\n"));
                """)
            let holder = try database.session(
                """
                set application_name = 'etl:1:1'; create temporary table etl_rows (n int); begin;
                lock table chapters in share mode; select pg_sleep(600)
                """)
            let isHeld = try await eventually {
                try await database.psql(
                    """
                    select count(*) from pg_stat_activity
                     where query like '%pg_sleep(600)%' and pid <> pg_backend_pid() and datname = current_database()
                    """) != "0"
            }
            #expect(isHeld, "\(holder.errorsSoFar)")
            let said = try await database.check(
                "--show", "100000", "--wait", "0", "--file", scratch.path, hash: "another")
            let session = [
                "session etl:1:1", "lock ShareLock on chapters of etl:1:1", "temporary relation pg_temp",
                "hash: ", "\(scratch.path)/log: holds the password",
            ]
            for words in Self.faults.map(\.said) + session {
                #expect(said.contains(words), "\(words) in \(said)")
            }
            holder.kill(9)
        }
    }
}
