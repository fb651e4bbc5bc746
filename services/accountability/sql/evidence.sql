-- add_evidence --
-- Keep what was handed in; nothing where the same content was handed in for the same rectification before.
insert into evidence (evidence_id, authority, matter, rectification_id, media_type, bytes, sha256, given_by, given_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict on constraint evidence_once_for_each_rectification do nothing
returning evidence_id;

-- select_evidence_of --
-- Everything that was handed in for a rectification.
select * from evidence where rectification_id = $1 order by given_at, evidence_id;

-- select_evidence --
-- One piece of evidence.
select * from evidence where evidence_id = $1;

-- has_evidence_content --
-- Whether the content of this digest is kept.
select exists (select from evidence_parts where sha256 = $1);

-- add_evidence_part --
-- One part of a content; the same content is kept once.
insert into evidence_parts (sha256, n, content) values ($1, $2, $3) on conflict do nothing;

-- select_evidence_part --
-- One part of a content.
select content from evidence_parts where sha256 = $1 and n = $2;
