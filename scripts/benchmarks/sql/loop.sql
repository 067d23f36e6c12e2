-- A loop in plpgsql over ranges of keys, 1,000 chapters a transaction, constraints in place: it can be stopped, and a long
-- transaction is nowhere.
\set primary true
\set others true
\ir chapter_sections.sql
\ir section_constraints.sql

create procedure move_sections(step integer) language plpgsql as $$
declare
    first text := '';
    last text;
begin
    loop
        select max(id) into last from (select id from chapters where id > first order by id limit step) as keys;
        exit when last is null;
        insert into chapter_sections (id, chapter_id, order_index, title, content, image, attributes)
        select uuid_generate_v5('6f9d2c1e-0f0b-5a67-9d55-3f1c7f4e8a10', c.id || '/' || (b.n - 1)), c.id, b.n - 1,
               b.block ->> 'title', b.block ->> 'text', c.images -> (b.block ->> 'image_index')::integer,
               b.block - '{title,text,image_index}'::text[]
          from chapters c
         cross join jsonb_array_elements(c.content) with ordinality as b (block, n)
         where c.id > first and c.id <= last;
        update chapters set cover_image = images -> 0
         where id > first and id <= last and images -> 0 is not null;
        commit;
        first := last;
    end loop;
end
$$;
call move_sections(1000);
drop procedure move_sections;
