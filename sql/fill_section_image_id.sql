-- Sets chapter_sections.image_id to the picture that memoir_images has for the section, and to null where it has none:
-- memoir_images.section_id is what counts, whatever the column held before. Rows that are right are not written.
-- The stage `backfill` runs it for one range of keys after the other. It may be run again at any time, also by hand, for
-- all rows at once: psql -v ON_ERROR_STOP=1 -v range=true -f sql/fill_section_image_id.sql

-- A second picture of a section would be an error here, not a choice.
update chapter_sections as source
   set image_id = (select i.id from memoir_images i where i.section_id = source.id)
 where :range
   and source.image_id is distinct from (select i.id from memoir_images i where i.section_id = source.id);
