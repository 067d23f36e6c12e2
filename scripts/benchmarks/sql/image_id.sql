-- Each section's picture, as most people type it.
begin;
alter table chapter_sections add column image_id uuid;
\ir image_id_constraints.sql
update chapter_sections s set image_id = i.id from memoir_images i where i.section_id = s.id;
commit;
