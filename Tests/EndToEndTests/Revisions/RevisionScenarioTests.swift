import Support
import Testing

/// What docs/revisions.md shows.
extension Behaviour {
    @Suite struct RevisionScenarioTests {
        static let comments = (
            name: "20260213_1200_8f3a1c92d0b4_update_ai_conversations_comments.sql",
            text: """
            -- title: update ai_conversations comments
            -- revision: 8f3a1c92d0b4
            -- revises: none
            -- created: 2026-02-13 12:00:00+00

            -- upgrade
            comment on column ai_conversations.target_type is '目标类型:1=分镜, 2=角色, 3=场景, 4=道具, 5=通用资源';
            comment on column ai_conversations.media_type is '媒体类型:1=图片, 2=视频';

            -- downgrade
            comment on column ai_conversations.media_type is '媒体类型:1=图片, 2=视频, 3=音频, 4=3D模型, 5=文本';
            comment on column ai_conversations.target_type is '目标类型:1=分镜, 2=角色, 3=场景, 4=道具, 5=通用资源, 6=音效, 7=配音';
            """
        )

        static let conversations = """
            create table ai_conversations (
                id bigint primary key, target_type int, media_type int, status int, title text, updated_at timestamptz);
            comment on column ai_conversations.target_type is
                '目标类型:1=分镜, 2=角色, 3=场景, 4=道具, 5=通用资源, 6=音效, 7=配音';
            comment on column ai_conversations.media_type is '媒体类型:1=图片, 2=视频, 3=音频, 4=3D模型, 5=文本';
            """

        private func shown(_ project: RevisionProject) async throws -> String {
            try await project.database.psql(
                """
                select col_description('ai_conversations'::regclass, attnum) from pg_attribute
                 where attrelid = 'ai_conversations'::regclass and attname in ('target_type', 'media_type') order by attnum
                """)
        }

        @Test("the comments of ai_conversations change with the revision, and come back with its downgrade")
        func conversations() async throws {
            let project = try await RevisionProject.made(Self.conversations, [Self.comments])
            let before = try await shown(project)
            #expect(try await project.output("current").isEmpty)
            let line = "8f3a1c92d0b4 (head), update ai_conversations comments"
            #expect(try await project.output("upgrade head") == "upgraded to \(line)")
            #expect(try await project.output("current") == "\(line): schema applied")
            #expect(try await shown(project) == "目标类型:1=分镜, 2=角色, 3=场景, 4=道具, 5=通用资源\n媒体类型:1=图片, 2=视频")
            #expect(try await project.output("downgrade -1") == "downgraded to <base>")
            #expect(try await shown(project) == before)
        }

        @Test("a role that does not own the table is told in one sentence whose it is, and the GRANT that settles it")
        func rights() async throws {
            let role = "worker_\(EndToEnd.seed)"
            let project = try await RevisionProject.made(Self.conversations, [Self.comments])
            try await project.database.psql(
                "create role \(role) login; create schema etl; grant all on schema etl to \(role); "
                    + "grant select on ai_conversations to \(role)")
            let url = project.database.urlWithPassword.replacing("//postgres:", with: "//\(role):")
            let refused = try await project.etl(["upgrade", "head"], variables: ["DATABASE_URL": url])
            #expect(refused.status == 1)
            #expect(
                refused.stderr.contains(
                    """
                    next: the owner of public.ai_conversations is postgres: work as that role, or let it, or a superuser, \
                    say: GRANT postgres TO \(role);
                    """), "\(refused.stderr)")
            try await project.database.psql("grant postgres to \(role)")
            let done = try await project.etl(["upgrade", "head"], variables: ["DATABASE_URL": url])
            #expect(done.status == 0, "\(done.stderr)")
            try await project.database.psql("drop owned by \(role); drop role \(role)")
        }

