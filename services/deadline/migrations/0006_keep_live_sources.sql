-- From when on what happens in matters that a source imported is live (D9). Additive: a build before this one says of all
-- of it that it is imported history.
create table live_sources (
    source text not null,
    at timestamptz not null,
    primary key (source, at)
);
comment on table live_sources is 'As source.went_live says it; a source may go live again, with more history.';
