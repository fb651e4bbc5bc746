-- One index less to write for each fact: that an identity stands once is said by facts_one_per_identity already.
alter table facts drop constraint facts_pkey;
alter table facts drop constraint facts_one_per_revision;
alter table facts add constraint facts_one_per_revision primary key (authority, matter, topic, revision);
-- Room in its page for a matter's next revision: its indexes then stay as they are.
alter table aggregates set (fillfactor = 80);
