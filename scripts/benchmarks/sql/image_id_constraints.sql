-- What a section's picture hangs on.
create index chapter_sections_image_id_idx on chapter_sections (image_id);
alter table chapter_sections
    add constraint chapter_sections_image_id_fkey
        foreign key (image_id) references memoir_images (id) on delete set null not valid;
alter table chapter_sections validate constraint chapter_sections_image_id_fkey;
