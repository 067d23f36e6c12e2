-- What memoir-images needs to find. Every row is a finding: a `problem` stops the run, `finished` means that there is
-- nothing to make pictures of, a `notice` is only said. No row: all is well.
-- By hand: psql "$DATABASE_URL" -f sql/check_memoir_images.sql

with tables (name, oid, maker) as (
    values ('chapters', to_regclass('chapters'), 'name the schema that holds it with --schema'),
           ('chapter_sections', to_regclass('chapter_sections'), 'make it with: etl run chapter-sections'),
           ('memoir_images', to_regclass('memoir_images'), null)
),
columns as (
    select r.name as "table", a.attname as name, coalesce(nullif(t.typbasetype, 0), t.oid)::regtype::text as type
      from tables r
      join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
      join pg_type t on t.oid = a.atttypid
),
-- A column without types has to be as chapters.id is; one with a loss may be gone.
needed ("table", name, types, loss) as (
    values ('chapters', 'id', array['uuid', 'text', 'character varying', 'bigint'], null),
           ('chapters', 'cover_image', array['jsonb'], 'no covers are migrated'),
           ('chapter_sections', 'id', array['uuid'], null),
           ('chapter_sections', 'chapter_id', null, null),
           ('chapter_sections', 'image', array['text', 'json', 'jsonb'], 'no pictures of sections are migrated'),
           ('memoir_images', 'id', array['uuid'], null),
           ('memoir_images', 'chapter_id', null, null),
           ('memoir_images', 'section_id', array['uuid'], null),
           ('memoir_images', 'url', array['text', 'character varying'], null),
           ('memoir_images', 'caption', array['text', 'character varying'], null),
           ('memoir_images', 'width', array['integer'], null),
           ('memoir_images', 'height', array['integer'], null),
           ('memoir_images', 'attributes', array['jsonb'], null),
           ('memoir_images', 'created_at', array['timestamp with time zone'], null)
),
found as (
    select n."table", n.name, n.loss, c.type,
           coalesce(n.types, (select case type when 'text' then array[type, 'character varying']
                                               when 'character varying' then array[type, 'text']
                                               else array[type] end
                                from columns where "table" = 'chapters' and name = 'id')) as types
      from needed n
      join tables r on r.name = n."table" and r.oid is not null
      left join columns c on c."table" = n."table" and c.name = n.name
)
select 'problem' as verdict,
       format('there is no table %s in schema %s; %s', name, current_schema(), maker) as message
  from tables where oid is null and maker is not null
union all
select 'notice', format('%s.%s is gone already: %s', "table", name, loss)
  from found where loss is not null and type is null
union all
select 'finished', 'chapters.cover_image and chapter_sections.image are gone already: nothing is left to migrate'
 where (select count(*) from found where loss is not null and type is null) = 2
   and not exists (select from tables where name = 'memoir_images' and oid is not null)
union all
select 'problem', format('there is no column %s.%s', "table", name)
  from found where loss is null and type is null
union all
select 'problem', format('%s.%s is of type %s; it must be %s', "table", name, type, array_to_string(types, ' or '))
  from found where type <> all (types)
union all
select 'problem', format('%s.id must be the primary key of %1$s, or not null and unique', name)
  from tables r
 where r.oid is not null and r.name <> 'memoir_images'
   and not exists (
           select from pg_index i
             join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
            where i.indrelid = r.oid and i.indisunique and i.indisvalid and i.indnkeyatts = 1 and i.indpred is null
              and a.attname = 'id' and a.attnotnull);