        private static let novel = [
            (
                name: "20260213_1200_8f3a1c92d0b4_create_novels.sql",
                text: """
                -- title: create novels
                -- revision: 8f3a1c92d0b4
                -- revises: none

                -- upgrade
                create table novels (id bigint primary key, title text not null);
                create table novel_chapters (id bigint primary key, novel_id bigint not null references novels (id));

                -- downgrade
                drop table novel_chapters;
                drop table novels;
                """
            ),
            (
                name: "20260214_0930_9d41f7a02c33_add_model_name.sql",
                text: """
                -- title: add model_name
                -- revision: 9d41f7a02c33
                -- revises: 8f3a1c92d0b4

                -- upgrade
                alter table novels add column model_name varchar(100);
                comment on column novels.model_name is '模型名称';
                alter table novel_chapters add column model_name varchar(100);
                comment on column novel_chapters.model_name is '模型名称';

                -- downgrade
                alter table novel_chapters drop column model_name;
                alter table novels drop column model_name;
                """
            ),
        ]

        private func columns(_ project: RevisionProject) async throws -> String {
            try await project.database.psql(
                """
                select table_name, data_type, character_maximum_length from information_schema.columns
                 where column_name = 'model_name' order by 1
                """)
        }

        @Test("two tables get a column with its comment; the downgrade takes it away in the reverse order")
        func novelBuilder() async throws {
            let project = try await RevisionProject.made("", Self.novel)
            #expect(try await project.output("upgrade head") == "upgraded to 9d41f7a02c33 (head), add model_name")
            #expect(try await columns(project) == "novel_chapters|character varying|100\nnovels|character varying|100")
            #expect(
                try await project.output("history --indicate-current") == """
                    8f3a1c92d0b4 -> 9d41f7a02c33 (head) (current), add model_name
                    <base> -> 8f3a1c92d0b4, create novels
                    """)
            #expect(try await project.output("downgrade 8f3a1c92d0b4") == "downgraded to 8f3a1c92d0b4, create novels")
            #expect(try await columns(project).isEmpty)
            try await project.output("upgrade +1")
            #expect(try await project.output("downgrade -1") == "downgraded to 8f3a1c92d0b4, create novels")
            #expect(try await project.output("downgrade base") == "downgraded to <base>")
            #expect(try await project.database.psql("select to_regclass('novels') is null") == "t")
            #expect(try await project.output("upgrade head") == "upgraded to 9d41f7a02c33 (head), add model_name")
        }

        @Test("what an operator broke on purpose is told, and stamps mend it")
        func broken() async throws {
            let project = try await RevisionProject.made("", Self.novel)
            try await project.output("upgrade head")
            // The columns were dropped by hand: said to be at the revision before, it is upgraded again.
            try await project.database.psql(
                "alter table novels drop column model_name; alter table novel_chapters drop column model_name")
            #expect(try await project.refusal("downgrade -1", 1).contains("column \"model_name\""))
            #expect(try await project.output("stamp 8f3a1c92d0b4") == "stamped to 8f3a1c92d0b4, create novels")
            try await project.output("upgrade head")
            #expect(try await columns(project).split(separator: "\n").count == 2)
            // The table of revisions was emptied: everything would be made twice.
            try await project.database.psql("delete from etl.version")
            #expect(try await project.refusal("upgrade head", 1).contains("relation \"novels\" already exists"))
            #expect(try await project.output("stamp head") == "stamped to 9d41f7a02c33 (head), add model_name")
            #expect(try await project.output("upgrade head") == "nothing to do, at 9d41f7a02c33 (head), add model_name")
            #expect(try await project.output("current") == "9d41f7a02c33 (head), add model_name: schema stamped")
            // A revision that has no file any more.
            try await project.database.psql(
                "insert into etl.version values ('feed', 'applied', '', null, 'upgrade', now(), '{}')")
            #expect(try await project.refusal("upgrade head", 4).contains("feed"))
            try await project.output("stamp head --purge")
            try await project.output("upgrade head")
        }
    }
}
