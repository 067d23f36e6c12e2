-- Chapters for measurements, made by hashing their numbers: the same seed gives the same rows on every server.
-- psql -v rows=N -v seed=N -v documents=prose|structure -f chapters.sql
--
-- Only shapes that everybody who is measured treats in the same way: content is an array of objects with a title and a
-- text; image_index names each of the images once; every other key is kept as an attribute; keys are random UUIDs as text;
-- numbers are such that a program which reads them as doubles writes them as they were.

create extension "uuid-ossp";

-- A number from 0 to sides - 1, for a thing's number and what is asked about it.
create function die(thing bigint, question bigint, sides integer) returns integer language sql immutable
    return ((hashint8extended(thing, question) & 9223372036854775807) % sides)::integer;

-- Words, half of them Chinese, as rich as prose: pglz finds little to compress.
create temporary table words as
select n as number, case when die(n, 1 + :seed, 2) = 0
               then (select string_agg(chr(19968 + die(n * 8 + i, 2 + :seed, 3500)), '')
                       from generate_series(0, 1 + die(n, 3 + :seed, 4)) i)
               else (select string_agg(chr(97 + die(n * 16 + i, 4 + :seed, 26)), '')
                       from generate_series(0, 1 + die(n, 5 + :seed, 9)) i) || ' '
          end
          || case die(n, 6 + :seed, 60) when 0 then '"' when 1 then E'\n' when 2 then E'\\' when 3 then E'\t'
             when 4 then '😀' when 5 then '。' when 6 then '，' else '' end as word
  from generate_series(0, 4999) n;
alter table words add primary key (number);

-- Paragraphs of about 330 bytes.
create temporary table paragraphs as
select n as number, (select string_agg(word, '' order by i)
             from generate_series(0, 25 + die(n, 7 + :seed, 31)) i
             join words w on w.number = die(n * 64 + i, 8 + :seed, 5000)) as paragraph
  from generate_series(0, 3999) n;
alter table paragraphs add primary key (number);
analyze words, paragraphs;

create table chapters (
    id text primary key,
    title text not null,
    content jsonb,
    images jsonb,
    created_at timestamptz not null default now()
);

select :'documents' = 'structure' as structure, :'documents' = 'prose' as prose \gset

-- A block of a chapter, and the keys that it has beside title, text and image_index.
\if :prose
create function block_text(thing bigint, seed integer) returns text language sql stable
    return (select a.paragraph || E'\n' || b.paragraph from paragraphs a, paragraphs b
             where a.number = die(thing, 9 + seed, 4000) and b.number = die(thing, 10 + seed, 4000));
create function block_keys(thing bigint, seed integer) returns jsonb language sql immutable
    return case when die(thing, 11 + seed, 10) = 0 then jsonb_build_object('mood', 'mood ' || die(thing, 12 + seed, 9))
                else '{}' end;
\elif :structure
create function block_text(thing bigint, seed integer) returns text language sql stable
    return (select left(a.paragraph, 24) from paragraphs a where a.number = die(thing, 9 + seed, 4000));
create function block_keys(thing bigint, seed integer) returns jsonb language sql immutable
    return (select jsonb_object_agg(
                       'key' || i,
                       case i % 6 when 0 then to_jsonb(die(thing * 64 + i, 13 + seed, 100000))
                                  when 1 then to_jsonb(die(thing * 64 + i, 13 + seed, 2) = 0)
                                  when 2 then to_jsonb(trim_scale(die(thing * 64 + i, 13 + seed, 100000) / 100.0))
                                  when 3 then to_jsonb('v' || die(thing * 64 + i, 13 + seed, 1000))
                                  when 4 then jsonb_build_array(i, die(thing * 64 + i, 13 + seed, 10), null)
                                  else jsonb_build_object('x', die(thing * 64 + i, 13 + seed, 100), 'y', i) end)
              from generate_series(1, 36) i);
\endif

insert into chapters (id, title, content, images)
select md5(n || '/' || :seed)::uuid::text, 'Chapter ' || n,
       (select jsonb_agg(jsonb_build_object('title', 'Section ' || i || ' of chapter ' || n,
                                            'text', block_text(n * 32 + i, :seed))
                         || case when i % 2 = 0 and i / 2 < pictures then jsonb_build_object('image_index', i / 2)
                                 else '{}' end
                         || block_keys(n * 32 + i, :seed) order by i)
          from generate_series(0, sections - 1) i),
       (select jsonb_agg(jsonb_build_object(
                             'url', 'https://images.example/' || n || '/' || i || '.jpg', 'width', 640 + i, 'height', 480,
                             'caption', p.paragraph, 'taken', 1950 + die(n * 8 + i, 14 + :seed, 70),
                             'scan', jsonb_build_object('dpi', 300, 'ratio', 1.25)) order by i)
          from generate_series(0, pictures - 1) i
          join paragraphs p on p.number = die(n * 8 + i, 15 + :seed, 4000))
  from generate_series(1, :rows) n,
       lateral (select 4 + die(n, 16 + :seed, 9) as sections) a,
       lateral (select least(die(n, 17 + :seed, 5), (sections + 1) / 2) as pictures) b;

drop function block_text, block_keys, die;
vacuum (freeze, analyze) chapters;
