-- What tells pictures apart, and what they hang on.
alter table memoir_images add constraint memoir_images_pkey primary key (id);
create index memoir_images_chapter_id_idx on memoir_images (chapter_id);
create unique index memoir_images_cover_key on memoir_images (chapter_id) where section_id is null;
create unique index memoir_images_section_id_key on memoir_images (section_id) where section_id is not null;
alter table memoir_images
    add constraint memoir_images_chapter_id_fkey
        foreign key (chapter_id) references chapters (id) on delete cascade not valid;
alter table memoir_images validate constraint memoir_images_chapter_id_fkey;
alter table memoir_images
    add constraint memoir_images_section_id_fkey
        foreign key (section_id) references chapter_sections (id) on delete cascade not valid;
alter table memoir_images validate constraint memoir_images_section_id_fkey;
