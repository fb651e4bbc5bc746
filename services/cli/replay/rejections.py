"""What intake refused of what we sent: its answers on the topic `rejections`."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import ValidationError

from shared.events.rejections import SubmissionRejected
from shared.kafka_access import OPEN, Access
from shared.postgres import Connection

TOPIC = "rejections"
LISTED = 1000
Ends = Mapping[TopicPartition, int]
PostOf = Callable[[str], str | None]
"""The post to which the event of this id assigns somebody; None where it does not."""


@dataclass
class Refused:
    """How many, by reason; the first of them in words; and the posts of which an assignment was refused."""

    total: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first: list[str] = field(default_factory=list)
    posts: set[str] = field(default_factory=set)

    def add(self, event: SubmissionRejected, post_of: PostOf) -> None:
        self.total += 1
        self.reasons[event.reasons[0].code] += 1
        post = post_of(event.event.id) if event.event else None
        if post is not None:
            self.posts.add(post)
        if len(self.first) < LISTED:
            id = event.event.id if event.event else f"sha256 {event.sha256}"
            self.first.append(f"{id}: " + "; ".join(f"{r.pointer or '/'}: {r.detail}" for r in event.reasons))


async def ends_of_rejections(conn: Connection, prefix: str) -> Ends:
    """Where the topic ends now, as intake knows from the broker: what comes later is about what we send later."""
    rows = await conn.fetch("select partition, next_offset from intake.published_offsets where topic = $1", TOPIC)
    return {TopicPartition(prefix + TOPIC, row["partition"]): row["next_offset"] for row in rows}


async def refused_since(
    conn: Connection, bootstrap: str, prefix: str, begins: Ends, source: str, post_of: PostOf, access: Access = OPEN
) -> Refused:
    """What was refused of a source's events since `begins`."""
    found = Refused()
    ends = await ends_of_rejections(conn, prefix)
    waiting = {tp for tp, end in ends.items() if end > begins.get(tp, 0)}
    if not waiting:
        return found
    kafka = AIOKafkaConsumer(bootstrap_servers=bootstrap, fetch_max_wait_ms=100, **access)
    await kafka.start()
    try:
        kafka.assign(list(waiting))
        for tp in waiting:
            kafka.seek(tp, begins.get(tp, 0))
        while waiting:
            for tp, records in (await kafka.getmany(timeout_ms=500)).items():
                for event in (_read(record.value) for record in records if record.offset < ends[tp]):
                    if event is not None and (event.event is None or event.event.source == source):
                        found.add(event, post_of)
                if records[-1].offset + 1 >= ends[tp]:
                    waiting.discard(tp)
        return found
    finally:
        await kafka.stop()


def _read(value: bytes) -> SubmissionRejected | None:
    """The event, unless it is of a form that this build does not know."""
    try:
        return SubmissionRejected.model_validate_json(value, extra="ignore")
    except ValidationError:
        return None
