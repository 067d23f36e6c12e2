-- The floor, third part: indexes and validation.
\set primary true
\set others true
set maintenance_work_mem = '256MB';
\ir section_constraints.sql
