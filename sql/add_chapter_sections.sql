-- The table that chapter-sections or memoir fills, without its constraints: the stage `constraints` builds them afterwards.
-- It may be run again at any time, also by hand: psql -v ON_ERROR_STOP=1 -1 -f sql/add_chapter_sections.sql

-- Made from chapters itself, so that chapter_id has the type of chapters.id, whatever that is here.
create table if not exists chapter_sections as
select null::uuid as id,
       id as chapter_id,
       null::integer as order_index,
       null::text as title,
       null::text as content,
       null::jsonb as image,
       null::jsonb as attributes,
       null::timestamptz as created_at
  from chapters
  with no data;

alter table chapter_sections
    alter column id set not null,
    alter column chapter_id set not null,
    alter column order_index set not null,
    alter column content set not null,
    alter column attributes set default '{}',
    alter column attributes set not null,
    alter column created_at set default now(),
    alter column created_at set not null;

comment on table chapter_sections is 'The sections of a chapter, in order.';
comment on column chapter_sections.id is 'UUIDv5 of the chapter''s id and order_index.';
comment on column chapter_sections.chapter_id is 'The chapter.';
comment on column chapter_sections.order_index is 'Place within the chapter, from 0.';
comment on column chapter_sections.title is 'The heading, where there is one.';
comment on column chapter_sections.content is 'The text; empty where the section is only a picture.';
comment on column chapter_sections.image is 'The section''s picture.';
comment on column chapter_sections.attributes is 'Every other key of the block that the section was.';

-- The first picture of a chapter; filled by the stage `sections` where it is still null.
alter table chapters add column if not exists cover_image jsonb;
