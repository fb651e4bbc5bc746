"""A consumer that reads only what it declares refuses, skips and stops as one that reads whole models does (D16)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.accountability.reading import heard_of, verdicts
from services.accountability.rules.model import Missed, Untrue, Verdict
from services.accountability.rules.overseers import DutyMissed, DutyNotMissed
from shared.errors import NewerVersion, Unreadable
from shared.events.generate import HERE
from shared.inbox import Message

TOPIC = "deadline-events"
Header = tuple[str, bytes | None]


def published(type_: str = "deadline.missed", *extra: Header, value: bytes | None = None, **attributes: Any) -> Message:
    """A golden example as it stands on its topic, with attributes replaced; None removes one."""
    event = json.loads((Path(HERE) / f"examples/{TOPIC}/{type_}.v1.json").read_text())
    data = event.pop("data")
    kept = {name: item for name, item in {**event, **attributes}.items() if item is not None}
    headers: tuple[Header, ...] = tuple((f"ce_{name}", str(item).encode()) for name, item in kept.items())
    return Message(TOPIC, 2, 17, b"key", json.dumps(data).encode() if value is None else value, (*headers, *extra))


def with_data(change: Callable[[dict[str, Any]], object], type_: str = "deadline.missed") -> Message:
    data = json.loads(published(type_).value or b"")
    change(data)
    return published(type_, value=json.dumps(data).encode())


def refuse(type_: str) -> None:
    raise AssertionError(f"{type_} was skipped")


def verdict(message: Message) -> Verdict:
    ((found, _),) = verdicts([message], refuse)
    return found


def test_the_golden_examples_are_read_in_order_with_their_content() -> None:
    messages = [published(id="a"), published("deadline.withdrawn", id="b", revision=5)]
    (miss, first), (untrue, second) = verdicts(messages, refuse)
    assert isinstance(miss, Missed) and isinstance(untrue, Untrue)
    assert (miss.ref.id, untrue.ref.id, untrue.revision) == ("a", "b", 5)
    assert (first, second) == tuple(m.value for m in messages)


def test_a_miss_says_what_its_event_says() -> None:
    said = json.loads(published().value or b"")
    miss = verdict(published())
    assert isinstance(miss, Missed)
    assert (miss.due, miss.late_from.isoformat(), miss.detected_at.isoformat()) == (
        said["due"], said["late_from"], said["detected_at"],
    )  # fmt: skip
    assert (miss.zone, miss.calendar) == (said["limit"]["zone"], said["limit"]["calendar"])


def test_what_a_newer_build_adds_is_ignored() -> None:
    later = with_data(lambda data: (data.update(added_later=1), data["limit"].update(added=1)))
    assert verdict(later) == verdict(published("deadline.missed", ("ce_addedlater", b"x"), ("x-null", None)))


def test_what_is_not_wanted_is_dropped_unparsed_whatever_its_version_and_an_unknown_type_is_told() -> None:
    skipped: list[str] = []
    messages = [
        published(type="deadline.scheduled", version=99, value=b"not json"),
        published(type="deadline.pondered"),
        published(),
    ]
    assert len(verdicts(messages, skipped.append)) == 1
    assert skipped == ["deadline.pondered"]


def test_a_newer_version_of_what_is_wanted_stops() -> None:
    with pytest.raises(NewerVersion, match=r"^deadline-events/2@17: deadline\.missed version 2$"):
        verdicts([published(), published(version=2)], refuse)


@pytest.mark.parametrize(
    "message",
    [
        published(id=None),
        published(type=None),
        published(subject=None),
        published(revision="x"),
        published(version="one"),
        published("deadline.missed", ("ce_id", None)),
        published("deadline.missed", ("ce_id", b"\xff")),
        published("deadline.missed", ("ce_type", None)),
        published(value=b""),
        published(value=b"{"),
        published(value=b"{}"),
        with_data(lambda data: data.update(late_from="yesterday")),
        with_data(lambda data: data.update(late_from="2026-03-11T00:00:00")),
        with_data(lambda data: data.update(matter=7)),
        with_data(lambda data: data.update(reason="unknown"), "deadline.withdrawn"),
        Message(TOPIC, 2, 17, None, None, ()),
    ],
)
def test_what_cannot_be_read_is_permanent_and_does_not_repeat_the_input(message: Message) -> None:
    with pytest.raises(Unreadable) as unreadable:
        verdicts([message], refuse)
    assert str(unreadable.value).startswith("not an event of deadline-events: ")
    assert len(str(unreadable.value)) < 60


def test_a_clock_of_a_case_that_is_no_rung_is_a_duty_of_somebody() -> None:
    """Which of them there are is said by the case's own events; of a case that there is not: test_overseers."""
    case = "case:3f8f0d3e-0f6e-5d8a-9a55-0a8f0f9d9c11"
    for type_, duty in (("deadline.missed", DutyMissed), ("deadline.withdrawn", DutyNotMissed)):
        message = with_data(lambda data: data.update(subject=case, clock="filing"), type_)
        (said,) = heard_of([message], refuse)[1]
        assert isinstance(said, duty) and said.clock == "filing"
