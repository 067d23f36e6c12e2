import Engine
import Pipelines
import Support

extension Memoir {
    /// Chapters of many shapes: without pictures, with several, with pictures that only the text names, with covers that
    /// others have set, good and bad, and some that are rejected.
    static func varied(_ key: KeyType = .uuid) async throws -> Memoir {
        let memoir = try await Memoir(12, key: key)
        try await memoir.psql(
            """
            alter table chapters add column cover_image jsonb;
            insert into chapters (id, content, images, cover_image)
            select \(key.expression("100 + i")), content::jsonb, images::jsonb, cover::jsonb
              from (values (1, '["text", {"image": {"url": "own.jpg", "width": 640, "n": 1.10}}]', null, null),
                           (2, '{"sections": [{"text": "a", "image_index": 1}]}', '["1.jpg", {"src": "2.jpg", "x": 1}]', null),
                           (3, '"# t\\n![alt](u.jpg) and {{image:0}}"', '[{"url": "0.jpg", "caption": "c"}]', null),
                           (4, '[7]', '["lost.jpg"]', null), (5, '[8]', null, '{"url": "of others.jpg"}'),
                           (6, '["x"]', '["of ours.jpg"]', '{"url": "of others.jpg"}'), (7, '["x"]', '["y.jpg"]', '[]'),
                           (8, '["x"]', '["y.jpg"]', 'null'), (9, null, null, null),
                           (10, '[{"image": "a.jpg", "images": ["b.jpg", "a.jpg"]}]', null, null)
                   ) as v (i, content, images, cover);
            """)
        return memoir
    }

    /// Runs the three pipelines one after the other.
    func inRow(reporter: any Reporter = Recorder()) async throws {
        for name in ["chapter-sections", "memoir-images", "section-image-id"] {
            try await of(name).run(reporter: reporter)
        }
    }

    /// Every row of the application, but for the times at which they were made.
    func everyRow() async throws -> String {
        try await psql(
            """
            select id, cover_image from chapters order by id;
            select id, chapter_id, order_index, title, content, image, attributes, image_id from chapter_sections order by id;
            select id, chapter_id, section_id, url, caption, width, height, attributes from memoir_images order by id;
            """)
    }

    /// The columns, constraints and indexes of the application's tables.
    func definitions() async throws -> String {
        try await psql(
            """
            select attrelid::regclass, attnum, attname, format_type(atttypid, atttypmod), attnotnull,
                   col_description(attrelid, attnum), pg_get_expr(adbin, adrelid)
              from pg_attribute join pg_class c on c.oid = attrelid left join pg_attrdef on adrelid = c.oid and adnum = attnum
             where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 order by 1, 2;
            select conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated
              from pg_constraint where connamespace = 'public'::regnamespace order by 1, 2;
            select indrelid::regclass, pg_get_indexdef(indexrelid), indisvalid
              from pg_index join pg_class c on c.oid = indrelid where relnamespace = 'public'::regnamespace order by 2;
            select obj_description(oid) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1;
            """)
    }

    /// What a verification says after something was planted, which is then taken back.
    func verified(after planted: String) async throws -> VerifyResult {
        try await psql(
            """
            create schema kept;
            create table kept.sections as table chapter_sections; create table kept.images as table memoir_images;
            \(planted)
            """)
        let result = try await verify()
        try await psql(
            """
            update chapter_sections s set image_id = null;
            delete from memoir_images; insert into memoir_images table kept.images;
            update chapter_sections s set image_id = k.image_id from kept.sections k where k.id = s.id;
            drop schema kept cascade
            """)
        return result
    }

    /// Drops the columns of both tables, with all that this needs; or does some of the optional stages.
    func dropAll(_ stages: Set<String>? = nil) async throws {
        try await blocking {
            let pipeline = try loaded()
            let optional = Set(pipeline.stages.filter(\.isOptional).map(\.name))
            let request = RunRequest(
                pipeline: pipeline, schema: schema, goal: Goal(with: stages ?? optional), limits: limits,
                consent: consent(rejects: 0), dependents: dependents)
            _ = try Runner(site: site(Recorder()), request: request).run()
        }
    }
}
