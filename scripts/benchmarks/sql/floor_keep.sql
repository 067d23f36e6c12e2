-- The rows that the floor writes: those of a database where the work was done, in the order in which a program that goes by
-- keys writes them.
copy (select id, chapter_id, order_index, title, content, image, attributes, created_at
        from chapter_sections order by chapter_id, order_index) to :'file' (format binary);
