"""Findings open cases of their own: in any order, however often told and however cut into batches, the same ones."""

from itertools import permutations
from typing import Any

import pytest

from shared.events.deadline import DeadlineFinding, DeadlineFindingRevoked, FactUsed
from shared.inbox import Message
from tests.support.case_world import AUTHORITY, UNIT, World, assigned, day, delivered

ACT = "2026-03-09T10:00:00+08:00"


def fact(id: str) -> tuple[FactUsed, ...]:
    used = FactUsed(type="complaint.concluded", occurred_at=day("2026-03-10"), source="/o", id=id, event=f"event-{id}")
    return (used,)


def about(clock: str, code: str, id: str) -> dict[str, Any]:
    return {
        "authority": AUTHORITY, "matter": "C1", "clock": clock, "item": "efficiency-complaint", "unit": "office",
        "code": code, "facts": fact(id),
    }  # fmt: skip


def found(
    revision: int = 1, *, clock: str = "handling", code: str = "complaint-substantiated", id: str = "f1",
    person: str | None = "ann", at: str = ACT,
) -> Message:  # fmt: skip
    by = {"at": at, "unit": UNIT, **({"person": person} if person else {})}
    event = DeadlineFinding.model_validate(
        {**about(clock, code, id), "detail": code, "by": by, "zone": "Asia/Shanghai", "calendar": "CN"}
    )
    return delivered(event, revision=revision, id=f"found-{clock}-{code}-{id}-{revision}")


def revoked(
    revision: int, *, clock: str = "handling", code: str = "complaint-substantiated", id: str = "f1"
) -> Message:
    event = DeadlineFindingRevoked.model_validate(about(clock, code, id))
    return delivered(event, revision=revision, id=f"revoked-{clock}-{code}-{id}-{revision}")


async def test_a_finding_opens_a_case_against_whoever_did_it(world: World) -> None:
    await world.feed(delivered(assigned("lee", "leading", "2026-01-01"), post="deputy"))
    await world.feed(found())
    case = await world.case()
    assert (case["clock"], case["direct_person"], case["leading_person"]) == (
        "lead:complaint-substantiated", "ann", "lee",
    )  # fmt: skip
    (opened,) = await world.published()
    assert opened["lead"] == {
        "kind": "complaint-substantiated", "severity": "general", "rule": "default/leads-1",
        "fact": {"source": "/o", "id": "f1"},
    }  # fmt: skip
    assert [limit["clock"] for limit in opened["limits"]] == ["rung-1", "rung-2"]


async def test_a_finding_that_the_rulebook_does_not_name_opens_none(world: World) -> None:
    await world.feed(found(code="extension-too-often"))
    assert await world.cases() == []


async def test_the_same_finding_told_again_or_by_another_limit_opens_no_second_case(world: World) -> None:
    await world.feed(found(), found())
    await world.feed(found(), found(3, clock="acceptance"))
    assert len(await world.cases()) == 1
    await world.feed(revoked(2))
    assert (await world.case())["state"] == "standing"  # the other limit still says so
    await world.feed(revoked(4, clock="acceptance"))
    assert (await world.case())["withdrawn_because"] == "revoked"


async def test_a_finding_that_is_true_again_reinstates_its_case(world: World) -> None:
    await world.feed(found())
    await world.feed(revoked(2))
    await world.feed(found(3))
    assert [event["type"] for event in await world.published()] == ["case.opened", "case.withdrawn", "case.reinstated"]


async def test_a_corrected_act_is_attributed_anew_at_its_own_instant(world: World) -> None:
    await world.feed(
        delivered(assigned("lee", "direct", "2026-01-01"), post="clerk"),
        delivered(assigned("mo", "direct", "2026-03-01"), post="clerk"),
    )
    await world.feed(found(person=None))
    assert (await world.case())["direct_person"] == "mo"
    await world.feed(found(2, person=None, at="2026-02-10T10:00:00+08:00"))
    case = await world.case()
    assert (case["direct_person"], case["late_from"].isoformat()) == ("lee", "2026-02-10T02:00:00.000001+00:00")


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
async def test_every_order_ends_in_the_same_case(world: World, order: tuple[int, ...]) -> None:
    said = [found(), revoked(2), found(3, person="bo"), found(2, clock="acceptance", person="cy")]
    for n in order:
        await world.feed(said[n])
    case = await world.case()
    assert (case["state"], case["direct_person"], case["due"]) == ("standing", "cy", ACT)
