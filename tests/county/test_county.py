"""A small county through the real services names nobody wrong, and the naive count sees an error that is planted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.accountability import circumstances_text
from services.accountability.rules.circumstances import Hand
from services.accountability.rules.directory import Directory, PostHolding
from services.accountability.rules.model import Role
from services.accountability.rules.timeline import Share
from services.cli.providers import Infrastructure
from tests.county.judging import Verdict
from tests.county.making import END, county
from tests.county.running import ITEMS, lived
from tests.support import world as worlds

N, SEED = 120, 7


@asynccontextmanager
async def _open(
    infrastructure: Infrastructure, database: str, patch: pytest.MonkeyPatch
) -> AsyncIterator[worlds.World]:
    patch.setattr(worlds, "ITEMS", ITEMS)
    async with worlds.open_world(infrastructure, database, END.isoformat()) as world:
        yield world


async def _judged(infrastructure: Infrastructure, database: str, patch: pytest.MonkeyPatch) -> Verdict:
    async with _open(infrastructure, database, patch) as world:
        return await lived(county(N, SEED), world.conn, world.producer, world.watch, world.kafka, world.prefix)


async def test_nobody_is_named_wrong(
    infrastructure: Infrastructure, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict = await _judged(infrastructure, database, monkeypatch)
    assert verdict.wrong == []
    assert verdict.matters == N and verdict.cases > N / 3 and verdict.shared > 0 and verdict.revised > 0


async def test_a_role_that_is_read_as_of_now_is_seen(
    infrastructure: Infrastructure, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Directory.holder

    def now(
        self: Directory, authority: str, unit: str | None, role: Role, at: datetime, **more: Any
    ) -> PostHolding | None:
        return honest(self, authority, unit, role, max(at, END - timedelta(days=1)), **more)

    monkeypatch.setattr(Directory, "holder", now)
    verdict = await _judged(infrastructure, database, monkeypatch)
    assert verdict.wrong


async def test_a_last_holder_who_carries_everything_is_seen(
    infrastructure: Infrastructure, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def last_takes_all(hands: tuple[Hand, ...]) -> tuple[Share, ...]:
        last = hands[-1:]
        return tuple(Share(h.unit, h.person, sum(each.net_minutes for each in hands), 100) for h in last)

    monkeypatch.setattr(circumstances_text, "shares", last_takes_all)
    verdict = await _judged(infrastructure, database, monkeypatch)
    assert verdict.wrong
