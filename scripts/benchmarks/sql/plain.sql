-- What most people type: the table with its constraints, then one INSERT … SELECT.
\set primary true
\set others true
\set range true
begin;
\ir chapter_sections.sql
\ir section_constraints.sql
\ir insert_sections.sql
commit;
