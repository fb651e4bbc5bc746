-- claim_answer --
-- Take a key before the request is worked on; nothing where somebody has it already, after they have finished.
insert into given_answers (person, key, asked, at) values ($1, $2, $3, $4) on conflict (person, key) do nothing
returning key;

-- select_given_answer --
-- What was answered.
select asked, status, tag, says from given_answers where person = $1 and key = $2;

-- keep_given_answer --
-- What the request is answered.
update given_answers set status = $3, tag = $4, says = $5 where person = $1 and key = $2;
