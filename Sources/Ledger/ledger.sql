-- The ledger: what is done, and how far. It runs in one transaction, with the ledger's schema first in search_path.

create table ledger (
    product text primary key check (product = 'etl'),
    version integer not null,
    created_at timestamptz not null default clock_timestamp()
);
comment on table ledger is 'Says that this schema is the ledger of etl, and of which version.';
comment on column ledger.product is 'Always etl: a schema without this row is not ours, and is refused.';
comment on column ledger.version is 'The version of these tables; an older program refuses a newer ledger.';
comment on column ledger.created_at is 'When the ledger was made.';

create table runs (
    id bigint generated always as identity primary key,
    pipeline text not null,
    source_schema text not null,
    state text not null check (state in ('running', 'stopped', 'failed', 'done', 'undoing')),
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    stop_requested_at timestamptz,
    system_identifier text,
    database_oid oid not null,
    unique (pipeline, source_schema)
);
comment on table runs is 'One row for each pipeline that was ever begun; a run that was killed goes on in the same row.';
comment on column runs.id is 'Part of the application_name of every session that works on the run.';
comment on column runs.pipeline is 'The name of the pipeline.';
comment on column runs.source_schema is 'The schema whose tables the run works on.';
comment on column runs.state is 'How it stands; a killed run still says running, and the workers table tells who lives. undoing: it is half taken back.';
comment on column runs.started_at is 'When it was begun first, by the server''s clock.';
comment on column runs.finished_at is 'When its last stage was done.';
comment on column runs.stop_requested_at is 'When somebody asked it to stop in order; cleared by the next start.';
comment on column runs.system_identifier is 'The cluster that the run belongs to; a run is never continued on another.';
comment on column runs.database_oid is 'The database that the run belongs to; a run is never continued in another.';

create table stages (
    run_id bigint not null references runs (id) on delete cascade,
    name text not null,
    position integer not null,
    kind text not null,
    optional boolean not null default false,
    state text not null check (state in ('pending', 'running', 'done')),
    fingerprint text,
    started_at timestamptz,
    finished_at timestamptz,
    source_oid oid,
    target_oid oid,
    second_target_oid oid,
    target_was_empty boolean,
    total bigint,
    skipped text,
    archive text,
    created text[] not null default '{}',
    primary key (run_id, name)
);
comment on table stages is 'One row for each stage of a run.';
comment on column stages.run_id is 'The run.';
comment on column stages.name is 'The stage''s name in the pipeline file.';
comment on column stages.position is 'Its place in the pipeline, from 1.';
comment on column stages.kind is 'What kind of work it is.';
comment on column stages.optional is 'Whether it runs only when it is asked for.';
comment on column stages.state is 'How it stands; done only together with its work.';
comment on column stages.fingerprint is 'SHA-256 over its definition and the tokens of its SQL, when it was begun.';
comment on column stages.started_at is 'When it was begun first.';
comment on column stages.finished_at is 'When it was done.';
comment on column stages.source_oid is 'The table that it reads: a table made anew is another.';
comment on column stages.target_oid is 'The table that it writes.';
comment on column stages.second_target_oid is 'The other table that it writes, where it writes two.';
comment on column stages.target_was_empty is 'Whether the target held no row when the stage was begun.';
comment on column stages.total is 'Rows of the source when its chunks were planned.';
comment on column stages.skipped is 'Why there was nothing to do, where there was nothing.';
comment on column stages.archive is 'Of a retire stage that is not done: the table of this schema that already holds a copy of what it will drop.';
comment on column stages.created is 'The objects that it created, as kind and name; what was there before stays.';

create table workers (
    id bigint generated always as identity primary key,
    run_id bigint not null references runs (id) on delete cascade,
    number integer not null,
    host text not null,
    os_user text not null,
    os_pid integer not null,
    program text not null,
    backend_pid integer not null,
    backend_start text not null,
    pooled boolean not null,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz
);
create index workers_of_run on workers (run_id) where finished_at is null;
comment on table workers is 'Every session that worked on a run: who, where, since when.';
comment on column workers.id is 'Named by the chunks that the worker claimed.';
comment on column workers.run_id is 'The run.';
comment on column workers.number is 'Its number within its process; 0 is the session that leads the process.';
comment on column workers.host is 'The machine of the process.';
comment on column workers.os_user is 'The user of the process on its machine.';
comment on column workers.os_pid is 'The process on its machine.';
comment on column workers.program is 'The program''s version.';
comment on column workers.backend_pid is 'The server process behind the session; with backend_start it tells whether the session lives.';
comment on column workers.backend_start is 'When that server process began.';
comment on column workers.pooled is 'Whether a pooler stood between: then the server process says nothing about the session.';
comment on column workers.started_at is 'When the session began to work on the run.';
comment on column workers.finished_at is 'When it ended in order; a killed one never says so.';

