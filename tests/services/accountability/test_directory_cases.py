"""What facts of the directory do to cases: deputies, superiors, and revisions when something is learned late."""

from collections.abc import Sequence
from random import Random

import pytest

from services.accountability import directory_store
from services.accountability.rules.model import Ref
from shared.inbox import Message
from tests.support.case_world import UNIT, World, assigned, delivered, missed, people, stated

CLERK = delivered(assigned("zhang", "direct", "2025-01-01"), post="window-1")
DEPUTY = delivered(assigned("li", "leading", "2025-01-01"), post="deputy")
TREE = stated("unit.placed", UNIT, "2025-01-01", parent="bureau"), stated("unit.placed", "bureau", "2025-01-01")
CHIEF = delivered(assigned("wang", "leading", "2025-01-01", unit="bureau"), post="chief")
MAYOR = delivered(assigned("chen", "leading", "2025-01-01", unit=None), post="mayor")


async def named(world: World) -> dict[str, str | None]:
    return people([e for e in await world.published() if "responsible" in e][-1]["responsible"])


async def because(world: World, role: str) -> str:
    said = [e for e in await world.published() if "responsible" in e][-1]["responsible"]
    (found,) = [str(r["because"]) for r in said if r["role"] == role]
    return found


async def test_the_deputy_of_who_is_on_leave_is_named_and_the_reason_names_both(world: World) -> None:
    leave = stated("leave.taken", "li", "2026-03-05", until="2026-03-20", deputy="sun")
    await world.feed(CLERK, DEPUTY, leave, delivered(missed()))
    assert (await named(world))["leading"] == "sun"
    reason = await because(world, "leading")
    assert "li" in reason and "on leave since 2026-03-05" in reason


async def test_leave_learned_late_revises_the_case_and_leave_taken_back_revises_it_again(world: World) -> None:
    await world.feed(CLERK, DEPUTY, delivered(missed()))
    assert (await named(world))["leading"] == "li"
    await world.feed(stated("leave.taken", "li", "2026-03-05", until="2026-03-20", deputy="sun", id="leave"))
    assert (await named(world))["leading"] == "sun"
    revised = (await world.published())[-1]
    assert (revised["type"], revised["reason"]) == ("case.revised", "directory-fact")
    await world.feed(stated("retracted", "li", "2026-03-05", replaces="leave", id="never", issued="2026-03-12"))
    assert (await named(world))["leading"] == "li"
    assert await world.types() == ["case.opened", "case.revised", "case.revised"]


async def test_leave_that_was_over_before_the_due_revises_nothing(world: World) -> None:
    await world.feed(CLERK, DEPUTY, delivered(missed()))
    await world.feed(stated("leave.taken", "li", "2026-02-05", until="2026-02-20", deputy="sun"))
    assert await world.types() == ["case.opened"]


async def test_a_leaders_vacancy_goes_up_the_tree_before_the_whole_authority(world: World) -> None:
    await world.feed(CLERK, *TREE, CHIEF, MAYOR, delivered(missed()))
    assert (await named(world))["leading"] == "wang"
    assert UNIT in await because(world, "leading")


async def test_a_unit_that_turns_out_to_have_stood_elsewhere_revises_its_cases_and_those_below(world: World) -> None:
    below = stated("unit.placed", "window", "2025-01-01", parent=UNIT)
    await world.feed(CLERK, *TREE, below, CHIEF, MAYOR, delivered(missed("M1")), delivered(missed("M2", unit="window")))
    assert [case["leading_person"] for case in await world.cases()] == ["wang", "wang"]
    await world.feed(stated("unit.placed", UNIT, "2026-02-01", parent="elsewhere"))
    assert [case["leading_person"] for case in await world.cases()] == ["chen", "chen"]


async def test_a_holder_above_who_is_learned_late_revises_the_cases_of_units_below(world: World) -> None:
    await world.feed(CLERK, *TREE, MAYOR, delivered(missed()))
    assert (await named(world))["leading"] == "chen"
    await world.feed(CHIEF)
    assert (await named(world))["leading"] == "wang"


