-- The target of the pictures, without constraints.
create table memoir_images (
    id uuid not null,
    chapter_id text not null,
    section_id uuid,
    url text,
    caption text,
    width integer,
    height integer,
    attributes jsonb not null default '{}',
    created_at timestamptz not null default now()
);
