"""Cards are issued after the cases: exactly once, whatever stops in between, and one limit holds up no other."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from services.accountability import cards, told_store
from services.accountability.handlers import handler
from services.accountability.issuer import BUSY, LONGEST_REST_S, LULL_S, Issuer
from services.accountability.rules.cards import CardChange, Word
from services.cli.recovery import letters
from shared.postgres import Connection, Pool
from tests.support.case_world import BOOK, World, delivered, in_hands_of, missed

ZHANG = (in_hands_of("zhang"),)


def issuing(pool: Pool, world: World, *, hurry: bool = True) -> Issuer:
    return Issuer(pool, world.clock, BOOK.cards, committed=lambda: None, hurry=hurry)


async def consume(world: World, *matters: str) -> None:
    """A batch with a miss of each, and no cards yet."""
    handle = handler(world.clock, BOOK)
    async with world.conn.transaction():
        await handle(world.conn, [delivered(missed(matter, holdings=ZHANG)) for matter in matters])


async def test_a_case_does_not_wait_for_its_card(pool: Pool, world: World) -> None:
    await consume(world, "M1", "M2")
    assert await world.types() == ["case.opened", "case.opened"]
    assert await world.cards_published() == []
    assert await issuing(pool, world).run_once() == 2
    assert [event["type"] for event in await world.cards_published()] == ["card.issued"] * 2
    assert await issuing(pool, world).run_once() == 0
    assert await world.conn.fetchval("select count(*) from told_words") == 0


async def test_who_dies_before_the_commit_leaves_the_words_to_the_next(pool: Pool, world: World) -> None:
    await consume(world, "M1")
    with pytest.raises(InterruptedError):
        async with world.conn.transaction():
            await world.issue_cards()
            raise InterruptedError
    assert await world.cards_published() == []
    await world.issue_cards()
    await world.issue_cards()
    assert len(await world.cards_published()) == 1


async def test_a_limit_that_cannot_be_folded_is_set_aside_alone(
    pool: Pool, world: World, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = cards.of_limits

    async def fail(conn: Connection, words: Sequence[Word], rules: cards.Editions, now: datetime) -> list[CardChange]:
        if any(word.limit.matter == "M2" for word in words):
            raise ArithmeticError
        return await honest(conn, words, rules, now)

    monkeypatch.setattr(cards, "of_limits", fail)
    await consume(world, "M1", "M2", "M3")
    work = issuing(pool, world)
    while await work.run_once():
        pass
    assert {event["matter"] for event in await world.cards_published()} == {"M1", "M3"}
    (aside,) = await letters.listed(database, "accountability", settled=False)
    assert (aside["reason"], aside["key"]) == ("ArithmeticError", "licheng/M2")
    assert await letters.discarded(database, "accountability", [aside["letter"]], "it was a test") != []
    assert await told_store.waiting(world.conn) == (0, 0), "what was given up is nobody's worry"
    assert await letters.asked_again(database, "accountability", None) == [], "nor tried again"
    (kept,) = await letters.listed(database, "accountability", settled=True)
    assert (kept["settled_how"], kept["settled_because"]) == ("discarded", "it was a test")


async def test_words_that_were_set_aside_are_letters_and_are_tried_again(
    pool: Pool, world: World, database: str
) -> None:
    await consume(world, "M1")
    async with world.conn.transaction():
        await told_store.set_aside(world.conn, await told_store.take(world.conn, 1), "ArithmeticError")
    (aside,) = await letters.listed(database, "accountability", settled=False)
    assert await issuing(pool, world).run_once() == 0
    assert await letters.asked_again(database, "accountability", [aside["letter"]]) == [{"letter": aside["letter"]}]
    assert await issuing(pool, world).run_once() == 1
    assert {event["matter"] for event in await world.cards_published()} == {"M1"}
    assert await letters.listed(database, "accountability", settled=True) == []


async def test_cards_rest_while_a_storm_is_consumed(pool: Pool, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    work, hurried = issuing(pool, world, hurry=False), issuing(pool, world)
    for each in (work, hurried):
        monkeypatch.setattr(each, "_now", lambda: now[0])
    work.heard(BUSY - 1)
    assert not work.rests(), "a few words are no storm"
    work.heard(BUSY)
    hurried.heard(BUSY)
    assert work.rests()
    assert not hurried.rests(), "a simulated clock waits for nobody"
    now[0] = LULL_S + 0.1
    assert not work.rests()
    rested_s = 0.0
    work.heard(BUSY)
    while work.rests():
        rested_s += 0.5
        now[0] += 0.5
        work.heard(BUSY)
    assert rested_s == LONGEST_REST_S
