"""Clocks that stand still, through Postgres and the events: when they stop, when they go on, how they end (R9, R11)."""

from datetime import date, datetime
from typing import Any

import orjson

from services.deadline.rules.clock import State
from shared.events.deadline import DeadlineFinding, DeadlinePaused, DeadlineResumed, DeadlineVoided
from shared.events.limits import LimitTerms, PauseTerms
from shared.inbox import Message
from tests.support.deadline_service import Service, at, fact, terms

HEARING = PauseTerms(ground="hearing")


def registered(*pauses: PauseTerms, **changes: Any) -> Message:
    """Received on Monday 2 March, five working days: due on Monday the 9th where nothing pauses it."""
    return fact("matter.registered", "r", at("03-02 08:00"), limits=(limit(*pauses, **changes),))


def limit(*pauses: PauseTerms, **changes: Any) -> LimitTerms:
    return terms(amount="5wd", pauses=pauses or (HEARING,), **changes)


def suspended(when: datetime | date, id: str = "s", ground: str = "hearing", **says: Any) -> Message:
    return fact("matter.suspended", id, when, ground=ground, **says)


async def test_a_pause_and_its_end_are_told_in_order_as_their_models_say(service: Service) -> None:
    await service.deliver(registered())
    await service.move_to(at("03-03 09:00"))
    await service.deliver(suspended(at("03-03 09:00")))
    await service.move_to(at("03-10 15:00"))
    await service.deliver(fact("matter.resumed", "z", at("03-10 15:00"), ground="hearing"))
    assert await service.told() == ["scheduled", "paused", "resumed"]
    (_, _), (heard, paused), (back, resumed) = await service.published()
    assert isinstance(paused, DeadlinePaused) and isinstance(resumed, DeadlineResumed)
    assert (paused.ground, paused.since, paused.until) == ("hearing", at("03-03 09:00"), None)
    assert [used.id for used in paused.facts] == ["s"]
    # Left out are Wednesday the 4th to Tuesday the 10th, five working days: from Monday the 9th to Monday the 16th.
    assert (resumed.due, resumed.late_from) == (date(2026, 3, 16), at("03-17 00:00"))
    assert [used.id for used in resumed.facts] == ["r", "s", "z"]
    assert resumed.pauses is not None
    assert [(p.since, p.until, p.assumed) for p in resumed.pauses] == [(at("03-03 09:00"), at("03-10 15:00"), False)]
    assert (heard.revision, back.revision) == (2, 3)
    await assert_written_as_their_models_write(service)


async def assert_written_as_their_models_write(service: Service) -> None:
    """Each body, byte for byte: what the rules put together is what the model of its type would have written."""
    for heard, event in await service.published():
        assert heard.data == orjson.dumps(event.to_data()), heard.type


async def test_nothing_is_told_and_nothing_fires_while_a_clock_stands_still(service: Service) -> None:
    await service.deliver(registered(warnings=("1wd",)), suspended(at("03-02 08:30")))
    row = (await service.rows())["promised", ""]
    assert (row.state, row.late_from, row.alarms) == (State.PAUSED, None, ())
    told = await service.told()
    await service.move_to(at("06-01 00:00"))
    assert await service.told() == told
    await service.deliver(fact("matter.resumed", "z", at("06-01 00:00")))
    row = (await service.rows())["promised", ""]
    assert [label for _, label in row.alarms] == ["1wd", "miss"]
    for instant, _ in row.alarms:
        await service.move_to(instant)
    assert (await service.told())[len(told) :] == ["resumed", "warned", "missed"]


async def test_it_goes_on_by_itself_at_the_end_that_was_announced(service: Service) -> None:
    await service.deliver(registered(warnings=("1wd",)))
    await service.deliver(suspended(date(2026, 3, 2), zone="Asia/Shanghai", until=date(2026, 3, 4)))
    row = (await service.rows())["promised", ""]
    assert (row.state, row.due_on) == (State.PAUSED, date(2026, 3, 11))
    await service.move_to(at("03-04 23:59"))
    assert await service.told() == ["scheduled", "rescheduled", "paused"]
    await service.move_to(at("03-05 00:00"))  # the day of its end does not count, and has to pass
    assert await service.told() == ["scheduled", "rescheduled", "paused", "resumed"]
    assert (await service.rows())["promised", ""].state is State.RUNNING
    await service.move_to(at("03-10 00:00"))
    await service.move_to(at("03-12 00:00"))
    assert (await service.told())[4:] == ["warned", "missed"]


async def test_a_resume_other_than_announced_moves_the_due_again(service: Service) -> None:
    await service.deliver(registered(), suspended(at("03-02 08:30"), expected="10d"))
    assert (await service.rows())["promised", ""].due_on == date(2026, 3, 19)  # without (2 March, 12 March]
    await service.move_to(at("03-04 10:00"))
    await service.deliver(fact("matter.resumed", "z", at("03-04 10:00")))
    row = (await service.rows())["promised", ""]
    assert (row.state, row.due_on) == (State.RUNNING, date(2026, 3, 11))
    assert await service.told() == ["scheduled", "paused", "resumed"]


