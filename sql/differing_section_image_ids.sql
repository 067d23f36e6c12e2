-- The sections whose image_id is not the id of the picture that memoir_images has for them: the key, what is there, what
-- should be. No row: sql/fill_section_image_id.sql has nothing to do. The stage `verify` runs it for one range of keys
-- after the other. By hand, for all rows at once:
-- psql -v ON_ERROR_STOP=1 -v range=true -f sql/differing_section_image_ids.sql

select source.id::text as key, source.image_id::text as found, i.id::text as expected
  from chapter_sections as source
  left join memoir_images i on i.section_id = source.id
 where :range
   and source.image_id is distinct from i.id
 order by source.id;
