-- Two sessions: what comes before them.
\set primary true
\set others false
\ir chapter_sections.sql
\ir section_constraints.sql
