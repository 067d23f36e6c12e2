-- The pictures, with every constraint after the load.
set maintenance_work_mem = '256MB';
begin;
\ir memoir_images.sql
\ir insert_pictures.sql
commit;
\ir picture_constraints.sql
