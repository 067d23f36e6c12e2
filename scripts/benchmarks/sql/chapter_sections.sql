-- The target of the sections, and the column of the cover, without constraints.
alter table chapters add column cover_image jsonb;

create table chapter_sections (
    id uuid not null,
    chapter_id text not null,
    order_index integer not null,
    title text,
    content text not null,
    image jsonb,
    attributes jsonb not null default '{}',
    created_at timestamptz not null default now()
);
