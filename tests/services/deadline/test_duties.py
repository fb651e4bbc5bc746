"""What those above a case, or those who must rectify, have to do in time: clocks that a case's own events state."""

from datetime import datetime
from typing import Any

from services.deadline.rules.clock import State
from shared.events.accountability import CaseAnswered, CaseEscalated, CaseEvent
from shared.events.base import Event
from shared.events.limits import LimitTerms, PauseTerms
from shared.events.oversight import CaseSnoozed
from shared.events.rectification import (
    RectificationOpened,
    RectificationOrdered,
    RectificationRejected,
    RectificationReported,
    RectificationVerified,
)
from shared.inbox import Message
from tests.support.deadline_service import Service, at, case, message, terms

NOON = at("03-02 12:00")
TO: dict[str, Any] = {"role": "leading", "person": "li", "skipped": ()}


def duty(clock: str, amount: str, starts: type[Event], *stops: type[Event], **more: Any) -> LimitTerms:
    return terms(clock, amount, starts_on=(starts.TYPE,), stops_on=tuple(each.TYPE for each in stops), **more)


def said(model: type[CaseEvent], revision: int, when: datetime, id: str = "c1", **says: Any) -> Message:
    """An event of the matter's case."""
    event = model.model_validate({"case_id": id, "authority": "A", "matter": "1", "occurred_at": when, **says})
    return message(event, f"{id}-{revision}", revision=revision, when=when)


def answered(revision: int, when: datetime) -> Message:
    limit = duty("preliminary-review", "5wd", CaseAnswered, RectificationOrdered)
    return said(CaseAnswered, revision, when, answered_by="li", limits=(limit,))


def ordered(
    revision: int, when: datetime, part: str, model: type[CaseEvent] = RectificationOrdered, **more: Any
) -> Message:
    limit = duty(f"rectification:{part}", "2wd", model, RectificationReported)
    return said(
        model, revision, when, rectification_id=part, part=part, unit="u1", ordered_by="chen", demand="0f",
        within="2wd", rulebook="default/rectification-1", addressee=TO, limits=(limit,), **more,
    )  # fmt: skip


def reported(revision: int, when: datetime, part: str, id: str = "c1") -> Message:
    check = duty(
        f"rectification-check:{part}", "1wd", RectificationReported, RectificationVerified, RectificationRejected
    )
    return said(
        RectificationReported, revision, when, id, rectification_id=part, part=part, unit="u1", reported_by="li",
        report="0f", evidence=(), limits=(check,),
    )  # fmt: skip


def rejected(revision: int, when: datetime, part: str, then: str, id: str = "c1") -> Message:
    limit = duty(f"rectification:{then}", "2wd", RectificationRejected, RectificationReported)
    return said(
        RectificationRejected, revision, when, id, rectification_id=part, part=part, unit="u1", rejected_by="chen",
        reason="0f", within="2wd", addressee=TO, limits=(limit,),
    )  # fmt: skip


async def states(service: Service, id: str = "c1") -> dict[str, str]:
    return {name: row.state.value for (name, subject), row in (await service.rows()).items() if subject == f"case:{id}"}


async def test_a_duty_begins_with_the_event_that_states_it(service: Service) -> None:
    service.clock.now = NOON
    await service.deliver(case("case.opened", 1, at("03-02 08:00")))
    await service.deliver(answered(2, at("03-02 09:00")))
    row = (await service.rows())["preliminary-review", "case:c1"]
    assert (row.state, str(row.due_on)) == (State.RUNNING, "2026-03-09")
    await service.move_to(at("03-10 00:00"))
    assert await states(service) == {"answer": "met", "preliminary-review": "missed"}
    await service.assert_revisions_have_no_gaps()


async def test_the_last_rung_puts_the_overseers_on_the_clock_and_lower_ones_move_none(service: Service) -> None:
    service.clock.now = at("03-04 00:00")
    says: dict[str, Any] = {
        "addressee": TO, "miss": {"source": "/duban/deadline", "id": "m"}, "last": False, "responsible": (),
        "due": at("03-02 08:00").date(),
    }  # fmt: skip
    await service.deliver(case("case.opened", 1, at("03-02 08:00")))
    await service.deliver(said(CaseEscalated, 2, at("03-04 00:00"), rung=1, **says))
    assert await states(service) == {"answer": "missed"}
    limit = duty("preliminary-review", "5wd", CaseEscalated, RectificationOrdered)
    await service.deliver(said(CaseEscalated, 3, at("03-04 00:00"), rung=2, limits=(limit,), **says))
    assert await states(service) == {"answer": "missed", "preliminary-review": "running"}


