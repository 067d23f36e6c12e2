-- The revisions that are applied. It runs in one transaction, with the ledger's schema first in search_path.

create table version (
    revision text primary key,
    state text not null check (state in ('applied', 'upgrading', 'downgrading')),
    title text not null,
    pipeline text,
    how text not null check (how in ('upgrade', 'stamp')),
    applied_at timestamptz not null default clock_timestamp(),
    upgrade text[] not null,
    downgrade text[],
    backend_pid integer,
    backend_start timestamptz
);
comment on table version is 'One row for each revision that is applied, or is half applied or taken back outside of a transaction.';
comment on column version.revision is 'The revision''s name in the header of its file.';
comment on column version.state is 'applied; or upgrading, downgrading: statements that run outside of a transaction were begun and are not known to be done.';
comment on column version.title is 'Its title when it was applied.';
comment on column version.pipeline is 'The pipeline that is its data step.';
comment on column version.how is 'Whether its statements were run (upgrade), or somebody said that they need not be (stamp).';
comment on column version.applied_at is 'When, by the server''s clock.';
comment on column version.upgrade is 'The statements that applied it, without comments and white space: what its file is compared with.';
comment on column version.downgrade is 'The statements that take it back, in the same form; null where there is no way back.';
comment on column version.backend_pid is 'The server process that runs statements outside of a transaction.';
comment on column version.backend_start is 'When that process began, for a number alone may be another''s by now.';

-- Nothing of it is for everybody, whatever the default privileges of the role say.
revoke all on version from public;
