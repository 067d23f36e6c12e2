-- Two sessions: what comes after both.
\set primary false
\set others true
set maintenance_work_mem = '256MB';
\ir section_constraints.sql
