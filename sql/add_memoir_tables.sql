-- The tables that memoir fills, without their constraints: those are built after the load, by the stage `constraints`.
-- What chapter-sections, memoir-images and section-image-id make, in one. It may be run again at any time, also by hand:
-- psql -v ON_ERROR_STOP=1 -1 -f sql/add_memoir_tables.sql

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

create table if not exists memoir_images as
select null::uuid as id,
       id as chapter_id,
       null::uuid as section_id,
       null::text as url,
       null::text as caption,
       null::integer as width,
       null::integer as height,
       null::jsonb as attributes,
       null::timestamptz as created_at
  from chapters
  with no data;

alter table memoir_images
    alter column id set not null,
    alter column chapter_id set not null,
    alter column attributes set default '{}',
    alter column attributes set not null,
    alter column created_at set default now(),
    alter column created_at set not null;

comment on table memoir_images is 'The pictures of a memoir: the covers of chapters and the pictures of sections.';
comment on column memoir_images.id is 'UUIDv5 of the chapter''s or the section''s id.';
comment on column memoir_images.chapter_id is 'The chapter.';
comment on column memoir_images.section_id is 'The section; null where the picture is the chapter''s cover.';
comment on column memoir_images.url is 'Where the picture is.';
comment on column memoir_images.caption is 'What it shows.';
comment on column memoir_images.width is 'Its width in pixels.';
comment on column memoir_images.height is 'Its height in pixels.';
comment on column memoir_images.attributes is 'Every other key that the picture had.';

alter table chapter_sections add column if not exists image_id uuid;

comment on column chapter_sections.image_id is 'The section''s picture in memoir_images; null where it has none.';