create table chunks (
    run_id bigint not null,
    stage text not null,
    n integer not null,
    part integer not null default 1,
    origin integer,
    lower text[],
    upper text[],
    state text not null default 'todo' check (state in ('todo', 'done')),
    attempt smallint not null default 0,
    claimant bigint references workers (id) on delete set null,
    claimed_at timestamptz,
    read bigint not null default 0,
    migrated bigint not null default 0,
    empty bigint not null default 0,
    rejected bigint not null default 0,
    gone bigint not null default 0,
    adopted bigint not null default 0,
    kept bigint not null default 0,
    stale bigint not null default 0,
    wrong bigint not null default 0,
    extra bigint not null default 0,
    others bigint not null default 0,
    target_rows bigint not null default 0,
    bytes bigint not null default 0,
    seen bytea not null default '',
    seen_sum numeric not null default 0,
    fates text not null default '',
    written bytea not null default '',
    written_values bytea not null default '',
    finished_at timestamptz,
    primary key (run_id, stage, n),
    foreign key (run_id, stage) references stages (run_id, name) on delete cascade,
    check (read = migrated + empty + rejected + gone + stale + wrong),
    check (length(seen) = 12 * length(fates))
);
alter table chunks alter column seen set storage external;
create index chunks_todo on chunks (run_id, stage, n) where state = 'todo';
comment on table chunks is 'The key ranges that a stage works through; a row and the work that it stands for commit together.';
comment on column chunks.run_id is 'The run.';
comment on column chunks.stage is 'The stage.';
comment on column chunks.n is 'Names the chunk; no order, for chunks are split.';
comment on column chunks.part is 'Which of the tables that the stage works through the keys are of, from 1.';
comment on column chunks.origin is 'Of a verify stage: the chunk of the verified stage that holds its keys.';
comment on column chunks.lower is 'The key before the first one, as PostgreSQL prints it; null where the range is open below.';
comment on column chunks.upper is 'The last key; null where the range is open above.';
comment on column chunks.state is 'todo, or done together with its rows.';
comment on column chunks.attempt is 'How often work on it was begun, counted in a commit before the work.';
comment on column chunks.claimant is 'The worker that counted the last attempt.';
comment on column chunks.claimed_at is 'When that was.';
comment on column chunks.read is 'Source rows read: migrated + empty + rejected + gone, and when verifying + stale + wrong.';
comment on column chunks.migrated is 'Source rows whose rows are in the target; when verifying, and are as they should be.';
comment on column chunks.empty is 'Source rows that give no row.';
comment on column chunks.rejected is 'Source rows with an open or accepted reject.';
comment on column chunks.gone is 'Source rows that vanished after they were read.';
comment on column chunks.adopted is 'Of the migrated: those whose equal rows were in the target already.';
comment on column chunks.kept is 'Of the migrated: those whose rows in the target differ and were kept, as the operator asked.';
comment on column chunks.stale is 'When verifying: source rows that differ and changed since they were read.';
comment on column chunks.wrong is 'When verifying: source rows that differ and are as they were read.';
comment on column chunks.extra is 'When verifying: rows of the target that no source row gives.';
comment on column chunks.others is 'When verifying: values in the source that others have set, where ours would have gone.';
comment on column chunks.target_rows is 'Rows of the target that they gave.';
comment on column chunks.bytes is 'Bytes of documents read.';
comment on column chunks.seen is 'What was seen, in key order, what came later at the end, 12 bytes a row: 64-bit hash of the key, xmin.';
comment on column chunks.seen_sum is 'Sum over the rows seen of a hash of key and xmin, which the server can add up by itself.';
comment on column chunks.fates is 'A letter for each row seen: m migrated, e empty, r rejected; when verifying also s stale, w wrong. A row that is gone is seen no more.';
comment on column chunks.written is 'One bit for each row seen: whether we wrote to that row ourselves.';
comment on column chunks.written_values is '8 bytes for each of those bits that is set: a 64-bit hash of the value, begun with 1 where it took the place of a JSON null; 0 where a batch wrote it.';
comment on column chunks.finished_at is 'When it was done.';

create table rejects (
    id bigint generated always as identity primary key,
    run_id bigint not null,
    stage text not null,
    chunk integer not null,
    key jsonb not null,
    code text not null,
    place text not null,
    message text not null,
    state text not null default 'open' check (state in ('open', 'accepted', 'resolved')),
    rejected_at timestamptz not null default clock_timestamp(),
    resolved_at timestamptz,
    foreign key (run_id, stage) references stages (run_id, name) on delete cascade
);
create index rejects_of_stage on rejects (run_id, stage, state);
create unique index rejects_open on rejects (run_id, stage, md5(key::text)) where state <> 'resolved';
comment on table rejects is 'Source rows that could not be migrated, each with its reason; none is ever forgotten.';
comment on column rejects.id is 'Names the reject.';
comment on column rejects.run_id is 'The run.';
comment on column rejects.stage is 'The stage.';
comment on column rejects.chunk is 'The chunk whose counts hold it.';
comment on column rejects.key is 'The key as PostgreSQL prints it: a string, or an array of strings where it is composite.';
comment on column rejects.code is 'Why, in one word that stays the same between versions.';
comment on column rejects.place is 'Where in the row.';
comment on column rejects.message is 'Why, for people.';
comment on column rejects.state is 'open; accepted by an operator; or resolved, when the row was migrated after all, is gone, or the run was undone.';
comment on column rejects.rejected_at is 'When it was rejected last.';
comment on column rejects.resolved_at is 'When it was resolved.';

