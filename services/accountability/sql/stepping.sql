-- claim_answer --
-- Take a key before the request is worked on; nothing where somebody has it already, after they have finished.
insert into given_answers (person, key, asked, at) values ($1, $2, $3, $4) on conflict (person, key) do nothing
returning key;

-- forget_given_answers --
-- Answers that were given before then, the oldest first; what somebody is at is left for the next time.
delete from given_answers g using (
    select person, key from given_answers where at < $1 order by at limit $2 for update skip locked
) old
where g.person = old.person and g.key = old.key;

-- select_given_answer --
-- What was answered.
select asked, status, tag, says from given_answers where person = $1 and key = $2;

-- keep_given_answer --
-- What the request is answered.
update given_answers set status = $3, tag = $4, says = $5 where person = $1 and key = $2;
