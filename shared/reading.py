"""Reads of our own topics what one consumer needs: the types it wants, and of each the fields that it declares (D16).

`shared.kafka.read` makes the whole model of every event. Where a topic's volume is that of a storm this is half of the
consumer's work: here a type's parser is the consumer's, and what it does not want is dropped by its header. What is
refused is refused as there: what stands on our own topics was strict when it was written.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from shared.errors import NewerVersion, Unreadable
from shared.events.base import Event
from shared.events.catalog import EVENTS
from shared.inbox import Message

T = TypeVar("T")


class Heard(NamedTuple):
    """An event's content, and the attributes that say what it is about. `subject` is its aggregate's key."""

    id: str
    source: str
    subject: str
    revision: int
    data: bytes


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
                )
                found.append((heard, parse(heard)))
            except (KeyError, ValueError) as error:
                raise Unreadable(f"not an event of {m.topic}: {type(error).__name__}") from error
        return found


def _there(value: bytes | None) -> bytes:
    if value is None:
        raise ValueError("an attribute without a value")
    return value
