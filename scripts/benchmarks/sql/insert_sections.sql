-- The sections of the chapters for which the variable `range` is true.
insert into chapter_sections (id, chapter_id, order_index, title, content, image, attributes)
select uuid_generate_v5('6f9d2c1e-0f0b-5a67-9d55-3f1c7f4e8a10', c.id || '/' || (b.n - 1)), c.id, b.n - 1,
       b.block ->> 'title', b.block ->> 'text', c.images -> (b.block ->> 'image_index')::integer,
       b.block - '{title,text,image_index}'::text[]
  from chapters c
 cross join jsonb_array_elements(c.content) with ordinality as b (block, n)
 where :range;

update chapters c set cover_image = images -> 0 where images -> 0 is not null and :range;
