-- The same by somebody who knows PostgreSQL: the unique index and the foreign key after the load.
\set primary true
\set others false
\set range true
set maintenance_work_mem = '256MB';
begin;
\ir chapter_sections.sql
\ir section_constraints.sql
\ir insert_sections.sql
commit;
\set primary false
\set others true
\ir section_constraints.sql
