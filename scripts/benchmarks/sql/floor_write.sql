-- The floor, second part: rows that are ready arrive in a bare table, and the covers are set.
begin;
\ir chapter_sections.sql
copy chapter_sections from :'file' (format binary);
update chapters set cover_image = images -> 0 where images -> 0 is not null;
commit;
