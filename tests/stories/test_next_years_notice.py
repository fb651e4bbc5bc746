"""The notice for next year appears while matters run into it: what was provisional becomes certain, and moves."""

from typing import Any

from tests.support.world import World

RECEIVED, NOTICED = "2026-12-15T10:00:00+08:00", "2026-12-20T00:00:00+08:00"
NOTICE: dict[str, Any] = {
    "years": [2027, 2027],
    "source": "a notice of 2027, made up",
    "rest": [
        {"since": "2027-01-01", "to": "2027-01-03", "name": "New Year's Day"},
        {"since": "2027-01-11", "to": "2027-01-15", "name": "a week off"},
    ],
    "work": [{"on": "2027-01-09", "name": "make-up workday"}],
}


async def test_the_notice_for_next_year_appears(staffed: World) -> None:
    await staffed.fast_forward(RECEIVED)
    await staffed.submit("matter.submitted", "L-1", RECEIVED, item="general-licence", unit="planning")
    before = await staffed.clock("L-1", "decision")
    assert (before["due"], before["provisional"]) == ("2027-01-13", True)
    await staffed.fast_forward(NOTICED)
    told = {"occurred_at": NOTICED, "calendar": NOTICE}
    await staffed.publish("calendar.published", "CN", told, id="cn-2027", authority="state-council")
    after = await staffed.clock("L-1", "decision")
    assert (after["due"], after["provisional"]) == ("2027-01-19", False)
    history = await staffed.get("deadline", "/v1/matters/quanzhou/L-1/deadlines/decision/history")
    assert [said["statement"]["counted"]["due"] for said in history["statements"]] == ["2027-01-13", "2027-01-19"]
    await staffed.fast_forward("2027-01-19T23:59:59+08:00")
    assert await staffed.cases("L-1") == []
    await staffed.fast_forward("2027-01-20T00:00:00+08:00")
    (case,) = await staffed.cases("L-1")
    assert case["due"] == "2027-01-19"


async def test_a_notice_announced_ahead_counts_from_its_day_on_though_deadline_was_down(staffed: World) -> None:
    await staffed.fast_forward(RECEIVED)
    await staffed.submit("matter.submitted", "L-1", RECEIVED, item="general-licence", unit="planning")
    told = {"occurred_at": NOTICED, "calendar": NOTICE}
    await staffed.publish("calendar.published", "CN", told, id="cn-2027", authority="state-council")
    assert (await staffed.clock("L-1", "decision"))["due"] == "2027-01-13"
    await staffed.stop("deadline")
    await staffed.jump("2027-01-14T09:00:00+08:00")  # past the notice's day, and past the former due
    await staffed.start("deadline")
    await staffed.settled()
    assert (await staffed.clock("L-1", "decision"))["due"] == "2027-01-19"
    assert await staffed.cases("L-1") == []
    missed = "select count(*) from deadline.outbox where convert_from(headers, 'UTF8') like '%deadline.missed%'"
    assert await staffed.conn.fetchval(missed) == 0
