"""Nobody is named while a source is silent (D8): what is late waits for the watermark of its source in its partition,
or for a person who confirms it.
"""

from datetime import UTC
from typing import Any

import httpx2

from services.deadline import store
from services.deadline.api import routes
from services.deadline.rules.clock import State
from services.deadline.store import Key
from shared.events.deadline import DeadlineMissed, DeadlineWithdrawn
from shared.http import create_api
from shared.inbox import Message
from tests.support.deadline_service import Service, at, case, fact, terms, watermark

HERE: Key = ("A", "1")
LATE = at("03-05 00:00")
"""The first instant that is late for what was received on 2 March."""


def registered(key: Key = HERE, **changes: Any) -> Message:
    return fact("matter.registered", "r", at("03-02 08:00"), key=key, limits=(terms(**changes),))


async def listed(service: Service) -> list[tuple[str, str]]:
    """What GET /v1/deadlines?unconfirmed=true gives."""
    api = create_api("test", live=lambda: None, ready=lambda: None)
    api.include_router(routes(service.pool, service.clock))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://test") as http:
        answer = await http.get("/v1/deadlines", params={"unconfirmed": "true"})
    assert answer.status_code == 200, answer.text
    found = answer.json()["deadlines"]
    assert all(row["unconfirmed"] for row in found)
    return [(row["matter"], row["clock"]) for row in found]


async def counted(service: Service, kind: str = "unconfirmed") -> int:
    async with service.pool.acquire() as conn:
        return (await store.clock_counts(conn)).get(kind, 0)


async def test_what_is_late_of_a_silent_source_is_listed_and_names_nobody(service: Service) -> None:
    await service.deliver(registered(), watermark(at("03-03 00:00")))
    await service.move_to(at("03-04 23:59"))
    assert (await listed(service), await counted(service)) == ([], 0)
    await service.move_to(LATE)
    assert await service.told() == ["scheduled"]
    assert (await listed(service), await counted(service), await counted(service, "missed")) == (
        [("A/1", "promised")], 1, 0,
    )  # fmt: skip
    await service.move_to(at("06-01 00:00"))
    assert await service.told() == ["scheduled"]


async def test_the_watermark_of_its_partition_confirms_it(service: Service) -> None:
    await service.deliver(registered(), watermark(at("03-03 00:00")))
    await service.move_to(at("03-06 09:00"))
    await service.deliver(watermark(at("03-04 23:59")))
    await service.move_to(at("03-06 09:00"))
    assert await service.told() == ["scheduled"], "not far enough"
    await service.deliver(watermark(LATE))
    await service.move_to(at("03-06 09:00"))
    missed = (await service.published())[-1][1]
    assert isinstance(missed, DeadlineMissed)
    assert (missed.late_from, missed.detected_at) == (LATE, at("03-06 09:00"))
    assert (await listed(service), await counted(service), await counted(service, "missed")) == ([], 0, 1)
    await service.deliver(watermark(at("03-06 00:00")))
    await service.move_to(at("06-01 00:00"))
    assert await service.told() == ["scheduled", "missed"]
    await service.assert_revisions_have_no_gaps()


async def test_a_decision_that_comes_before_the_watermark_was_in_time(service: Service) -> None:
    await service.deliver(registered(), watermark(at("03-03 00:00")))
    await service.move_to(at("03-06 09:00"))
    await service.deliver(fact("matter.closed", "c", at("03-04 16:00")), watermark(at("03-06 00:00")))
    await service.move_to(at("03-06 09:00"))
    assert await service.told() == ["scheduled", "met"]
    assert (await listed(service), await counted(service)) == ([], 0)


async def test_the_watermark_of_another_partition_source_or_authority_does_not_help(service: Service) -> None:
    other = next(("A", str(n)) for n in range(2, 99) if store.bucket(("A", str(n))) != store.bucket(HERE))
    await service.deliver(registered(), registered(other))
    await service.deliver(watermark(at("03-03 00:00")), watermark(at("03-03 00:00"), key=other))
    await service.move_to(at("03-06 09:00"))
    await service.deliver(
        watermark(at("03-06 00:00"), key=other),
        watermark(at("03-06 00:00"), source="/b"),
        watermark(at("03-06 00:00"), authority="B"),
    )
    await service.move_to(at("03-06 09:00"))
    assert [(heard.subject, heard.type) for heard, _ in await service.published()][2:] == [
        ("/".join(other), "deadline.missed")
    ]
    assert await listed(service) == [("A/1", "promised")]


