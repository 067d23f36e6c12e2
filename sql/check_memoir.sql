-- What memoir needs to find: what chapter-sections does, but that there is something left to do while only one of the two
-- drops was made. Every row is a finding: a `problem` stops the run, `finished` means that there is nothing left to migrate.
-- No row: all is well.
-- By hand: psql "$DATABASE_URL" -f sql/check_memoir.sql

with chapters as (
    select to_regclass('chapters') as oid
),
columns as (
    select a.attname as name, coalesce(nullif(t.typbasetype, 0), t.oid)::regtype::text as type
      from chapters c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      join pg_type t on t.oid = a.atttypid
)
select 'problem' as verdict,
       'there is no table chapters in schema ' || current_schema()
           || '; name the schema that holds it with --schema' as message
  from chapters where oid is null
union all
select 'finished', 'chapters.content is gone already, and chapter_sections.image: nothing is left to migrate'
  from chapters
 where oid is not null and not exists (select from columns where name = 'content')
   and not exists (select from pg_attribute
                    where attrelid = to_regclass('chapter_sections') and attname = 'image' and not attisdropped)
union all
select 'problem', 'there is no column chapters.images: if it was dropped, bring it back; if it never was, add it (alter table chapters add column images jsonb)'
  from chapters
 where oid is not null
   and exists (select from columns where name = 'content') and not exists (select from columns where name = 'images')
union all
select 'problem', format('chapters.%s is of type %s; %s', name, type, expected)
  from columns
  join (values
            ('id', array['uuid', 'text', 'character varying', 'bigint'], 'a key may be uuid, text, varchar or bigint'),
            ('content', array['text', 'json', 'jsonb'], 'it may be text, json or jsonb'),
            ('images', array['text', 'json', 'jsonb'], 'it may be text, json or jsonb'),
            ('cover_image', array['jsonb'], 'a cover must be jsonb')
       ) as needed (name, types, expected) using (name)
 where type <> all (types)
union all
select 'problem', 'chapters.id must be the primary key of chapters, or not null and unique'
  from chapters c
 where c.oid is not null
   and not exists (
           select from pg_index i
             join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
            where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indnkeyatts = 1 and i.indpred is null
              and a.attname = 'id' and a.attnotnull);
