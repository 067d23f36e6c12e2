-- What section-image-id needs to find. Every row is a finding: a `problem` stops the run, `finished` means that there
-- are no pictures for sections to name, a `notice` is only said. No row: all is well.
-- By hand: psql "$DATABASE_URL" -f sql/check_section_image_id.sql

with tables (name, oid, maker) as (
    values ('chapter_sections', to_regclass('chapter_sections'), 'etl run chapter-sections'),
           ('memoir_images', to_regclass('memoir_images'), 'etl run memoir-images')
),
columns as (
    select r.name as "table", a.attname as name, coalesce(nullif(t.typbasetype, 0), t.oid)::regtype::text as type
      from tables r
      join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
      join pg_type t on t.oid = a.atttypid
),
needed ("table", name, types, may_be_missing) as (
    values ('chapter_sections', 'id', array['uuid'], false),
           ('chapter_sections', 'image', array['text', 'json', 'jsonb'], true),
           ('chapter_sections', 'image_id', array['uuid'], true),
           ('memoir_images', 'id', array['uuid'], false),
           ('memoir_images', 'section_id', array['uuid'], false)
),
found as (
    select n."table", n.name, n.types, n.may_be_missing, c.type
      from needed n
      join tables r on r.name = n."table" and r.oid is not null
      left join columns c on c."table" = n."table" and c.name = n.name
),
-- What only says of itself whether it is unique; a partial index counts where it leaves out nothing but nulls.
keys as (
    select r.name as "table", a.attname as name, a.attnotnull and i.indpred is null as is_key
      from tables r
      join pg_index i on i.indrelid = r.oid and i.indisunique and i.indisvalid and i.indnkeyatts = 1
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
     where i.indpred is null or pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', a.attname)
),
-- Neither pictures to name, nor a column that names them, nor one that holds them.
nothing as (
    select from tables r
     where r.name = 'memoir_images' and r.oid is null
       and exists (select from found where "table" = 'chapter_sections')
       and not exists (select from found where name in ('image', 'image_id') and type is not null)
)
select 'problem' as verdict,
       format('there is no table %s in schema %s; make it with: %s', name, current_schema(), maker) as message
  from tables where oid is null and not (name = 'memoir_images' and exists (select from nothing))
union all
select 'finished', 'chapter_sections.image is gone already, and there is no table memoir_images: sections have no pictures'
  from nothing
union all
select 'notice', 'chapter_sections.image is gone already: image_id is filled from memoir_images all the same'
  from found where name = 'image' and type is null and not exists (select from nothing)
union all
select 'problem', format('there is no column %s.%s', "table", name)
  from found where not may_be_missing and type is null
union all
select 'problem', format('%s.%s is of type %s; it must be %s', "table", name, type, array_to_string(types, ' or '))
  from found where type <> all (types)
union all
select 'problem', format('%s.id must be the primary key of %1$s, or not null and unique', r.name)
  from tables r
 where r.oid is not null
   and not exists (select from keys k where k."table" = r.name and k.name = 'id' and k.is_key)
union all
select 'problem', 'memoir_images may hold several pictures of a section, because section_id is not unique there; '
           || 'make it so with: etl run memoir-images'
  from tables r
 where r.name = 'memoir_images' and r.oid is not null
   and not exists (select from keys k where k."table" = r.name and k.name = 'section_id');
