"""The notice of what is missing: silence counts as acceptance, a second notice is a violation, and what counts starts
anew when everything is there (R5, R14)."""

from datetime import date

from services.deadline.rules.clock import State
from shared.events.deadline import DeadlineFinding
from shared.events.limits import ExpiryTerms, LimitTerms, PauseTerms
from shared.inbox import Message
from tests.support.deadline_service import Service, at, fact, terms

NOTICE = terms(
    "notice", "5wd", stops_on=("correction.requested", "matter.accepted", "matter.closed"),
    on_expiry=ExpiryTerms(outcome="accepted", legal_basis="行政许可法 Art. 32"),
)  # fmt: skip
DECISION = terms("decision", "20wd", starts_on=("matter.accepted", "deemed:notice"))
RESTARTING = terms(
    "answer", "20wd", pauses=(PauseTerms(ground="correction"),), restarts_on=("correction.received",)
)  # fmt: skip


def registered(*limits: LimitTerms) -> Message:
    """Received on Monday 2 March: the notice is due on Monday the 9th."""
    return fact("matter.registered", "r", at("03-02 08:00"), limits=limits)


async def test_silence_is_acceptance_as_of_the_day_of_receipt(service: Service) -> None:
    await service.deliver(registered(NOTICE, DECISION))
    await service.move_to(at("03-10 00:00"))
    rows = await service.rows()
    assert rows["notice", ""].state is State.MISSED
    assert rows["decision", ""].due_on == date(2026, 3, 30)  # 20 working days from 2 March, not from the 10th
    assert await service.told() == ["scheduled", "missed", "deemed", "scheduled"]


async def test_a_notice_in_time_is_no_acceptance(service: Service) -> None:
    await service.deliver(registered(NOTICE, DECISION))
    await service.move_to(at("03-09 17:00"))
    await service.deliver(fact("correction.requested", "q", at("03-09 17:00"), missing=("site plan",)))
    await service.move_to(at("06-01 00:00"))
    rows = await service.rows()
    assert (rows["notice", ""].state, rows["decision", ""].state) == (State.MET, State.NOT_STARTED)
    assert await service.told() == ["scheduled", "met"]


async def test_a_notice_in_time_that_is_told_late_takes_the_acceptance_back(service: Service) -> None:
    await service.deliver(registered(NOTICE, DECISION))
    await service.move_to(at("03-10 09:00"))
    await service.deliver(fact("correction.requested", "q", at("03-09 17:00"), issued=at("03-10 09:00")))
    told = [(event.clock, heard.type.removeprefix("deadline.")) for heard, event in await service.published()]
    assert told[4:] == [
        ("decision", "voided"), ("notice", "withdrawn"), ("notice", "deemed_revoked"), ("notice", "met"),
    ]  # fmt: skip


async def test_a_second_notice_is_found_and_changes_nothing(service: Service) -> None:
    await service.deliver(
        registered(NOTICE),
        fact("correction.requested", "q1", at("03-02 08:20")),
        fact("correction.requested", "q2", at("03-02 08:40")),
    )
    assert await service.told() == ["scheduled", "met", "finding"]
    finding = (await service.published())[-1][1]
    assert isinstance(finding, DeadlineFinding)
    assert (finding.code, [used.id for used in finding.facts]) == ("repeated-correction-notice", ["q2"])
    await service.deliver(fact("fact.retracted", "x", at("03-02 08:50"), replaces={"source": "/a", "id": "q2"}))
    assert (await service.told())[3:] == ["finding_revoked"]


async def test_a_second_notice_pauses_no_further_where_one_is_all_that_is_allowed(service: Service) -> None:
    once = terms("answer", "20wd", pauses=(PauseTerms(ground="correction", times=1),))
    await service.deliver(
        registered(once),
        fact("correction.requested", "q1", at("03-02 08:10")),
        fact("correction.received", "c1", at("03-02 08:20")),
        fact("correction.requested", "q2", at("03-02 08:40")),
    )
    row = (await service.rows())["answer", ""]
    assert (row.state, row.due_on) == (State.RUNNING, date(2026, 3, 30))
    assert (await service.told())[-1] == "finding"


async def test_the_limit_begins_anew_on_the_day_everything_is_there(service: Service) -> None:
    await service.deliver(registered(RESTARTING))
    assert (await service.rows())["answer", ""].due_on == date(2026, 3, 30)
    await service.move_to(at("03-04 10:00"))
    await service.deliver(fact("correction.requested", "q", at("03-04 10:00")))
    assert (await service.rows())["answer", ""].state is State.PAUSED
    await service.move_to(at("03-16 10:00"))
    await service.deliver(fact("correction.received", "c", at("03-16 10:00")))
    row = (await service.rows())["answer", ""]
    assert (row.state, row.due_on) == (State.RUNNING, date(2026, 4, 14))  # 20 working days after 16 March; Qingming
    assert await service.told() == ["scheduled", "paused", "resumed"]


async def test_the_last_correction_is_the_one_that_counts(service: Service) -> None:
    await service.deliver(registered(RESTARTING))
    await service.move_to(at("03-16 10:00"))
    for id, when in (("c2", "03-16 10:00"), ("c1", "03-10 10:00")):
        await service.deliver(fact("correction.received", id, at(when), issued=at("03-16 10:00")))
    assert (await service.rows())["answer", ""].due_on == date(2026, 4, 14)
