-- Who publishes, and how long they usually keep quiet: a publisher that used to send and stopped is noticed by it.
create table sources (
    source text primary key,
    heard_at timestamptz not null,
    usual_gap interval not null check (usual_gap > interval '0')
);
comment on table sources is 'Derived from receipts, a few seconds behind them; losing it loses what is usual, no fact.';
create index sources_by_last_receipt on sources (heard_at);
