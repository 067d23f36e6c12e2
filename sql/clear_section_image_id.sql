-- Takes back what sql/fill_section_image_id.sql wrote: where chapter_sections.image_id is the picture that memoir_images has
-- for the section, it becomes null. `etl undo section-image-id` runs it for the rows that the stage `backfill` wrote to,
-- unless the column goes away with what is in it. By hand, for all rows at once:
-- psql -v ON_ERROR_STOP=1 -v range=true -f sql/clear_section_image_id.sql

update chapter_sections as source
   set image_id = null
 where :range
   and source.image_id = (select i.id from memoir_images i where i.section_id = source.id);