create table unmapped (
    run_id bigint not null,
    stage text not null,
    chunk integer not null,
    name text not null,
    count bigint not null,
    foreign key (run_id, stage) references stages (run_id, name) on delete cascade
);
create index unmapped_of_stage on unmapped (run_id, stage);
comment on table unmapped is 'Keys of documents that nothing reads, by name; the count is the sum over all rows.';
comment on column unmapped.run_id is 'The run.';
comment on column unmapped.stage is 'The stage.';
comment on column unmapped.chunk is 'The chunk in which they were met.';
comment on column unmapped.name is 'The key, with control characters escaped as in JSON.';
comment on column unmapped.count is 'In how many documents it was met.';

create table found_rows (
    run_id bigint not null,
    stage text not null,
    key jsonb not null,
    primary key (run_id, stage, key),
    foreign key (run_id, stage) references stages (run_id, name) on delete cascade
);
comment on table found_rows is 'Source rows that had rows in the target before the run wrote any: those stay when it is undone.';
comment on column found_rows.run_id is 'The run.';
comment on column found_rows.stage is 'The stage.';
comment on column found_rows.key is 'The key as PostgreSQL prints it, as in the table rejects.';

create table accepted_keys (
    run_id bigint not null references runs (id) on delete cascade,
    name text not null,
    accepted_at timestamptz not null default clock_timestamp(),
    primary key (run_id, name)
);
comment on table accepted_keys is 'Unmapped keys that an operator accepts to lose.';
comment on column accepted_keys.run_id is 'The run.';
comment on column accepted_keys.name is 'The key, as in the table unmapped.';
comment on column accepted_keys.accepted_at is 'When it was accepted.';

create table archives (
    run_id bigint not null,
    stage text not null,
    relation text,
    source_schema text not null,
    source_table text not null,
    key text[] not null,
    columns jsonb not null,
    dependents text[] not null,
    rows bigint not null,
    seen_sum numeric not null,
    archived_at timestamptz not null default clock_timestamp(),
    primary key (run_id, stage),
    -- No cascade: a run whose drop can still be undone is not removed by the way.
    foreign key (run_id, stage) references stages (run_id, name)
);
comment on table archives is 'What was dropped, and where a copy of it is; written in the transaction of the drop. A run that has a row here is not removed.';
comment on column archives.run_id is 'The run.';
comment on column archives.stage is 'The stage that dropped it.';
comment on column archives.relation is 'The table of this schema that holds key, columns and xmin as they were; null where no archive was wanted.';
comment on column archives.source_schema is 'The schema of the table that the columns were dropped from.';
comment on column archives.source_table is 'The table that the columns were dropped from.';
comment on column archives.key is 'The columns of its key.';
comment on column archives.columns is 'An array, an object a dropped column: name, type, collation, not_null, default, generated, identity, comment, storage, compression, statistics, options; null where it is as usual. restored, once it is in its table again.';
comment on column archives.dependents is 'The statements that make again what went with the columns, in the order in which that works, as far as that is still to be done: sequences, indexes, constraints, statistics, grants.';
comment on column archives.rows is 'How many rows the table had.';
comment on column archives.seen_sum is 'The sum of their marks, as it was verified and as it was under the lock.';
comment on column archives.archived_at is 'When they were dropped.';

create table audit (
    id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    run_id bigint,
    pipeline text,
    act text not null,
    detail text,
    session_role text not null default session_user,
    host text not null,
    os_user text not null,
    os_pid integer not null,
    program text not null
);
comment on table audit is 'Who did what and when; written in the transaction of the act, never changed.';
comment on column audit.id is 'In the order of writing.';
comment on column audit.at is 'When, by the server''s clock.';
comment on column audit.run_id is 'The run concerned.';
comment on column audit.pipeline is 'The pipeline concerned.';
comment on column audit.act is 'What was done.';
comment on column audit.detail is 'More about it.';
comment on column audit.session_role is 'The role that logged in.';
comment on column audit.host is 'The machine of the process.';
comment on column audit.os_user is 'The user of the process on its machine.';
comment on column audit.os_pid is 'The process.';
comment on column audit.program is 'The program''s version.';

insert into ledger (product, version) values ('etl', 2);