async def test_a_decision_during_a_pause_ends_both(service: Service) -> None:
    await service.deliver(registered(), suspended(at("03-02 08:30")))
    await service.move_to(at("04-01 10:00"))
    await service.deliver(fact("matter.closed", "c", at("04-01 10:00")))
    row = (await service.rows())["promised", ""]
    assert (row.state, row.done_at) == (State.MET, at("04-01 10:00"))
    assert await service.told() == ["paused", "resumed", "met"]
    await service.move_to(at("06-01 00:00"))
    assert len(await service.told()) == 3


async def test_what_is_withdrawn_during_a_pause_ends_without_having_gone_on(service: Service) -> None:
    await service.deliver(registered(), suspended(at("03-02 08:30")))
    await service.move_to(at("03-05 10:00"))
    await service.deliver(fact("matter.withdrawn", "w", at("03-05 10:00")))
    assert (await service.rows())["promised", ""].state is State.VOID
    assert await service.told() == ["paused", "voided"]


async def test_a_pause_that_closes_the_matter_voids_the_clock_when_it_has_lasted_too_long(service: Service) -> None:
    closing = PauseTerms(ground="hearing", longest="10d", then="close")
    await service.deliver(registered(closing), suspended(date(2026, 3, 2), zone="Asia/Shanghai"))
    await service.move_to(at("03-12 23:59"))
    assert (await service.rows())["promised", ""].state is State.PAUSED
    await service.move_to(at("03-13 00:00"))
    assert (await service.rows())["promised", ""].state is State.VOID
    voided = (await service.published())[-1][1]
    assert isinstance(voided, DeadlineVoided)
    assert (voided.reason, [used.id for used in voided.facts]) == ("pause-lapsed", ["s"])
    told = await service.told()
    await service.deliver(fact("matter.resumed", "z", at("03-12 10:00")))  # it was there in time, and told late
    assert (await service.told())[len(told) :] == ["scheduled"]
    assert (await service.rows())["promised", ""].state is State.RUNNING


async def test_a_pause_longer_than_it_may_be_is_found_at_its_instant_and_goes_on(service: Service) -> None:
    alarmed = PauseTerms(ground="hearing", longest="10d")
    await service.deliver(registered(alarmed), suspended(date(2026, 3, 2), zone="Asia/Shanghai"))
    await service.move_to(at("03-12 23:59"))
    assert await service.told() == ["paused"]
    await service.move_to(at("03-13 00:00"))
    assert await service.told() == ["paused", "finding"]
    finding = (await service.published())[-1][1]
    assert isinstance(finding, DeadlineFinding)
    assert (finding.code, [used.id for used in finding.facts]) == ("pause-over-longest", ["s"])
    row = (await service.rows())["promised", ""]
    assert (row.state, row.alarms) == (State.PAUSED, ())
    await service.move_to(at("06-01 00:00"))
    assert await service.told() == ["paused", "finding"]
    await assert_written_as_their_models_write(service)


async def test_a_pause_that_resumes_by_law_counts_on_without_a_fact(service: Service) -> None:
    bounded = PauseTerms(ground="hearing", longest="2wd", then="resume")
    await service.deliver(registered(bounded), suspended(date(2026, 3, 2), zone="Asia/Shanghai"))
    await service.move_to(at("03-05 00:00"))
    row = (await service.rows())["promised", ""]
    assert (row.state, row.due_on) == (State.RUNNING, date(2026, 3, 11))
    await service.move_to(at("03-12 00:00"))
    assert (await service.rows())["promised", ""].state is State.MISSED


async def test_a_ground_that_the_limit_does_not_know_stops_nothing_and_is_found(service: Service) -> None:
    await service.deliver(registered(), suspended(at("03-02 08:30"), ground="vacation"))
    assert await service.told() == ["scheduled", "finding"]
    assert (await service.rows())["promised", ""].due_on == date(2026, 3, 9)
    await service.deliver(fact("fact.retracted", "x", at("03-02 08:40"), replaces={"source": "/a", "id": "s"}))
    assert (await service.told())[2:] == ["finding_revoked"]


async def test_whatever_order_the_facts_arrive_in_the_clock_ends_the_same(service: Service) -> None:
    def batch(key: tuple[str, str]) -> list[Message]:
        return [
            fact("matter.registered", "r", at("03-02 08:00"), key=key, limits=(limit(HEARING),)),
            fact("matter.suspended", "s", at("03-03 09:00"), key=key, ground="hearing"),
            fact("matter.resumed", "z", at("03-05 09:00"), key=key),
        ]

    await service.move_to(at("03-06 09:00"))
    await service.deliver(*batch(("A", "1")))
    for message in reversed(batch(("A", "2"))):
        await service.deliver(message)
    first, second = [(await service.rows(("A", n)))["promised", ""] for n in "12"]
    assert (first.state, first.due_on, first.alarms) == (second.state, second.due_on, second.alarms)
    assert first.due_on == date(2026, 3, 11)
    await service.assert_revisions_have_no_gaps()
