"""An office says nothing, and its silence is an answer (R5, R10): who was silent answers for it all the same."""

from tests.support.world import World

RECEIVED = "2026-03-02T10:00:00+08:00"
LATE = "2026-03-10T00:00:00+08:00"
"""Five working days after Monday 2 March end with Monday the 9th."""


def types(events: list[dict[str, str]]) -> list[str]:
    return [event["type"] for event in events]


async def receive(world: World, item: str) -> None:
    await world.fast_forward(RECEIVED)
    await world.submit("matter.submitted", "P-1", RECEIVED, item=item, unit="planning")


async def test_a_unit_that_does_not_object_has_consented_and_its_silence_is_a_case(staffed: World) -> None:
    await receive(staffed, "parallel-consent")
    await staffed.fast_forward(LATE)
    told = await staffed.told("P-1", "consent")
    assert types(told)[-2:] == ["deadline.missed", "deadline.deemed"]
    assert (told[-1]["outcome"], told[-1]["legal_basis"]) == ("consent", "not verified")
    (case,) = await staffed.cases("P-1")
    assert (case["state"], case["responsible"][0]["person"]) == ("standing", "p-clerk")


async def test_an_objection_in_time_that_is_told_late_takes_the_consent_back(staffed: World) -> None:
    await receive(staffed, "parallel-consent")
    await staffed.fast_forward(LATE)
    await staffed.submit("matter.refused", "P-1", "2026-03-09T17:00:00+08:00")
    told = await staffed.told("P-1", "consent")
    assert types(told)[-3:] == ["deadline.withdrawn", "deadline.deemed_revoked", "deadline.met"]
    (case,) = await staffed.cases("P-1")
    assert case["state"] == "withdrawn"


async def test_an_objection_after_it_changes_nothing(staffed: World) -> None:
    await receive(staffed, "parallel-consent")
    await staffed.fast_forward(LATE)
    await staffed.submit("matter.refused", "P-1", LATE)
    assert types(await staffed.told("P-1", "consent"))[-2:] == ["deadline.deemed", "deadline.stopped_late"]


async def test_who_is_not_told_what_is_missing_has_been_accepted_on_the_day_of_receipt(staffed: World) -> None:
    """行政许可法 Art. 32: the decision's own limit therefore counts from the receipt."""
    await receive(staffed, "complete-application")
    assert (await staffed.clock("P-1", "decision"))["state"] == "not_started"
    await staffed.fast_forward(LATE)
    clock = await staffed.clock("P-1", "decision")
    assert (clock["state"], clock["due"]) == ("running", "2026-03-30")
    assert types(await staffed.told("P-1", "notice")) == [
        "deadline.scheduled", "deadline.missed", "deadline.deemed",
    ]  # fmt: skip
    await staffed.fast_forward("2026-03-31T00:00:00+08:00")
    assert {case["due"] for case in await staffed.cases("P-1")} == {"2026-03-09", "2026-03-30"}


async def test_a_second_notice_of_what_is_missing_is_found(staffed: World) -> None:
    await receive(staffed, "complete-application")
    for day in ("03", "05"):
        at = f"2026-03-{day}T10:00:00+08:00"
        await staffed.fast_forward(at)
        await staffed.submit("correction.requested", "P-1", at)
    clock = await staffed.clock("P-1", "notice")
    assert (clock["state"], [each["code"] for each in clock["findings"]]) == ("met", ["repeated-correction-notice"])
