"""What the deadline service says of a limit becomes cards (R21, R22)."""

from typing import Any

import orjson
import pytest

from services.accountability.card_store import card_of
from services.accountability.rules.card_rules import LEVELS
from shared.events.base import Event
from shared.events.deadline import Holding
from shared.inbox import Message
from tests.support.card_words import STATUTORY, deemed, deemed_revoked, overdue, overdue_revoked, voided, warned
from tests.support.case_world import World, day, delivered, in_hands_of, missed, rung_missed, untrue

ZHANG = (in_hands_of("zhang"),)


def numbered(*events: Event) -> list[Message]:
    """The words of one clock, as they are said one after another."""
    return [delivered(event, revision=n) for n, event in enumerate(events, start=1)]


async def standing(world: World) -> list[tuple[str, str, str, str | None, tuple[str, ...]]]:
    """Matter, rule, level, person and grounds of the cards that stand, upwards."""
    rows = await world.conn.fetch("select * from cards where revoked_at is null")
    found = [card_of(row) for row in rows]
    found.sort(key=lambda card: (card.limit.matter, LEVELS.index(card.level), card.rule))
    return [(c.limit.matter, c.rule, c.level, c.said.person, c.said.grounds) for c in found]


async def levels(world: World) -> list[str]:
    return [level for _, _, level, _, _ in await standing(world)]


async def test_a_limit_climbs_from_a_reminder_to_a_red_card(world: World) -> None:
    promised = missed(holdings=ZHANG)
    for n, (event, level) in enumerate(
        (
            (warned("5wd"), "reminder"),
            (warned("3wd"), "reminder"),
            (warned("1wd"), "warning"),
            (promised, "yellow"),
            (overdue("3wd"), "yellow"),
            (overdue("5wd"), "red"),
        ),
        start=1,
    ):
        await world.feed(delivered(event, revision=n))
        assert (await levels(world))[-1] == level
    assert await standing(world) == [
        ("M1", "limit", "reminder", "zhang", ("warned",)),
        ("M1", "limit", "warning", "zhang", ("warned",)),
        ("M1", "limit", "yellow", "zhang", ("promised-passed",)),
        ("M1", "limit", "red", "zhang", ("overdue",)),
    ]
    assert [event["type"] for event in await world.cards_published()] == ["card.issued"] * 4


@pytest.mark.parametrize(
    ("label", "level"),
    [("25%", "reminder"), ("2wd", "reminder"), ("1wd", "warning"), ("1d", "warning"), ("2d", "reminder"),
     ("24h", "warning"), ("25h", "reminder"), ("8wh", "warning"), ("30min", "warning"), ("1m", "reminder")],
)  # fmt: skip
async def test_what_is_left_decides_between_reminder_and_warning(world: World, label: str, level: str) -> None:
    await world.feed(delivered(warned(label)))
    assert await levels(world) == [level]


async def test_a_matter_that_never_was_leaves_no_reminder_and_one_taken_back_does(world: World) -> None:
    first = numbered(warned("5wd"), voided("registration-retracted"))
    for message in (*first, *numbered(warned("5wd", "M2"), voided("withdrawn", "M2"))):
        await world.feed(message)
    assert await standing(world) == [("M2", "limit", "reminder", "zhang", ("warned",))]
    revoked = [event for event in await world.cards_published() if event["type"] == "card.revoked"]
    assert [event["reason"] for event in revoked] == ["voided"]


async def test_the_statutory_limit_is_red_at_once(world: World) -> None:
    await world.feed(delivered(missed(limit=STATUTORY, holdings=ZHANG)))
    assert await standing(world) == [("M1", "limit", "red", "zhang", ("statutory-passed",))]


async def test_silence_that_became_an_answer_is_red_until_it_is_revoked(world: World) -> None:
    await world.feed(*numbered(missed(holdings=ZHANG), deemed()))
    assert await levels(world) == ["yellow", "red"]
    await world.feed(delivered(deemed_revoked(), revision=3))
    assert await levels(world) == ["yellow"]
    revoked = (await world.cards_published())[-1]
    assert (revoked["type"], revoked["level"], revoked["reason"]) == ("card.revoked", "red", "deemed-revoked")


async def test_what_was_done_late_but_earlier_than_believed_is_red_no_more(world: World) -> None:
    await world.feed(*numbered(missed(holdings=ZHANG), overdue()))
    assert await levels(world) == ["yellow", "red"]
    await world.feed(delivered(overdue_revoked(), revision=3))
    assert await levels(world) == ["yellow"]
    assert (await world.cards_published())[-1]["reason"] == "done-earlier"


