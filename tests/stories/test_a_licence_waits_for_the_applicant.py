"""What is missing is asked for, a hearing is held, the head of the agency extends: time that is not the office's does
not count, and who reads the file can see why (行政许可法 Art. 42, 45). Received on 28 January 2026, due on 3 March.
"""

from typing import Any

from tests.support.world import World

RECEIVED = "2026-01-28T10:00:00+08:00"


async def receive(world: World) -> None:
    await world.fast_forward(RECEIVED)
    await world.submit("matter.submitted", "L-1", RECEIVED, item="general-licence", unit="planning")


async def test_the_hearing_takes_as_long_as_it_takes_and_the_clock_waits_for_it(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward("2026-02-05T09:00:00+08:00")
    await staffed.submit("matter.suspended", "L-1", "2026-02-05T09:00:00+08:00", ground="hearing")
    clock = await staffed.clock("L-1", "decision")
    assert (clock["state"], clock["due"], clock["pause"]["ground"]) == ("paused", None, "hearing")
    await staffed.fast_forward("2026-05-06T09:00:00+08:00")
    assert await staffed.inbox("p-clerk") == [], "nobody is warned of what stands still"
    await staffed.submit("matter.resumed", "L-1", "2026-05-06T09:00:00+08:00", ground="hearing")
    # Six of the twenty days were over on 5 February; fourteen are left from 7 May, and 9 May is worked.
    assert (await staffed.clock("L-1", "decision"))["due"] == "2026-05-25"
    await staffed.fast_forward("2026-05-26T00:00:00+08:00")
    (case,) = await staffed.cases("L-1")
    assert case["due"] == "2026-05-25"


async def test_the_explanation_shows_what_did_not_count_and_who_extended(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward("2026-02-09T09:00:00+08:00")
    await staffed.submit("matter.suspended", "L-1", "2026-02-05T09:00:00+08:00", ground="hearing")
    await staffed.submit("matter.resumed", "L-1", "2026-02-09T09:00:00+08:00")
    approved: dict[str, Any] = {"by": "10wd", "approver": "p-director", "reason": "The hearing raised new questions."}
    await staffed.submit("matter.extended", "L-1", "2026-02-09T09:00:00+08:00", **approved)
    assert (await staffed.clock("L-1", "decision"))["due"] == "2026-03-19"
    told = await staffed.get("deadline", "/v1/matters/quanzhou/L-1/deadlines/decision/explanation")
    text = told["text"]["en"]
    assert "Paused (hearing) from 2026-02-05" in text and "2 days are added" in text
    assert "approved by p-director: from 2026-03-05 Thu to 2026-03-19 Thu" in text
    assert "暂停（hearing）" in told["text"]["zh"]


async def test_an_extension_that_comes_too_late_is_refused_and_on_record(staffed: World) -> None:
    await receive(staffed)
    late = "2026-03-04T09:00:00+08:00"
    await staffed.fast_forward(late)
    approved: dict[str, Any] = {"by": "10wd", "approver": "p-director", "reason": "There was much to do."}
    await staffed.submit("matter.extended", "L-1", late, **approved)
    clock = await staffed.clock("L-1", "decision")
    assert (clock["state"], clock["due"]) == ("missed", "2026-03-03")
    assert [finding["code"] for finding in clock["findings"]] == ["extension-after-expiry"]
    (case,) = await staffed.cases("L-1")
    assert case["state"] == "standing"


async def test_when_everything_is_there_the_limit_begins_anew(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward("2026-01-30T09:00:00+08:00")
    asked: dict[str, Any] = {"missing": ["site plan", "proof of ownership"]}
    await staffed.submit("correction.requested", "L-1", "2026-01-30T09:00:00+08:00", **asked)
    assert (await staffed.clock("L-1", "decision"))["state"] == "paused"
    await staffed.fast_forward("2026-03-02T10:00:00+08:00")
    await staffed.submit("correction.received", "L-1", "2026-03-02T10:00:00+08:00")
    assert (await staffed.clock("L-1", "decision"))["due"] == "2026-03-30"
    assert await staffed.cases("L-1") == []


async def test_a_resume_that_is_told_after_the_miss_takes_the_case_back(staffed: World) -> None:
    """The office forgot to say that there had been a hearing."""
    await receive(staffed)
    await staffed.fast_forward("2026-03-04T09:00:00+08:00")
    assert len(await staffed.cases("L-1")) == 1
    await staffed.submit("matter.suspended", "L-1", "2026-02-05T09:00:00+08:00", ground="hearing")
    (case,) = await staffed.cases("L-1")
    assert (case["state"], case["history"][-1]["says"]["reason"]) == ("withdrawn", "due-moved")
    await staffed.submit("matter.resumed", "L-1", "2026-02-09T09:00:00+08:00")
    assert (await staffed.clock("L-1", "decision"))["due"] == "2026-03-05"
