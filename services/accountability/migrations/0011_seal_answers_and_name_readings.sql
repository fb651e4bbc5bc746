-- The words of an answer are a text like all others: salted, hashed, chained, and erased by two people. Additive: a build
-- before this one goes on writing them into `answers`, and shows none where this one has put them into `texts`.
alter table answers alter column text drop not null;
alter table answers add column text_id uuid;
comment on table answers is 'The first answer. Its words stand in texts: what is on Kafka cannot be called back (D19).';
comment on column answers.text is 'Of a build that kept the words here.';

with salted as (
    select a.*, gen_random_uuid() as id, uuid_send(gen_random_uuid()) as salt from answers a
), kept as (
    insert into texts (id, authority, matter, case_id, kind, salt, sha256, body, kept_at)
    select id, authority, matter, case_id, 'answer', salt, sha256(salt || convert_to(text, 'UTF8')), text, answered_at
    from salted
)
update answers a set text = null, text_id = s.id
from salted s
where s.authority = a.authority and s.matter = a.matter and s.case_id = a.case_id and s.standing_no = a.standing_no;

-- Who was told a name, or handed a document, is on record as who was shown a case is (I19).
alter table readings add column about text;
comment on column readings.about is 'The person whose name was told, the evidence that was handed out.';
alter table readings drop constraint readings_are_of_a_known_kind;
alter table readings add constraint readings_are_of_a_known_kind
    check (what = any (array['case', 'list', 'readings', 'export', 'person', 'evidence'])) not valid;
