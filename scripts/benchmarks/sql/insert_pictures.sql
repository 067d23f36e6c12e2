-- The pictures of chapters and sections.
insert into memoir_images (id, chapter_id, section_id, url, caption, width, height, attributes)
select uuid_generate_v5('6f9d2c1e-0f0b-5a67-9d55-3f1c7f4e8a10', 'cover/' || id), id, null,
       cover_image ->> 'url', cover_image ->> 'caption',
       (cover_image ->> 'width')::integer, (cover_image ->> 'height')::integer,
       cover_image - '{url,caption,width,height}'::text[]
  from chapters where cover_image is not null
 union all
select uuid_generate_v5('6f9d2c1e-0f0b-5a67-9d55-3f1c7f4e8a10', 'section/' || id), chapter_id, id,
       image ->> 'url', image ->> 'caption', (image ->> 'width')::integer, (image ->> 'height')::integer,
       image - '{url,caption,width,height}'::text[]
  from chapter_sections where image is not null;
