"""What is read of `case-states` alone is compared with all of `case-events`."""

from dataclasses import replace
from typing import Any

from tests.crash.collect import Event
from tests.crash.states import States

NAMED = [{"role": "direct", "person": "kim"}, {"role": "leading"}]


def said(revision: int, type_: str, **data: Any) -> Event:
    return Event("case-events", 0, "city/m1", f"k{revision}", "/duban", type_, revision, None,
                 {"case_id": "K", **data}, b"")  # fmt: skip


STATE = Event(
    "case-states", 0, "K", "s3", "/duban", "case.state", 3, None,
    {"state": "standing", "responsible": NAMED, "rung": 1, "addressed": ["bob", "kim"]}, b"",
)  # fmt: skip
EVENTS = [
    said(3, "case.escalated", rung=1, addressee={"person": "bob"}, responsible=NAMED),
    said(1, "case.opened", addressee={"person": "kim"}, responsible=[{"role": "direct"}]),
    said(2, "case.revised", responsible=NAMED),
]


def differing(*events: Event) -> int:
    states = States()
    for event in events:
        states.see(event)
    return len(states.compare().differing)


def test_a_state_that_says_what_the_events_say_is_right() -> None:
    assert differing(*EVENTS, STATE) == 0
    older = replace(STATE, revision=1, data={**STATE.data, "rung": 0})
    assert differing(*EVENTS, older, STATE) == 0


def test_what_compaction_would_leave_is_what_counts() -> None:
    older = replace(STATE, revision=1, data={**STATE.data, "rung": 0})
    assert differing(*EVENTS, STATE, older) == 1


def test_a_case_on_one_of_the_topics_only_differs() -> None:
    assert differing(*EVENTS) == 1
    assert differing(STATE) == 1


def test_every_difference_is_seen() -> None:
    others: list[dict[str, Any]] = [{"state": "withdrawn"}, {"responsible": []}, {"rung": 0}, {"addressed": ["kim"]}]
    for other in others:
        assert differing(*EVENTS, replace(STATE, data={**STATE.data, **other})) == 1
