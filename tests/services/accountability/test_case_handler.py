"""A batch in, cases and events out, on a real Postgres."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import orjson
import pytest

from shared.errors import NewerVersion, Permanent
from shared.events.base import Event
from shared.inbox import Message
from tests.support.case_world import (
    LIMIT,
    World,
    assigned,
    delivered,
    ended,
    in_hands_of,
    key_of,
    missed,
    people,
    rung_missed,
    untrue,
)

HOLDERS = (
    delivered(assigned("zhang", "direct", "2025-01-01"), post="window-1"),
    delivered(assigned("li", "leading", "2025-01-01"), post="deputy"),
    delivered(assigned("wang", "principal", "2025-01-01", unit=None), post="director"),
)


async def test_a_miss_opens_one_case_with_three_people_and_its_own_limits(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    (opened,) = await world.published()
    assert opened["type"] == "case.opened"
    assert opened["case_id"] == str(key_of().case_id)
    assert people(opened["responsible"]) == {"direct": "zhang", "leading": "li", "principal": "wang"}
    assert opened["addressee"] == {"role": "direct", "person": "zhang", "skipped": []}
    assert [(limit["clock"], limit["amount"]) for limit in opened["limits"]] == [("rung-1", "1wd"), ("rung-2", "5wd")]
    assert {(limit["calendar"], limit["zone"]) for limit in opened["limits"]} == {("CN", "Asia/Shanghai")}
    assert opened["limits"][0]["starts_on"] == ["case.opened", "case.reinstated"]
    assert opened["limits"][0]["stops_on"] == ["case.answered"]
    assert opened["due"] == "2026-03-10"
    assert opened["rulebook"] == "default/1"
    assert opened["envelope"]["subject"] == "licheng/M1"
    assert opened["envelope"]["revision"] == "1"
    assert opened["envelope"]["causationid"] == opened["miss"]["id"]


async def test_the_same_miss_again_opens_nothing_more(world: World) -> None:
    await world.feed(delivered(missed()), delivered(missed()))
    await world.feed(delivered(missed()))
    assert await world.types() == ["case.opened"]


async def test_two_dues_of_one_clock_are_two_cases_and_two_authorities_too(world: World) -> None:
    await world.feed(
        delivered(missed()),
        delivered(missed(due="2026-03-17")),
        delivered(missed(authority="anxi")),
        delivered(missed(subject="task-1")),
    )
    assert len({case["case_id"] for case in await world.cases()}) == 4


async def test_a_subject_that_only_looks_like_a_case_opens_one(world: World) -> None:
    await world.feed(delivered(missed(subject="case:of beer")))
    assert await world.types() == ["case.opened"]


async def test_other_deadline_events_are_dropped_by_their_type_unparsed(world: World) -> None:
    nonsense = (("ce_type", b"deadline.resumed"), ("ce_version", b"99"))
    await world.feed(Message("deadline-events", 0, 1, b"k", b"not json", nonsense), delivered(missed()))
    assert await world.types() == ["case.opened"]


async def test_a_newer_version_of_a_miss_stops_and_an_unknown_type_does_not(world: World) -> None:
    good = delivered(missed())
    unknown = tuple((n, b"deadline.pondered" if n == "ce_type" else v) for n, v in good.headers)
    newer = tuple((n, b"2" if n == "ce_version" else v) for n, v in good.headers)
    await world.feed(Message("deadline-events", 0, 1, b"k", good.value, unknown))
    assert await world.types() == []
    with pytest.raises(NewerVersion):
        await world.feed(Message("deadline-events", 0, 2, b"k", good.value, newer))
    with pytest.raises(Permanent):
        await world.feed(Message("deadline-events", 0, 3, b"k", b"{}", good.headers))


async def test_the_person_as_held_at_the_due_instant_and_not_now(world: World) -> None:
    await world.feed(
        *HOLDERS,
        delivered(assigned("new-li", "leading", "2026-03-11"), post="deputy"),
        delivered(missed(holdings=(in_hands_of("chen", until="2026-03-10"), in_hands_of("zhou", since="2026-03-10")))),
    )
    (opened,) = await world.published()
    assert people(opened["responsible"]) == {"direct": "zhou", "leading": "li", "principal": "wang"}


async def test_a_vacancy_goes_up_and_says_so(world: World) -> None:
    await world.feed(delivered(assigned("wang", "principal", "2025-01-01", unit=None), post="director"))
    await world.feed(delivered(missed()))
    (opened,) = await world.published()
    assert opened["addressee"] == {"role": "principal", "person": "wang", "skipped": ["direct", "leading"]}
    direct, leading, _ = opened["responsible"]
    assert "person" not in direct and direct["because"].startswith("vacant: ")
    assert "person" not in leading and "licensing" in leading["because"]


async def test_nobody_at_all_is_named_and_the_case_stands_all_the_same(world: World) -> None:
    await world.feed(delivered(missed(unit=None, holdings=())))
    (opened,) = await world.published()
    assert opened["addressee"] == {"role": "principal", "skipped": ["direct", "leading"]}
    assert set(people(opened["responsible"]).values()) == {None}


async def test_a_miss_taken_back_withdraws_its_case_with_the_cause(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(delivered(untrue(), revision=2))
    _, withdrawn = await world.published()
    assert withdrawn["type"] == "case.withdrawn"
    assert withdrawn["reason"] == "met"
    assert withdrawn["told"] == ["li", "wang", "zhang"]
    assert withdrawn["cause"]["id"] == withdrawn["envelope"]["causationid"]
    assert withdrawn["envelope"]["revision"] == "2"
    case = await world.case()
    assert (case["state"], case["withdrawn_because"]) == ("withdrawn", "met")


async def test_a_withdrawal_that_overtakes_its_miss_bars_it(world: World) -> None:
    await world.feed(delivered(untrue(), revision=2))
    await world.feed(delivered(missed(), revision=1))
    assert await world.types() == []
    await world.feed(delivered(missed(), revision=3))
    assert await world.types() == ["case.opened"]


async def test_within_one_batch_too(world: World) -> None:
    await world.feed(
        delivered(untrue(), revision=2),
        delivered(missed(), revision=1),
        delivered(missed(), revision=3),
        delivered(untrue(), revision=4),
        delivered(missed(), revision=5),
    )
    assert await world.types() == ["case.opened", "case.withdrawn", "case.reinstated"]
    assert [event["envelope"]["revision"] for event in await world.published()] == ["1", "2", "3"]


async def test_the_same_row_is_reinstated_with_new_limits(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(delivered(untrue(), revision=2))
    await world.feed(delivered(missed(), revision=3))
    reinstated = (await world.published())[-1]
    assert reinstated["type"] == "case.reinstated"
    assert reinstated["case_id"] == str(key_of().case_id)
    assert len(reinstated["limits"]) == 2
    case = await world.case()
    assert (case["state"], case["standing_no"], case["withdrawn_at"]) == ("standing", 2, None)


async def test_a_republished_miss_revises_only_when_the_proposal_changes(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(delivered(missed(), revision=2))
    assert await world.types() == ["case.opened"]
    await world.feed(delivered(missed(holdings=(in_hands_of("chen"),)), revision=3))
    revised = (await world.published())[-1]
    assert (revised["type"], revised["reason"]) == ("case.revised", "miss-republished")
    assert people(revised["responsible"])["direct"] == "chen"
    await world.feed(delivered(missed(), revision=2))
    assert (await world.case())["direct_person"] == "chen"


async def test_a_directory_fact_learned_later_revises_the_standing_cases_it_concerns(world: World) -> None:
    await world.feed(
        *HOLDERS,
        delivered(missed("before", "2026-03-04")),
        delivered(missed("after", "2026-03-10")),
        delivered(missed("elsewhere", "2026-03-10", unit="roads", holdings=())),
        delivered(missed("withdrawn", "2026-03-10")),
    )
    await world.feed(delivered(untrue("withdrawn"), revision=2))
    sent = len(await world.types())
    await world.feed(delivered(assigned("new-li", "leading", "2026-03-09"), post="deputy"))
    revised = (await world.published())[sent:]
    assert [(event["matter"], event["reason"]) for event in revised] == [("after", "directory-fact")]
    assert people(revised[0]["responsible"])["leading"] == "new-li"
    kept = await world.conn.fetch("select reason, proposal from attributions where matter = 'after' order by n")
    assert [(row["reason"], row["proposal"][1]["person"]) for row in kept] == [
        ("opened", "li"), ("directory-fact", "new-li"),
    ]  # fmt: skip


async def test_who_leaves_after_the_due_stays_responsible_and_nothing_is_revised(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(delivered(ended("li", "2026-03-11"), post="deputy"))
    assert await world.types() == ["case.opened"]
    await world.feed(delivered(ended("li", "2026-03-10"), post="deputy"))
    revised = (await world.published())[-1]
    assert people(revised["responsible"])["leading"] is None


async def test_a_duplicate_directory_fact_changes_nothing(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    before = await world.conn.fetch("select * from holdings order by post")
    await world.feed(*HOLDERS)
    assert await world.conn.fetch("select * from holdings order by post") == before
    assert await world.types() == ["case.opened"]


async def test_many_cases_are_revised_in_chunks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.accountability.handlers.CHUNK", 7)
    await world.feed(*HOLDERS, *(delivered(missed(f"M{n}")) for n in range(30)))
    await world.feed(delivered(assigned("new-wang", "principal", "2026-01-01", unit=None), post="director"))
    assert (await world.types()).count("case.revised") == 30
    assert {case["principal_person"] for case in await world.cases()} == {"new-wang"}


async def test_a_case_tells_its_instants_in_the_zone_of_its_limit_whatever_the_database_made_of_them(
    world: World,
) -> None:
    zone = ZoneInfo("America/New_York")
    world.clock.now = datetime(2012, 4, 24, 4, 0, 1, tzinfo=UTC)
    limit = LIMIT.model_copy(update={"zone": "America/New_York", "calendar": "US-federal"})
    due, late = datetime(2012, 4, 23, 17, tzinfo=zone), datetime(2012, 4, 24, tzinfo=zone)
    miss = missed(late_from=late, detected_at=late.astimezone(UTC), limit=limit).model_copy(update={"due": due})
    taken_back = untrue(late_from=late.astimezone(UTC)).model_copy(update={"due": due})
    said: tuple[Event, ...] = (miss, taken_back, miss)
    for revision, event in enumerate(said, start=1):
        await world.feed(delivered(event, revision=revision))
    case = await world.case()
    again = rung_missed(case["case_id"], 1, "2026-03-18", started_by=case["standing_event"])
    await world.feed(delivered(again))
    events = await world.published()
    assert [event["type"] for event in events] == [
        "case.opened", "case.withdrawn", "case.reinstated", "case.escalated",
    ]  # fmt: skip
    for told in events:
        assert (told["due"], told["occurred_at"]) == ("2012-04-23T17:00:00-04:00", "2012-04-24T00:00:01-04:00")
    assert (events[0]["late_from"], events[0]["detected_at"]) == (("2012-04-24T00:00:00-04:00",) * 2)


async def test_imported_history_is_decided_alike_but_starts_no_ladder(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed(origin="import")))
    (opened,) = await world.published()
    assert opened["origin"] == "import"
    assert opened["limits"] == []
    assert people(opened["responsible"])["direct"] == "zhang"


async def test_every_published_event_is_kept_for_ever_in_order(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(delivered(untrue(), revision=2))
    kept = await world.conn.fetch("select n, event_id, type, says from case_events where type like 'case.%' order by n")
    published = await world.published()
    assert [(row["n"], row["event_id"], row["type"]) for row in kept] == [
        (int(event["envelope"]["revision"]), event["envelope"]["id"], event["type"]) for event in published
    ]
    assert orjson.loads(kept[0]["says"]).items() <= published[0].items()


async def test_the_report_shows_what_stands_and_what_was_withdrawn(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed("M1")), delivered(missed("M2")))
    await world.feed(delivered(untrue("M2"), revision=2))
    rows = await world.conn.fetch('select matter, state, direct, "leading", principal from report order by matter')
    assert [tuple(row) for row in rows] == [
        ("M1", "standing", "zhang", "li", "wang"), ("M2", "withdrawn", "zhang", "li", "wang"),
    ]  # fmt: skip
