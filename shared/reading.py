"""Reads our own topics: whole events by `read`, what one consumer needs of them by `read_as` and `Reader` (D16).

To make the whole model of every event is half of a consumer's work where a topic's volume is that of a storm: what
stands on our own topics was strict when it was written. A `Reader` also drops by its header what is not wanted at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from shared.errors import NewerVersion, Unreadable
from shared.events.base import Event
from shared.events.catalog import EVENTS, UnknownVersion, model_of
from shared.events.envelope import Received, read_own
from shared.inbox import Message

T = TypeVar("T")


def read(messages: Sequence[Message], skipped: Callable[[str], None]) -> list[tuple[Received, Event]]:
    """The events of a batch from our own topics, whole; fields that this build does not know are ignored."""
    return read_as(messages, skipped, lambda model, received: model.model_validate_json(received.data, extra="ignore"))


def read_as(
    messages: Sequence[Message], skipped: Callable[[str], None], parse: Callable[[type[Event], Received], T]
) -> list[tuple[Received, T]]:
    """What `parse` makes of the events of a batch from our own topics: what the service needs of them. Its KeyError or
    ValueError means that an event is unreadable.

    Unknown types are skipped and reported to `skipped`; anything unreadable raises Unreadable, a newer version
    NewerVersion (D16)."""
    found = []
    for m in messages:
        try:
            received = read_own(((n, v) for n, v in m.headers if v is not None), m.value or b"")
            model = model_of(m.topic, received.type, received.version)
            if model is None:
                skipped(received.type)
                continue
            if isinstance(model, UnknownVersion):
                raise NewerVersion(f"{m.topic}/{m.partition}@{m.offset}: {received.type} version {received.version}")
            found.append((received, parse(model, received)))
        except (KeyError, ValueError) as error:  # pydantic's is one
            raise Unreadable(f"not an event of {m.topic}: {type(error).__name__}") from error
    return found


class Heard(NamedTuple):
    """An event's content, and the attributes that say what it is about. `subject` is its aggregate's key, `time` as it
    is written."""

    id: str
    source: str
    subject: str
    revision: int
    data: bytes
    time: bytes


Parse = Callable[[Heard], T]
"""What a consumer makes of an event. Raises ValueError where its data are not as declared; pydantic's error is one."""


class Reader(Generic[T]):
    """Of one topic. `wanted`: the events to read, and how."""

    def __init__(self, topic: str, wanted: Mapping[type[Event], Parse[T]]) -> None:
        self._wanted = {event.TYPE.encode(): (event.VERSION, parse) for event, parse in wanted.items()}
        self._known = frozenset(event.TYPE.encode() for event in EVENTS[topic])

    def read(self, messages: Iterable[Message], skipped: Callable[[str], None]) -> list[tuple[Heard, T]]:
        """What is wanted of a batch, in order. Known types that are not wanted are dropped unparsed, whatever their
        version; unknown ones are reported to `skipped`. Raises Unreadable, and NewerVersion for another version than
        this build's of what is wanted."""
        found = []
        for m in messages:
            try:
                attributes = dict(m.headers)
                type_ = _there(attributes["ce_type"])
                wanted = self._wanted.get(type_)
                if wanted is None:
                    if type_ not in self._known:
                        skipped(type_.decode())
                    continue
                version, parse = wanted
                if (theirs := int(_there(attributes["ce_version"]))) != version:
                    at = f"{m.topic}/{m.partition}@{m.offset}"
                    raise NewerVersion(f"{at}: {type_.decode()} version {theirs}")
                heard = Heard(
                    _there(attributes["ce_id"]).decode(),
                    _there(attributes["ce_source"]).decode(),
                    _there(attributes["ce_subject"]).decode(),
                    int(_there(attributes["ce_revision"])),
                    m.value or b"",
                    _there(attributes["ce_time"]),
                )
                found.append((heard, parse(heard)))
            except (KeyError, ValueError) as error:
                raise Unreadable(f"not an event of {m.topic}: {type(error).__name__}") from error
        return found


def _there(value: bytes | None) -> bytes:
    if value is None:
        raise ValueError("an attribute without a value")
    return value