async def test_a_source_that_sends_no_watermarks_is_judged_by_the_clock(service: Service) -> None:
    await service.deliver(registered(), watermark(at("03-03 00:00"), source="/b"))
    await service.move_to(LATE)
    assert await service.told() == ["scheduled", "missed"]


async def test_a_person_can_confirm_the_miss_of_that_one_clock(service: Service) -> None:
    limits = (terms(), terms("reply"))
    await service.deliver(
        fact("matter.registered", "r", at("03-02 08:00"), limits=limits), watermark(at("03-03 00:00"))
    )
    await service.move_to(at("03-06 09:00"))
    assert await counted(service) == 2
    await service.deliver(
        fact("miss.confirmed", "k", at("03-06 09:00"), clock="promised", reason="The register is empty.")
    )
    rows = await service.rows()
    assert {name: row.state for (name, _), row in rows.items()} == {"promised": State.MISSED, "reply": State.RUNNING}
    assert (await listed(service), await counted(service)) == ([("A/1", "reply")], 1)


async def test_a_confirmation_confirms_a_miss_that_was_and_no_other_that_comes(service: Service) -> None:
    """The due moves after it: what is missed then, nobody has confirmed."""
    await service.deliver(registered(), watermark(at("03-03 00:00")))
    await service.move_to(at("03-06 09:00"))
    await service.deliver(fact("miss.confirmed", "k", at("03-06 09:00"), clock="promised", reason="Empty register."))
    moved = fact("limits.changed", "l", at("03-02 09:00"), item="other", limits=(terms(amount="10wd"),))
    await service.deliver(moved)
    assert await service.told() == ["scheduled", "missed", "withdrawn", "rescheduled"]
    await service.move_to(at("03-30 00:00"))
    await service.deliver(fact("matter.assigned", "h", at("03-03 08:00"), person="p1"))
    assert len(await service.told()) == 4
    assert await listed(service) == [("A/1", "promised")]


async def test_a_restart_in_between_changes_nothing(service: Service) -> None:
    """All of it is in the database: another process over the same one goes on."""
    await service.deliver(registered(), watermark(at("03-03 00:00")))
    await service.move_to(at("03-06 09:00"))
    again = Service(service.pool, service.clock.now)
    await again.move_to(at("03-06 10:00"))
    assert await again.told() == ["scheduled"]
    await again.deliver(watermark(LATE))
    once_more = Service(service.pool, at("03-06 11:00"))
    await once_more.move_to(at("03-06 11:00"))
    assert await once_more.told() == ["scheduled", "missed"]


async def test_warnings_go_by_the_clock(service: Service) -> None:
    await service.deliver(registered(warnings=("1wd",)), watermark(at("03-02 08:30")))
    await service.move_to(at("03-04 00:00"))
    assert await service.told() == ["scheduled", "warned"]
    await service.move_to(LATE)
    row = (await service.rows())["promised", ""]
    assert (row.state, row.unconfirmed) == (State.WARNED, True)
    assert await service.told() == ["scheduled", "warned"]


async def test_a_warning_that_an_outage_held_back_is_told_all_the_same(service: Service) -> None:
    """The sweep and the fold say the same of it."""
    await service.deliver(registered(warnings=("1wd",)), watermark(at("03-02 08:30")))
    await service.move_to(at("03-06 00:00"))
    row = (await service.rows())["promised", ""]
    assert (row.state, row.warned, row.unconfirmed) == (State.WARNED, "1wd", True)
    await service.deliver(fact("matter.assigned", "h", at("03-03 08:00"), person="p1"))
    assert (await service.rows())["promised", ""].state is State.WARNED
    assert await service.told() == ["scheduled", "warned"]
    await service.assert_revisions_have_no_gaps()


