"""More matters than anybody wants to wait for: the deadline service's own rows, copied under new names by SQL.

Only for speed, and only where a benchmark says so: the first of a series come through intake and deadline like all
matters, the others are copies of their rows in the deadline service's tables. What a copied clock says names the new
matter; its digest is the template's, which is compared only when the matter is folded again.
"""

from shared.events.base import aggregate_key
from shared.outbox import bucket_of
from tests.bench.ground import Field, WrongCount
from tests.bench.matters import AUTHORITY, name

CHUNK = 20_000
TABLES = ("matters", "facts", "clocks")
_COLUMNS = """
select column_name, data_type from information_schema.columns
where table_schema = 'deadline' and table_name = $1 and is_generated = 'NEVER' and is_identity = 'NO'
order by ordinal_position
"""


async def clone(field: Field, series: str, have: int, upto: int) -> None:
    """Matters `have` … `upto` - 1 of the series as copies of its first `have`, in turn."""
    statements = [await _statement(field, table) for table in TABLES]
    for begin in range(have, upto, CHUNK):
        numbers = range(begin, min(begin + CHUNK, upto))
        old = [name(series, i % have) for i in numbers]
        new = [name(series, i) for i in numbers]
        buckets = [bucket_of(aggregate_key(AUTHORITY, each)) for each in new]
        async with field.conn.transaction():
            for statement in statements:
                await field.conn.execute(statement, AUTHORITY, old, new, buckets)
    await field.conn.execute("insert into deadline.clock_counts (kind, n) values ('running', $1)", upto - have)
    await field.conn.execute("vacuum (analyze)")
    named = "select count(*) from deadline.clocks where matter like $1 and says -> 'about' ->> 'matter' = matter"
    if (found := await field.count(named, f"{series}-%")) != upto:
        raise WrongCount(f"{found} clocks of {series} name their own matter, {upto} were to")


async def _statement(field: Field, table: str) -> str:
    """Every column as it stands, but for those that name the matter or identify an event."""
    ours = {
        "matter": "u.new",
        "lane": "u.bucket * 2 + t.lane % 2",
        "event_id": "replace(t.event_id, t.matter, u.new) || '/' || u.new",
        "event": "md5(u.new || t.event)",
    }
    columns, values = [], []
    for column, kind in await field.conn.fetch(_COLUMNS, table):
        columns.append(column)
        said = f"replace(t.{column}::text, t.matter, u.new)::{kind}" if kind in ("json", "jsonb") else f"t.{column}"
        values.append(ours.get(column, said))
    return f"""
        insert into deadline.{table} ({", ".join(columns)})
        select {", ".join(values)}
        from unnest($2::text[], $3::text[], $4::int[]) u (old, new, bucket)
        join deadline.{table} t on t.authority = $1 and t.matter = u.old and u.bucket is not null
        """