async def test_a_corrected_office_revises_and_what_held_before_the_correction_stays_on_record(world: World) -> None:
    await world.feed(CLERK, delivered(assigned("li", "leading", "2025-01-01", id="wrong"), post="deputy"))
    await world.feed(delivered(missed()))
    right = stated(
        "holder.assigned", "deputy", "2026-03-20", person="li", role="leading", unit=UNIT, replaces="wrong", id="right"
    )
    await world.feed(right)
    assert (await named(world))["leading"] is None
    rows = await world.conn.fetch(
        "select event_id, kind, replaces_id from directory_facts where post = 'deputy' order by 1"
    )
    assert [tuple(row) for row in rows] == [("right", "assigned", "wrong"), ("wrong", "assigned", None)]


async def test_conflicts_are_kept_while_they_last(world: World) -> None:
    ring = stated("unit.placed", "bureau", "2026-01-01", parent=UNIT)
    await world.feed(*TREE, ring, delivered(assigned("li", "leading", "2025-01-01"), post="deputy"))
    rows = await world.conn.fetch("select entry, code, detail from directory_conflicts")
    assert [tuple(row) for row in rows] == [
        ("bureau", "cycle", f"bureau is below {UNIT} is below bureau: of no effect")
    ]  # fmt: skip
    await world.feed(stated("retracted", "bureau", "2026-01-01", replaces="unit.placed-bureau-2026-01-01", id="r"))
    assert await directory_store.count_conflicts(world.conn) == 0


@pytest.mark.parametrize("seed", range(6))
async def test_the_same_facts_in_any_order_and_any_batches_are_the_same_directory_and_cases(
    world: World, seed: int
) -> None:
    messages = [
        CLERK, DEPUTY, *TREE, CHIEF, MAYOR,
        stated("unit.placed", "bureau", "2026-01-01", parent=UNIT),
        stated("leave.taken", "li", "2026-03-05", until="2026-03-20", deputy="sun", id="leave"),
        stated("leave.taken", "li", "2026-03-15", deputy="zhou", replaces="leave", id="later", issued="2026-03-12"),
        stated("holder.assigned", "deputy", "2026-03-09", person="he", role="leading", unit=UNIT, acting=True),
        stated("post.abolished", "window-1", "2026-03-10"),
        delivered(missed("M1")), delivered(missed("M2", unit="bureau")),
    ]  # fmt: skip
    expected = await outcome(world, messages, 100)
    await world.clear()
    random = Random(seed)
    random.shuffle(messages)
    assert await outcome(world, messages, random.choice([1, 2, 5])) == expected


async def outcome(world: World, messages: Sequence[Message], size: int) -> object:
    for start in range(0, len(messages), size):
        await world.feed(*messages[start : start + size])
    tables = [
        "select authority, post, since, until, person, role, unit, acting from holdings order by 1, 2, 3",
        "select authority, unit, since, until, parent, kind from unit_places order by 1, 2, 3",
        "select authority, person, since, until, deputy, of_post from leaves order by 1, 2, 3",
        "select authority, entry, code, at, source, event_id, detail from directory_conflicts order by 1, 2, 3, 4",
        "select matter, direct_person, leading_person, principal_person from cases order by 1",
    ]
    return [[tuple(row) for row in await world.conn.fetch(table)] for table in tables]


async def test_a_batch_of_misses_asks_the_directory_once(world: World) -> None:
    await world.feed(CLERK, *TREE, CHIEF)
    asked: list[str] = []
    world.conn.add_query_logger(lambda record: asked.append(record.query))
    await world.feed(*(delivered(missed(f"M{n}", unit=UNIT if n % 2 else "bureau")) for n in range(20)))
    assert sum("from holdings" in query or "join holdings" in query for query in asked) == 1


async def test_facts_are_kept_once_and_never_changed(world: World) -> None:
    await world.feed(DEPUTY, DEPUTY)
    await world.feed(DEPUTY)
    rows = await world.conn.fetch("select source, event_id from directory_facts")
    assert [Ref(*row) for row in rows] == [Ref("/licheng/personnel", "li-leading-2025-01-01")]
