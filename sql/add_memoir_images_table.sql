-- The table that memoir-images or memoir fills, without its constraints: the stage `constraints` builds them afterwards.
-- It may be run again at any time, also by hand: psql -v ON_ERROR_STOP=1 -1 -f sql/add_memoir_images_table.sql

-- Made from chapters itself, so that chapter_id has the type of chapters.id, whatever that is here.
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
