"""A batch in, cases and events out, on a real Postgres."""

import pytest

from shared.errors import NewerVersion, Permanent
from shared.inbox import Message
from tests.support.case_world import (
    World,
    assigned,
    day,
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
    nonsense = (("ce_type", b"deadline.scheduled"), ("ce_version", b"99"))
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


async def test_an_unanswered_case_climbs_each_rung_once_and_the_last_says_so(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    id = key_of().case_id
    for _ in range(2):
        await world.feed(delivered(rung_missed(id, 1, "2026-03-12")))
        await world.feed(delivered(rung_missed(id, 1, "2026-03-13"), revision=3))
        await world.feed(delivered(rung_missed(id, 2, "2026-03-18")))
    _, first, second = await world.published()
    assert (first["type"], first["rung"], first["last"]) == ("case.escalated", 1, False)
    assert first["addressee"] == {"role": "leading", "person": "li", "skipped": []}
    assert (second["rung"], second["last"], second["addressee"]["person"]) == (2, True, "wang")
    assert len(await world.cases()) == 1
    assert await world.conn.fetchval("select count(*) from escalations") == 2


async def test_a_vacant_rung_is_skipped_upwards(world: World) -> None:
    await world.feed(HOLDERS[0], HOLDERS[2], delivered(missed()))
    await world.feed(delivered(rung_missed(key_of().case_id, 1, "2026-03-12")))
    escalated = (await world.published())[-1]
    assert escalated["rung"] == 1
    assert escalated["addressee"] == {"role": "principal", "person": "wang", "skipped": ["leading"]}
    assert not escalated["last"]


async def test_a_withdrawn_case_does_not_climb_and_a_reinstated_one_climbs_anew(world: World) -> None:
    id = key_of().case_id
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(delivered(rung_missed(id, 1, "2026-03-12")))
    await world.feed(delivered(untrue(), revision=2))
    await world.feed(delivered(rung_missed(id, 2, "2026-03-18")))
    world.clock.now = day("2026-04-01")
    await world.feed(delivered(missed(), revision=3))
    await world.feed(delivered(rung_missed(id, 2, "2026-03-18")))  # a zombie of the first standing
    assert await world.types() == ["case.opened", "case.escalated", "case.withdrawn", "case.reinstated"]
    await world.feed(delivered(rung_missed(id, 1, "2026-04-02"), revision=2))
    assert (await world.types())[-1] == "case.escalated"
    assert (await world.case())["rung"] == 1


async def test_a_case_clock_taken_back_leaves_the_rung_on_record(world: World) -> None:
    id = key_of().case_id
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(delivered(rung_missed(id, 1, "2026-03-12")))
    taken_back = untrue(due="2026-03-12", clock="rung-1", subject=f"case:{id}")
    await world.feed(delivered(taken_back, revision=2))
    assert (await world.case())["rung"] == 1
    assert await world.types() == ["case.opened", "case.escalated"]


async def test_a_rung_of_a_case_that_never_was_is_for_the_dead_letters(world: World) -> None:
    with pytest.raises(Permanent):
        await world.feed(delivered(rung_missed(key_of().case_id, 1, "2026-03-12")))
    with pytest.raises(Permanent):
        await world.feed(delivered(missed(subject=f"case:{key_of().case_id}", clock="hearing")))


async def test_imported_history_is_decided_alike_but_starts_no_ladder(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed(origin="import")))
    (opened,) = await world.published()
    assert opened["origin"] == "import"
    assert opened["limits"] == []
    assert people(opened["responsible"])["direct"] == "zhang"


async def test_every_published_event_is_kept_for_ever_in_order(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(delivered(untrue(), revision=2))
    kept = await world.conn.fetch("select n, event_id, type, says from case_events order by n")
    published = await world.published()
    assert [(row["n"], row["event_id"], row["type"]) for row in kept] == [
        (int(event["envelope"]["revision"]), event["envelope"]["id"], event["type"]) for event in published
    ]
    assert kept[0]["says"].items() <= published[0].items()


async def test_the_report_shows_what_stands_and_what_was_withdrawn(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed("M1")), delivered(missed("M2")))
    await world.feed(delivered(untrue("M2"), revision=2))
    rows = await world.conn.fetch('select matter, state, direct, "leading", principal from report order by matter')
    assert [tuple(row) for row in rows] == [
        ("M1", "standing", "zhang", "li", "wang"), ("M2", "withdrawn", "zhang", "li", "wang"),
    ]  # fmt: skip
