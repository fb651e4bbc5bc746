-- Which relays live, so that each takes its share of the buckets.
create table outbox_relays (
    holder text primary key,
    seen_at timestamptz not null
);
