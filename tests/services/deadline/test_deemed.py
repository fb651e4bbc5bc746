"""Silence that counts as an answer, and clocks that start with another's end, through Postgres (R5, R10)."""

from datetime import date
from typing import Any

from services.deadline.rules.clock import State
from shared.events.deadline import DeadlineDeemed, DeadlineDeemedRevoked
from shared.events.limits import ExpiryTerms, LimitTerms
from shared.inbox import Message
from tests.support.deadline_service import Service, at, fact, terms

CONSENT = ExpiryTerms(outcome="consent", legal_basis="not verified")


def registered(*limits: LimitTerms, key: tuple[str, str] = ("A", "1")) -> Message:
    """Received on Monday 2 March; two working days end on Wednesday the 4th."""
    return fact("matter.registered", "r", at("03-02 08:00"), key=key, limits=limits or (consent(),))


def consent(**changes: Any) -> LimitTerms:
    return terms("consent", on_expiry=CONSENT, **changes)


async def test_silence_becomes_an_answer_when_the_limit_has_passed_and_the_miss_stands(service: Service) -> None:
    await service.deliver(registered())
    await service.move_to(at("03-04 23:59"))
    assert await service.told() == ["scheduled"]
    await service.move_to(at("03-05 00:00"))
    assert await service.told() == ["scheduled", "missed", "deemed"]
    deemed = (await service.published())[-1][1]
    assert isinstance(deemed, DeadlineDeemed)
    assert (deemed.outcome, deemed.legal_basis, deemed.due) == ("consent", "not verified", date(2026, 3, 4))
    await service.deliver(fact("matter.closed", "c", at("03-05 00:00")))
    assert (await service.told())[3:] == ["stopped_late"]
    assert (await service.rows())["consent", ""].state is State.MISSED_DONE


async def test_a_decision_in_time_that_is_told_late_revokes_it(service: Service) -> None:
    await service.deliver(registered())
    await service.move_to(at("03-06 00:00"))
    await service.deliver(fact("matter.closed", "c", at("03-04 17:00"), issued=at("03-06 00:00")))
    assert await service.told() == ["scheduled", "missed", "deemed", "withdrawn", "deemed_revoked", "met"]
    revoked = (await service.published())[-2][1]
    assert isinstance(revoked, DeadlineDeemedRevoked)
    assert (revoked.due, [used.id for used in revoked.facts]) == (date(2026, 3, 4), ["c"])
    await service.deliver(fact("fact.retracted", "x", at("03-06 00:00"), replaces={"source": "/a", "id": "c"}))
    assert (await service.told())[6:] == ["scheduled", "missed", "deemed"]
    await service.assert_revisions_have_no_gaps()


async def test_clocks_that_wait_for_it_start_with_the_sweep_that_fires_it(service: Service) -> None:
    """No fact comes: the sweep itself folds again what waits for a miss."""
    other = terms("decision", "5wd", starts_on=("deemed:consent",))
    chase = terms("chase", "1wd", starts_on=("expired:consent",))
    await service.deliver(registered(consent(), other, chase))
    rows = await service.rows()
    assert {rows[name, ""].state for name in ("decision", "chase")} == {State.NOT_STARTED}
    await service.move_to(at("03-05 00:00"))
    rows = await service.rows()
    assert rows["decision", ""].due_on == date(2026, 3, 9), "counted from receipt: accepted as of then"
    assert rows["chase", ""].due_on == date(2026, 3, 6), "counted from the first day that is late, the 5th"
    assert await service.told() == ["scheduled", "missed", "deemed", "scheduled", "scheduled"]
    await service.move_to(at("03-07 00:00"))
    assert (await service.rows())["chase", ""].state is State.MISSED
    await service.assert_revisions_have_no_gaps()


async def test_a_clock_that_waited_for_silence_falls_when_there_was_none(service: Service) -> None:
    await service.deliver(registered(consent(), terms("chase", "5wd", starts_on=("expired:consent",))))
    await service.move_to(at("03-05 00:00"))
    assert (await service.rows())["chase", ""].state is State.RUNNING
    await service.deliver(fact("matter.closed", "c", at("03-04 17:00"), issued=at("03-05 00:00")))
    row = (await service.rows())["chase", ""]
    assert (row.state, row.late_from) == (State.NOT_STARTED, None)
    told = [(e.clock, heard.type) for heard, e in await service.published() if e.clock == "chase"]
    assert told == [("chase", "deadline.scheduled"), ("chase", "deadline.voided")]


async def test_a_clock_starts_with_the_end_of_another(service: Service) -> None:
    first = terms("acceptance", stops_on=("matter.accepted",))
    second = terms("decision", "5wd", starts_on=("ended:acceptance",))
    await service.deliver(registered(first, second))
    assert (await service.rows())["decision", ""].state is State.NOT_STARTED
    await service.move_to(at("03-03 10:00"))
    await service.deliver(fact("matter.accepted", "a", at("03-03 10:00")))
    assert (await service.rows())["decision", ""].due_on == date(2026, 3, 10)


async def test_of_many_that_are_silent_at_once_each_starts_its_own(service: Service) -> None:
    chase = terms("chase", "1wd", starts_on=("expired:consent",))
    keys = [("A", str(number)) for number in range(20)]
    await service.deliver(*(registered(consent(), chase, key=key) for key in keys))
    service.clock.now = at("03-05 00:00")
    sweep = service.sweep(batch=7)
    while (await sweep.run_once()).fired:
        pass
    for key in keys:
        assert (await service.rows(key))["chase", ""].due_on == date(2026, 3, 6)
    await service.assert_revisions_have_no_gaps()