async def test_two_rectifications_of_one_case_do_not_end_each_other(service: Service) -> None:
    service.clock.now = NOON
    await service.deliver(case("case.opened", 1, at("03-02 08:00")))
    await service.deliver(ordered(2, at("03-02 09:00"), "r1"), ordered(3, at("03-02 09:00"), "r2"))
    await service.deliver(reported(4, at("03-02 10:00"), "r1"))
    found = await states(service)
    assert found["rectification:r1"] == "met"
    assert found["rectification:r2"] == "running"
    assert found["rectification-check:r1"] == "running"


async def test_what_is_sent_back_has_a_new_limit_that_the_first_report_does_not_end(service: Service) -> None:
    service.clock.now = NOON
    await service.deliver(case("case.opened", 1, at("03-02 08:00")), ordered(2, at("03-02 09:00"), "r1"))
    await service.deliver(reported(3, at("03-02 10:00"), "r1"), rejected(4, at("03-02 11:00"), "r1", "r1.2"))
    found = await states(service)
    assert (found["rectification-check:r1"], found["rectification:r1.2"]) == ("met", "running")
    await service.move_to(at("03-05 00:00"))
    assert (await states(service))["rectification:r1.2"] == "missed"
    await service.deliver(reported(5, at("03-05 00:00"), "r1.2"))
    assert (await states(service))["rectification:r1.2"] == "missed_done"
    await service.assert_revisions_have_no_gaps()


async def test_any_order_of_arrival_gives_the_same_clocks(service: Service) -> None:
    service.clock.now = NOON
    life = [
        case("case.opened", 1, at("03-02 08:00")), ordered(2, at("03-02 09:00"), "r1"),
        reported(3, at("03-02 10:00"), "r1"), rejected(4, at("03-02 11:00"), "r1", "r1.2"),
        answered(5, at("03-02 12:00")),
    ]  # fmt: skip
    for each in reversed(life):
        await service.deliver(each)
    assert await states(service) == {
        "answer": "met", "preliminary-review": "running", "rectification:r1": "met", "rectification-check:r1": "met",
        "rectification:r1.2": "running",
    }  # fmt: skip


async def test_a_withdrawn_case_voids_every_duty_and_a_reinstated_one_does_not_revive_them(service: Service) -> None:
    service.clock.now = NOON
    await service.deliver(case("case.opened", 1, at("03-02 08:00")), ordered(2, at("03-02 09:00"), "r1"))
    await service.deliver(answered(3, at("03-02 10:00")), case("case.withdrawn", 4, at("03-02 11:00")))
    found = await states(service)
    assert (found["rectification:r1"], found["preliminary-review"]) == ("void", "void")
    await service.deliver(case("case.reinstated", 5, at("03-02 12:00")))
    await service.move_to(at("05-01 00:00"))
    found = await states(service)
    assert (found["rectification:r1"], found["preliminary-review"], found["answer"]) == ("void", "void", "missed")
    await service.deliver(answered(6, at("05-01 00:00")))
    assert (await states(service))["preliminary-review"] == "running"


async def test_a_snooze_moves_the_rungs_that_have_not_fired(service: Service) -> None:
    service.clock.now = NOON
    await service.deliver(case("case.opened", 1, at("03-02 08:00"), amount="1wd"))
    limit = terms(
        "answer", "1wd", starts_on=("case.opened", "case.reinstated"), stops_on=("case.answered",),
        pauses=(PauseTerms(ground="snooze"),),
    )  # fmt: skip
    says: dict[str, Any] = {"snoozed_by": "li", "expected": "2wd", "n": 1, "reason": "0f", "limits": (limit,)}
    await service.deliver(said(CaseSnoozed, 2, at("03-02 09:00"), **says))
    await service.move_to(at("03-05 23:59"))
    assert (await states(service))["answer"] != "missed"
    await service.move_to(at("03-06 00:00"))
    assert (await states(service))["answer"] == "missed"
    await service.deliver(said(CaseSnoozed, 3, at("03-06 00:00"), **{**says, "n": 2}))
    assert (await states(service))["answer"] == "missed"


async def test_a_rectification_that_stands_alone_has_clocks_of_its_own(service: Service) -> None:
    service.clock.now = NOON
    opened = ordered(1, at("03-02 09:00"), "r1", RectificationOpened)
    alone = said(
        RectificationOpened, 1, at("03-02 09:00"), "r1", rectification_id="r1", part="r1", unit="u1",
        ordered_by="chen", demand="0f", within="2wd", rulebook="default/rectification-1", addressee=TO,
        limits=(duty("rectification:r1", "2wd", RectificationOpened, RectificationReported),),
    )  # fmt: skip
    assert opened.key == alone.key
    await service.deliver(alone)
    await service.deliver(
        reported(2, at("03-02 10:00"), "r1", "r1"), rejected(3, at("03-02 11:00"), "r1", "r1.2", "r1")
    )
    await service.move_to(at("03-05 00:00"))
    assert await states(service, "r1") == {
        "rectification:r1": "met", "rectification-check:r1": "met", "rectification:r1.2": "missed",
    }  # fmt: skip
