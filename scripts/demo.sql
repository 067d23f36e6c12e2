-- A few memoir chapters for scripts/demo: every shape that content and images have in the wild, and some that are bad.

do $$
declare
    others bigint := 0;
begin
    if to_regclass('etl.runs') is not null then
        execute $q$select count(*) from etl.runs
                    where pipeline not in ('chapter-sections', 'memoir-images', 'section-image-id')
                       or source_schema <> 'public'$q$
           into others;
    end if;
    if others > 0 or (coalesce(obj_description(to_regclass('public.chapters'), 'pg_class'), '')
                          <> 'The sample of scripts/demo.'
                      and (to_regclass('public.chapters') is not null or to_regclass('public.chapter_sections') is not null
                           or to_regnamespace('etl') is not null)) then
        raise exception 'the sandbox holds work that is not this demo''s; it is left alone';
    end if;
end
$$;
set client_min_messages = warning;
drop schema if exists etl cascade;
drop table if exists memoir_images, chapter_sections, chapters cascade;

create table chapters (
    id bigint primary key,
    title text not null,
    content json,
    images jsonb
);
comment on table chapters is 'The sample of scripts/demo.';

insert into chapters (id, title, content, images) values
(1, 'Markdown with pictures',
 '"# 童年\n我出生在1950年。{{image:0}}\n# The river\nWe swam ![the river](river.jpg) all summer.\n```\n# not a heading\n```"',
 '[{"url": "house.jpg", "caption": "老屋", "width": 640}, {"url": "river.jpg", "taken": 1958}]'),
(2, 'An array of strings', '["First paragraph.", "Second paragraph.", "   "]', null),
(3, 'An array of blocks',
 '[{"title": "School", "text": "A long way.", "image_index": 1}, {"heading": "Home", "body": "By the fire.", "mood": "warm"}]',
 '["gate.png", {"src": "school.png", "scan": {"dpi": 600, "ratio": 1.10}}]'),
(4, 'Blocks inside an object', '{"sections": [{"content": "Inside."}], "version": 2, "draft": ""}', null),
(5, 'Image blocks', '[{"type": "image", "url": "a.png", "caption": "A"}, {"type": "text", "text": "Between"}, {"image": "b.png"}]',
 '{"url": "b.png", "alt": "B"}'),
(6, 'Several pictures in a block', '[{"text": "Album", "images": [0, 1, "c.png"]}]', '["a.png", "b.png", null]'),
(7, 'Numbers that no double holds', '[{"text": "t", "seed": 12345678901234567890123}]',
 '[{"url": "u", "seed": 18446744073709551615}]'),
(8, 'One block by itself', '{"title": "Only", "content": "One"}', '"solo.png"'),
(9, 'Pictures only', 'null', '[{"url": "p.png"}, {"url": "q.png"}]'),
(10, 'Nothing at all', null, null),
(11, 'A blank one', '"  \n "', '[]'),
(12, 'Bad: a picture that is not there', '[{"text": "See", "image_index": 7}]', '["only.png"]'),
(13, 'Bad: of no known shape', '{"foo": 1}', null),
(14, 'Bad: a number among the blocks', '["fine", 3]', null),
(15, 'Bad: a character that text cannot hold', '["a\u0000b"]', null);
