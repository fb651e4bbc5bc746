"""How our own consumers read our own topics: additions are ignored, unknown types skipped and counted, a newer version
stops, all else that cannot be read is permanent (D16).
"""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.errors import NewerVersion, Permanent
from shared.events.accountability import CaseAnswered
from shared.events.generate import HERE
from shared.inbox import Message
from shared.reading import read

TOPIC = "case-events"
Header = tuple[str, bytes | None]


def published(*extra: Header, value: bytes | None = None, **attributes: Any) -> Message:
    """The golden example of an answer as it stands on its topic, with attributes replaced; None removes one."""
    event = json.loads((Path(HERE) / "examples/case-events/case.answered.v1.json").read_text())
    data = event.pop("data")
    del event["datacontenttype"]
    kept = {name: item for name, item in {**event, **attributes}.items() if item is not None}
    headers: tuple[Header, ...] = tuple((f"ce_{name}", str(item).encode()) for name, item in kept.items())
    return Message(TOPIC, 2, 17, b"key", json.dumps(data).encode() if value is None else value, (*headers, *extra))


def refuse(type_: str) -> None:
    raise AssertionError(f"{type_} was skipped")


def test_events_are_read_in_order_with_their_envelope() -> None:
    (first, event), (second, _) = read([published(id="a"), published(id="b", revision=5)], refuse)
    assert isinstance(event, CaseAnswered)
    assert (event.answered_by, first.id, second.id, second.revision) == ("p-77c0d5", "a", "b", 5)


def test_what_a_newer_build_adds_is_ignored() -> None:
    data = json.loads(published().value or b"")
    later = json.dumps({**data, "added_later": 1}).encode()
    assert read([published(("ce_addedlater", b"x"), value=later)], refuse)[0][1] == read([published()], refuse)[0][1]


def test_headers_of_others_may_be_anything() -> None:
    assert len(read([published(("x-null", None), ("x-bytes", b"\xff"), ("ce_null", None))], refuse)) == 1


def test_an_unknown_type_is_skipped_and_told() -> None:
    skipped: list[str] = []
    found = read(
        [published(type="case.painted"), published(), published(type="case.painted", version=9)], skipped.append
    )
    assert len(found) == 1
    assert skipped == ["case.painted", "case.painted"]


def test_a_newer_version_of_a_known_type_stops() -> None:
    with pytest.raises(NewerVersion, match=r"^case-events/2@17: case\.answered version 2$"):
        read([published(), published(version=2)], refuse)


@pytest.mark.parametrize(
    "message",
    [
        published(id=None),
        published(type=None),
        published(revision=None),
        published(revision="x"),
        published(time="yesterday"),
        published(("ce_id", b"\xff")),
        published(value=b""),
        published(value=b"{"),
        published(value=b"{}"),
        published(value=b'{"case_id": 1}'),
        Message(TOPIC, 2, 17, None, None, ()),
    ],
)
def test_what_cannot_be_read_is_permanent_and_does_not_repeat_the_input(message: Message) -> None:
    with pytest.raises(Permanent) as permanent:
        read([message], refuse)
    assert str(permanent.value).startswith("not an event of case-events: ")
    assert len(str(permanent.value)) < 60
