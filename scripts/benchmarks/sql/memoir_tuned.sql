-- All three at once: each chapter is read once, the ids of pictures are worked out instead of looked up, and everything is
-- constrained after the load.
set maintenance_work_mem = '256MB';
begin;
\ir chapter_sections.sql
\ir memoir_images.sql
alter table chapter_sections add column image_id uuid;

with sections as materialized (
    select uuid_generate_v5('6f9d2c1e-0f0b-5a67-9d55-3f1c7f4e8a10', c.id || '/' || (b.n - 1)) as id, c.id as chapter_id,
           b.n - 1 as order_index, b.block ->> 'title' as title, b.block ->> 'text' as content,
           c.images -> (b.block ->> 'image_index')::integer as image,
           b.block - '{title,text,image_index}'::text[] as attributes
      from chapters c
     cross join jsonb_array_elements(c.content) with ordinality as b (block, n)
),
written as (
    insert into chapter_sections (id, chapter_id, order_index, title, content, image, attributes, image_id)
    select id, chapter_id, order_index, title, content, image, attributes,
           case when image is not null
                then uuid_generate_v5('6f9d2c1e-0f0b-5a67-9d55-3f1c7f4e8a10', 'section/' || id) end
      from sections
)
insert into memoir_images (id, chapter_id, section_id, url, caption, width, height, attributes)
select uuid_generate_v5('6f9d2c1e-0f0b-5a67-9d55-3f1c7f4e8a10', 'section/' || id), chapter_id, id,
       image ->> 'url', image ->> 'caption', (image ->> 'width')::integer, (image ->> 'height')::integer,
       image - '{url,caption,width,height}'::text[]
  from sections where image is not null;

with covered as (
    update chapters set cover_image = images -> 0 where images -> 0 is not null returning id, cover_image
)
insert into memoir_images (id, chapter_id, section_id, url, caption, width, height, attributes)
select uuid_generate_v5('6f9d2c1e-0f0b-5a67-9d55-3f1c7f4e8a10', 'cover/' || id), id, null,
       cover_image ->> 'url', cover_image ->> 'caption',
       (cover_image ->> 'width')::integer, (cover_image ->> 'height')::integer,
       cover_image - '{url,caption,width,height}'::text[]
  from covered;
commit;

\set primary true
\set others true
\ir section_constraints.sql
\ir picture_constraints.sql
\ir image_id_constraints.sql