async def test_one_delay_has_one_red_card_on_all_its_grounds(world: World) -> None:
    await world.feed(*numbered(missed(holdings=ZHANG), deemed(), overdue()))
    assert await standing(world) == [
        ("M1", "limit", "yellow", "zhang", ("promised-passed",)),
        ("M1", "limit", "red", "zhang", ("overdue", "deemed")),
    ]
    await world.feed(delivered(deemed_revoked(), revision=4))
    assert (await standing(world))[-1][-1] == ("overdue",)
    told = (await world.cards_published())[-1]
    assert (told["type"], told["envelope"]["revision"], told["grounds"]) == ("card.issued", "2", ["overdue"])


async def test_a_miss_taken_back_revokes_its_cards_and_no_reminder_and_deletes_nothing(world: World) -> None:
    await world.feed(*numbered(warned("5wd"), missed(holdings=ZHANG), overdue()))
    await world.feed(delivered(untrue(), revision=4))
    assert await levels(world) == ["reminder"]
    rows = await world.conn.fetch(
        "select level, revoked_because from cards where revoked_at is not null order by level"
    )
    assert [tuple(row) for row in rows] == [("red", "met"), ("yellow", "met")]
    revoked = [event for event in await world.cards_published() if event["type"] == "card.revoked"]
    assert {event["envelope"]["revision"] for event in revoked} == {"2"}
    assert {event["cause"]["id"] for event in revoked} == {event["envelope"]["causationid"] for event in revoked}


async def test_a_limit_missed_again_has_the_same_card_again(world: World) -> None:
    await world.feed(delivered(missed(holdings=ZHANG), revision=1))
    await world.feed(delivered(untrue(reason="due-moved"), revision=2))
    later = missed(due="2026-03-20", holdings=(in_hands_of("li"),))
    await world.feed(delivered(later, revision=3))
    assert await standing(world) == [("M1", "limit", "yellow", "li", ("promised-passed",))]
    events = await world.cards_published()
    assert [(event["type"], event["envelope"]["revision"]) for event in events] == [
        ("card.issued", "1"), ("card.revoked", "2"), ("card.issued", "3"),
    ]  # fmt: skip
    assert len({event["card_id"] for event in events}) == 1 and len(await world.cases()) == 2


async def test_levels_only_rise(world: World) -> None:
    """A service that was down over the first warning tells the second only; an extension brings the first again."""
    await world.feed(delivered(warned("1wd"), revision=1))
    await world.feed(delivered(warned("5wd", due="2026-03-20"), revision=2))
    assert await levels(world) == ["warning"]


async def test_a_card_names_who_had_the_matter_when_it_was_due_and_nobody_where_it_lay_with_a_unit(
    world: World,
) -> None:
    hands = (in_hands_of("zhang", until="2026-03-06"), in_hands_of("chen", since="2026-03-06"))
    await world.feed(delivered(missed(holdings=hands)), delivered(missed("M2")))
    assert [(matter, person) for matter, _, _, person, _ in await standing(world)] == [("M1", "chen"), ("M2", None)]
    unnamed = (await world.cards_published())[-1]
    assert "person" not in unnamed and unnamed["unit"] == "licensing"


async def test_another_hand_learned_later_is_told_by_the_same_card(world: World) -> None:
    await world.feed(delivered(missed(holdings=ZHANG), revision=1))
    await world.feed(delivered(missed(holdings=(in_hands_of("chen"),)), revision=2))
    first, second = await world.cards_published()
    assert (first["card_id"], second["person"]) == (second["card_id"], "chen")


async def test_a_case_s_own_limits_have_rungs_and_no_cards(world: World) -> None:
    await world.feed(delivered(missed(holdings=ZHANG)))
    case = await world.case()
    await world.feed(delivered(rung_missed(case["case_id"], 1, "2026-03-12")))
    assert await levels(world) == ["yellow"]


async def test_each_clock_and_each_stage_has_cards_of_its_own(world: World) -> None:
    await world.feed(
        delivered(missed(holdings=ZHANG)),
        delivered(missed(holdings=(Holding(since=day("2026-03-03"), person="li"),), subject="review")),
        delivered(missed(clock="statutory", limit=STATUTORY, holdings=ZHANG)),
    )
    assert sorted((level, person) for _, _, level, person, _ in await standing(world)) == [
        ("red", "zhang"), ("yellow", "li"), ("yellow", "zhang"),
    ]  # fmt: skip


async def test_a_card_carries_the_version_of_the_rules_by_which_it_was_issued(world: World) -> None:
    await world.feed(delivered(missed(holdings=ZHANG)))
    (issued,) = await world.cards_published()
    assert issued["rulebook"] == "default/cards-1"
    row: Any = await world.conn.fetchrow("select * from cards")
    kept: Any = await world.conn.fetchrow("select * from case_events where case_id = $1", row["card_id"])
    assert kept["type"] == "card.issued" and orjson.loads(kept["says"]).items() <= issued.items()


async def test_the_same_again_changes_nothing(world: World) -> None:
    words = numbered(warned("1wd"), missed(holdings=ZHANG), overdue())
    await world.feed(*words)
    before = await world.cards_published()
    await world.feed(*words, *words)
    assert await world.cards_published() == before
