-- The column by which a section names its picture in memoir_images. The stage `backfill` fills it, or memoir as it goes;
-- its foreign key and its index are built after that, by the stage `constraints`, which keeps nobody from using the table
-- meanwhile. It may be run again at any time, also by hand: psql -v ON_ERROR_STOP=1 -1 -f sql/add_section_image_id_fk.sql

alter table chapter_sections add column if not exists image_id uuid;

comment on column chapter_sections.image_id is 'The section''s picture in memoir_images; null where it has none.';
