-- What tells sections apart, and what they hang on: `primary` and `others` say which of them to build here.
\if :primary
alter table chapter_sections add constraint chapter_sections_pkey primary key (id);
\endif
\if :others
alter table chapter_sections add constraint chapter_sections_chapter_id_order_index_key unique (chapter_id, order_index);
alter table chapter_sections
    add constraint chapter_sections_chapter_id_fkey
        foreign key (chapter_id) references chapters (id) on delete cascade not valid;
alter table chapter_sections validate constraint chapter_sections_chapter_id_fkey;
\endif
