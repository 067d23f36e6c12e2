-- The same again, with the primary key after the load, too.
\set primary true
\set others true
\set range true
set maintenance_work_mem = '256MB';
begin;
\ir chapter_sections.sql
\ir insert_sections.sql
commit;
\ir section_constraints.sql
