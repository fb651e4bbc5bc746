"""A record to seal, to tamper with and to verify."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.accountability import states
from services.accountability.record.export import exported
from services.accountability.record.heads import Signer, signer_of
from services.accountability.record.sealer import Changed, Sealed, Sealer
from services.cli.record_verifier import Report, verify
from shared.clock import Clock
from shared.postgres import Connection, Pool
from tests.support.case_world import World, assigned, delivered, missed, untrue
from tests.support.record_key import written_key

HOLDERS = (
    delivered(assigned("zhang", "direct", "2025-01-01"), post="window-1"),
    delivered(assigned("li", "leading", "2025-01-01"), post="deputy"),
    delivered(assigned("wang", "principal", "2025-01-01", unit=None), post="director"),
)
MATTERS = tuple(f"M{n}" for n in range(1, 41))


def signer(directory: Path, seed: int = 1) -> Signer:
    """As the service reads it."""
    found = signer_of(written_key(directory, seed))
    assert found is not None
    assert len(found.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)) == 32
    return found


async def untold(conn: Connection, cases: Mapping[UUID, int]) -> None:
    """Whoever does not want to know of states."""


def sealer_of(pool: Pool, clock: Clock, signed: Signer | None = None, *, changed: Changed = states.changed) -> Sealer:
    """One that makes a head at every pass."""
    return Sealer(pool, clock, signer=signed, changed=changed, committed=lambda: None, every_s=0.05, head_s=1e-6)


async def sealed(sealer: Sealer) -> Sealed:
    """Everything that is committed."""
    done = await sealer.run_once()
    while done is not None and done.more:
        done = await sealer.run_once()
    assert done is not None
    return done


async def some_cases(world: World, matters: tuple[str, ...] = MATTERS) -> None:
    """Holders, a case for each matter, and one of them withdrawn."""
    await world.feed(*HOLDERS, *(delivered(missed(matter)) for matter in matters))
    await world.feed(delivered(untrue(matters[0]), revision=2))


async def export_of(pool: Pool, clock: Clock, *, texts: bool = True, all_heads: bool = False) -> list[dict[str, Any]]:
    """The lines of an export."""
    pages = [page async for page in exported(pool, clock, texts=texts, all_heads=all_heads)]
    return [orjson.loads(line) for line in b"".join(pages).splitlines()]


async def verified(pool: Pool, clock: Clock, *, heads: Sequence[dict[str, Any]] = ()) -> Report:
    """What the offline verifier says of an export made now."""
    return verify(await export_of(pool, clock), heads=heads)


async def heads_published(conn: Connection) -> list[dict[str, Any]]:
    """What a witness has from the topic."""
    rows = await conn.fetch("select body from outbox where topic = 'record-heads' order by id")
    return [orjson.loads(row["body"]) for row in rows]