async def test_the_clock_of_a_case_waits_for_no_source(service: Service) -> None:
    await service.deliver(
        registered(),
        watermark(at("03-01 00:00")),
        watermark(at("03-01 00:00"), source="/duban/accountability"),
        case("case.opened", 1, at("03-02 08:30")),
    )
    await service.move_to(at("03-06 00:00"))
    told = [(event.clock, heard.type) for heard, event in await service.published()]
    assert ("answer", "deadline.missed") in told
    assert ("promised", "deadline.missed") not in told


async def test_a_watermark_never_falls(service: Service) -> None:
    await service.deliver(registered(), watermark(LATE))
    await service.deliver(watermark(at("03-03 00:00")))
    await service.move_to(LATE)
    assert await service.told() == ["scheduled", "missed"]


async def test_what_waits_for_silence_waits_for_the_watermark_too(service: Service) -> None:
    limits = (terms(overdue=("5wd",)), terms("chase", "1wd", starts_on=("expired:promised",)))
    await service.deliver(
        fact("matter.registered", "r", at("03-02 08:00"), limits=limits), watermark(at("03-03 00:00"))
    )
    await service.move_to(at("03-20 00:00"))
    assert await service.told() == ["scheduled"]
    await service.deliver(watermark(at("03-20 00:00")))
    await service.move_to(at("03-20 00:00"))
    told = [(event.clock, heard.type.removeprefix("deadline.")) for heard, event in await service.published()]
    assert told == [
        ("promised", "scheduled"), ("chase", "scheduled"), ("chase", "missed"), ("promised", "missed"),
        ("promised", "overdue"),
    ]  # fmt: skip


async def test_thousands_are_confirmed_by_one_watermark(service: Service) -> None:
    keys = [("A", str(number)) for number in range(3000)]
    here = [key for key in keys if store.bucket(key) == store.bucket(HERE)]
    await service.deliver(*(registered(key) for key in here), watermark(at("03-03 00:00")))
    await service.move_to(at("03-06 00:00"))
    assert await counted(service) == len(here) > 100
    await service.deliver(watermark(at("03-06 00:00").astimezone(UTC)))
    await service.move_to(at("03-06 00:00"))
    assert (await counted(service), await counted(service, "missed")) == (0, len(here))
    await service.assert_revisions_have_no_gaps()


async def test_what_was_named_stays_named_when_its_source_begins_to_send_watermarks(service: Service) -> None:
    """Its first one is of last night: it says nothing of the miss, and takes nothing back."""
    await service.deliver(registered())
    await service.move_to(at("03-06 09:00"))
    assert await service.told() == ["scheduled", "missed"]
    await service.deliver(watermark(at("03-03 00:00")))
    await service.deliver(fact("matter.assigned", "h", at("03-06 08:00"), person="p1"))
    assert await service.told() == ["scheduled", "missed"]
    row = (await service.rows())["promised", ""]
    assert (row.state, row.miss, row.unconfirmed) == (State.MISSED, LATE, False)
    await service.deliver(fact("matter.closed", "c", at("03-06 08:30")))
    assert await service.told() == ["scheduled", "missed", "stopped_late"]


async def test_a_confirmation_that_is_taken_back_takes_the_miss_back(service: Service) -> None:
    await service.deliver(registered(), watermark(at("03-03 00:00")))
    await service.move_to(at("03-06 09:00"))
    await service.deliver(fact("miss.confirmed", "k", at("03-06 09:00"), clock="promised", reason="Empty register."))
    assert await service.told() == ["scheduled", "missed"]
    mistake = {"source": "/a", "id": "k"}
    await service.deliver(fact("fact.retracted", "x", at("03-06 09:00"), replaces=mistake))
    assert (await service.told())[2:] == ["withdrawn"]
    withdrawn = (await service.published())[-1][1]
    assert isinstance(withdrawn, DeadlineWithdrawn) and withdrawn.reason == "voided", "nobody has met it"
    assert await listed(service) == [("A/1", "promised")]
    await service.deliver(watermark(at("03-06 00:00")))
    await service.move_to(at("03-06 09:00"))
    assert (await service.told())[3:] == ["missed"]
