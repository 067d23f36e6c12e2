-- The target with its constraints in place, as a migration of an application makes it.
\set primary true
\set others true
\ir chapter_sections.sql
\ir section_constraints.sql
