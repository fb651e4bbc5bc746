-- Few rows or none: operators count them every few seconds.
create index outbox_quarantined on outbox (quarantined_at) where quarantined_at is not null;
