"""The whole record as lines of JSON, from one snapshot: what services/cli/record_verifier.py reads. docs/record.md says
what stands in each line.

Signed heads come first, so that who reads knows at each row what was signed of it; then the chains, then texts, and at
last what is in no chain yet. Without its last line an export is not whole.
"""

from collections.abc import AsyncIterator
from typing import Any

import orjson

from services.accountability.record import store
from services.accountability.record.chain import FORMAT
from services.accountability.record.row_store import of_seals, unsealed
from shared.clock import Clock
from shared.postgres import Connection, Pool


async def exported(pool: Pool, clock: Clock, *, texts: bool, all_heads: bool) -> AsyncIterator[bytes]:
    """Pages of lines. Without `texts` their words are left out, and only their digests can be verified."""
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        await store.wait_for_slow_readers(conn)
        keys = await store.keys(conn)
        now = (await clock.moment(conn)).now
        yield _lines([{"record": FORMAT, "exported_at": now.isoformat(), "keys": keys}])
        async for rows in store.heads_to_export(conn, every=all_heads):
            yield _lines([{"head": orjson.loads(r["body"]) | {"signature": r["signature"].hex()}} for r in rows])
        sealed = 0
        async for lines in _chains(conn):
            sealed += len(lines)
            yield _lines(lines)
        async for lines in _texts(conn, texts):
            yield _lines(lines)
        waiting = 0
        async for lines in _tail(conn):
            waiting += len(lines)
            yield _lines(lines)
        yield _lines([{"end": {"rows": sealed, "unsealed": waiting}}])


def _lines(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


async def _chains(conn: Connection) -> AsyncIterator[list[dict[str, Any]]]:
    async for seals in store.seals_in_order(conn):
        found: list[dict[str, Any]] = []
        for seal, row in zip(seals, await of_seals(conn, seals), strict=True):
            line: dict[str, Any] = {"chain": seal["chain"], "n": seal["n"], "hash": seal["hash"].hex()}
            if row is None:
                line["key"] = f"{seal['kind']} {seal['row_id']} {seal['row_n']}"
            else:
                line["row"] = row.spelled
            found.append(line)
        yield found


async def _texts(conn: Connection, words: bool) -> AsyncIterator[list[dict[str, Any]]]:
    async for rows in store.texts_in_order(conn):
        found = []
        for row in rows:
            line: dict[str, Any] = {"text": str(row["id"])}
            if row["erased_at"] is not None:
                line["erased_at"] = row["erased_at"].isoformat()
            elif words:
                line |= {"salt": row["salt"].hex(), "body": row["body"]}
            found.append(line)
        yield found


async def _tail(conn: Connection) -> AsyncIterator[list[dict[str, Any]]]:
    """`late`: the sealer is past the transaction that is said to have written the row, and has not seen it."""
    below = await store.sealed_below(conn)
    async for page in unsealed(conn, None):
        yield [{"unsealed": row.spelled, "late": row.xid < below} for row in page]
