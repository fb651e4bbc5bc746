"""Watermarks as they are heard: up to when a source has sent everything, by the partition that says so (D8)."""

from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from services.deadline.watermark_store import Watermark
from shared.events.base import Event, split_key
from shared.events.envelope import Received
from shared.events.intake import SourceWatermark
from shared.inbox import Message
from shared.reading import read_as


class _Submission(TypedDict):
    source: str


@with_config(ConfigDict(strict=True))
class _Said(TypedDict):
    up_to: str
    submission: _Submission


_SAID = TypeAdapter(_Said)
_TYPE = "ce_type", SourceWatermark.TYPE.encode()


def marks_in(batch: Iterable[Message]) -> list[tuple[int, Watermark]]:
    """The watermarks of a batch, each with the partition it was heard in."""
    heard = [message for message in batch if _TYPE in message.headers]
    return [(message.partition, mark) for message in heard for _, mark in read_as([message], _none_skipped, _mark)]


def _none_skipped(type_: str) -> None:
    """A type that is known is never skipped."""
    raise ValueError(type_)


def _mark(_: type[Event], received: Received) -> Watermark:
    says = _SAID.validate_json(received.data)
    up_to = datetime.fromisoformat(says["up_to"]).astimezone(UTC)
    return Watermark(split_key(received.subject)[0], says["submission"]["source"], up_to)
