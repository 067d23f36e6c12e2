-- All three one after the other, as most people type them.
\ir plain.sql
\ir images_plain.sql
\ir image_id.sql
