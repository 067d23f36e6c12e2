-- The pictures, as most people type it: constraints in place.
begin;
\ir memoir_images.sql
\ir picture_constraints.sql
\ir insert_pictures.sql
commit;
