"""Extensions through Postgres and the events: granted, or refused and on record (R6, R13)."""

from datetime import date
from typing import Any

import pytest

from services.deadline.rules.clock import State
from shared.events.base import EventRef
from shared.events.deadline import DeadlineFinding, DeadlineFindingRevoked, DeadlineRescheduled
from shared.events.limits import ExtensionTerms
from shared.events.submissions import Replacement
from shared.inbox import Message
from tests.support.deadline_service import Service, at, content, fact, terms

ALLOWED = ExtensionTerms(most="5wd", approver=True)


def registered(extension: ExtensionTerms | None = ALLOWED) -> Message:
    """Received on Monday 2 March, due on Wednesday the 4th."""
    return fact("matter.registered", "r", at("03-02 08:00"), limits=(terms(extension=extension),))


def extended(when: str, id: str = "x", **says: Any) -> Message:
    return fact("matter.extended", id, at(when), **{"by": "5wd", "approver": "p-head", **says})


async def test_an_extension_granted_in_time_moves_the_due_and_says_who_approved_it(service: Service) -> None:
    await service.deliver(registered(), extended("03-02 08:30"))
    row = (await service.rows())["promised", ""]
    assert (row.state, row.due_on) == (State.RUNNING, date(2026, 3, 11))
    await service.deliver(fact("matter.closed", "c", at("03-02 08:50")))
    assert await service.told() == ["scheduled", "met"]
    scheduled: Any = (await service.published())[0][1]
    (extension,) = scheduled.extensions
    assert (extension.by, extension.approver) == ("5wd", "p-head")


async def test_one_that_is_told_later_moves_a_due_that_was_told_before(service: Service) -> None:
    await service.deliver(registered())
    await service.deliver(extended("03-02 08:30"))
    assert await service.told() == ["scheduled", "rescheduled"]
    moved = (await service.published())[1][1]
    assert isinstance(moved, DeadlineRescheduled)
    assert (moved.previous_due, moved.due) == (date(2026, 3, 4), date(2026, 3, 11))
    await service.move_to(at("03-11 23:59"))
    assert (await service.rows())["promised", ""].state is State.RUNNING


async def test_one_asked_for_after_expiry_is_refused_on_record_and_the_miss_stands(service: Service) -> None:
    await service.deliver(registered())
    await service.move_to(at("03-05 10:00"))
    await service.deliver(extended("03-05 10:00"))
    assert await service.told() == ["scheduled", "missed", "finding"]
    finding = (await service.published())[-1][1]
    assert isinstance(finding, DeadlineFinding)
    assert (finding.code, [used.id for used in finding.facts]) == ("extension-after-expiry", ["x"])
    row = (await service.rows())["promised", ""]
    assert (row.state, row.due_on) == (State.MISSED, date(2026, 3, 4))


async def test_a_correction_that_makes_it_timely_revokes_the_finding_and_the_miss(service: Service) -> None:
    await service.deliver(registered())
    await service.move_to(at("03-05 10:00"))
    await service.deliver(extended("03-05 10:00"))
    right = content("matter.extended", ("/a", "x"), at("03-04 16:00"), at("03-05 11:00"), by="5wd", approver="p-head")
    corrected = fact(
        "fact.corrected", "k", at("03-05 11:00"), replaces=EventRef(source="/a", id="x"),
        fact=Replacement(type="matter.extended", data=right.to_data()),
    )  # fmt: skip
    await service.deliver(corrected)
    assert (await service.told())[3:] == ["withdrawn", "rescheduled", "finding_revoked"]
    revoked = (await service.published())[-1][1]
    assert isinstance(revoked, DeadlineFindingRevoked)
    assert revoked.code == "extension-after-expiry"
    row = (await service.rows())["promised", ""]
    assert (row.state, row.due_on, row.miss) == (State.RUNNING, date(2026, 3, 11), None)
    await service.assert_revisions_have_no_gaps()


async def test_an_extension_in_time_but_told_after_the_miss_takes_the_miss_back(service: Service) -> None:
    await service.deliver(registered())
    await service.move_to(at("03-05 10:00"))
    await service.deliver(extended("03-04 16:00", issued=at("03-05 10:00")))
    assert await service.told() == ["scheduled", "missed", "withdrawn", "rescheduled"]


@pytest.mark.parametrize(
    ("terms_", "says", "code"),
    [
        (ALLOWED, {"by": "6wd"}, "extension-over-cap"),
        (ALLOWED, {"approver": None}, "extension-without-approver"),
        (ExtensionTerms(reason=True), {}, "extension-without-reason"),
        (None, {"clock": "promised"}, "extension-not-provided"),
    ],
)
async def test_what_the_item_does_not_allow_is_refused_and_says_why(
    service: Service, terms_: ExtensionTerms | None, says: dict[str, Any], code: str
) -> None:
    await service.deliver(registered(terms_), extended("03-02 08:30", **says))
    assert await service.told() == ["scheduled", "finding"]
    assert (await service.rows())["promised", ""].due_on == date(2026, 3, 4)
    finding: Any = (await service.published())[-1][1]
    assert finding.code == code


async def test_the_second_is_refused_where_one_is_all_that_is_allowed(service: Service) -> None:
    await service.deliver(registered(ExtensionTerms(times=1)))
    await service.deliver(extended("03-02 08:30", by="2wd"), extended("03-02 08:40", "y", by="2wd"))
    assert (await service.rows())["promised", ""].due_on == date(2026, 3, 6)
    finding: Any = (await service.published())[-1][1]
    assert (finding.code, finding.facts[0].id) == ("extension-too-often", "y")
