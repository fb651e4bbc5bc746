"""A case that is taken up a second time, after it was withdrawn and stands again, has its duties anew (round 2)."""

from datetime import date, datetime
from typing import Any

from shared.events.proceedings import CaseFiled, ProceedingEvent, ReviewBegun
from shared.inbox import Message
from tests.support.deadline_service import Service, at, case, message, terms

BOOK: dict[str, Any] = {"due": date(2026, 3, 1), "by": ("chen",), "rulebook": "default/proceedings-1"}


def begun(revision: int, when: datetime) -> Message:
    limit = terms("filing", "2wd", starts_on=(ReviewBegun.TYPE,), stops_on=(CaseFiled.TYPE,))
    return said(ReviewBegun, revision, when, state="preliminary-review", limits=(limit,))


def filed(revision: int, when: datetime) -> Message:
    limit = terms("decision", "2wd", starts_on=(CaseFiled.TYPE,), stops_on=("case.decided",))
    return said(CaseFiled, revision, when, state="filed", violation="delay", limits=(limit,))


def said(model: type[ProceedingEvent], revision: int, when: datetime, **says: Any) -> Message:
    event = model.model_validate(
        {"case_id": "c1", "authority": "A", "matter": "1", "occurred_at": when, **BOOK, **says}
    )
    return message(event, f"c1-{revision}", revision=revision, when=when)


FIRST = (
    case("case.opened", 1, at("03-02 08:00")), begun(2, at("03-02 09:00")), filed(3, at("03-02 10:00")),
)  # fmt: skip
AGAIN = (
    case("case.withdrawn", 4, at("03-09 08:00")), case("case.reinstated", 5, at("03-09 09:00")),
    begun(6, at("03-09 10:00")),
)  # fmt: skip


async def states(service: Service) -> dict[str, tuple[str, str]]:
    return {
        name: (row.state.value, str(row.due_on))
        for (name, subject), row in (await service.rows()).items()
        if subject == "case:c1" and name != "answer"
    }


async def test_a_duty_missed_in_the_first_round_is_counted_anew_in_the_second(service: Service) -> None:
    service.clock.now = at("03-02 12:00")
    for each in FIRST:
        await service.deliver(each)
    await service.move_to(at("03-05 00:00"))
    assert await states(service) == {"filing": ("met", "2026-03-04"), "decision": ("missed", "2026-03-04")}
    await service.move_to(at("03-09 12:00"))
    for each in AGAIN:
        await service.deliver(each)
    found = await states(service)
    assert found["filing"] == ("running", "2026-03-11")
    assert found["decision"] == ("missed_done", "2026-03-04"), "withdrawn, and late all the same (D6)"
    await service.deliver(filed(7, at("03-09 11:00")))
    assert await states(service) == {"filing": ("met", "2026-03-11"), "decision": ("running", "2026-03-11")}
    await service.move_to(at("03-12 00:00"))
    assert (await states(service))["decision"] == ("missed", "2026-03-11")
    await service.assert_revisions_have_no_gaps()


async def test_two_rounds_end_alike_in_whatever_order_they_are_heard_of(service: Service) -> None:
    service.clock.now = at("03-09 12:00")
    for each in (FIRST[0], *reversed(AGAIN), *reversed(FIRST[1:])):
        await service.deliver(each)
    found = await states(service)
    assert found == {"filing": ("running", "2026-03-11"), "decision": ("missed_done", "2026-03-04")}
