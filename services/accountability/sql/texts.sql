-- keep_text --
-- Keep a text with its salt and its digest.
insert into texts (id, authority, matter, case_id, kind, salt, sha256, body, kept_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- select_texts --
-- Texts by their ids.
select id, body from texts where id = any($1::uuid[]);
