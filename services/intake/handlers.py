"""The one path of a submission, whether it came by Kafka or HTTP: parse, judge, settle against what is known, keep,
publish. One transaction for a batch, which is the caller's.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from services.intake import metrics, store
from services.intake.parsing import TOPIC, Place, Raw, Unreadable, parse
from services.intake.permission import Admission, Permission
from services.intake.publishing import Rejection, body_of, event_id, published, rejected, rejection
from services.intake.rules.catalogue import Catalogue
from services.intake.rules.hidden import Inspections, to_disclose
from services.intake.rules.judge import Accepted, Margins, Submission, judge
from services.intake.rules.permit import trespasses
from services.intake.rules.refusal import Reason, Refused
from services.intake.rules.settle import Duplicate, Entered, Settled, aggregate_of, settle
from shared import failpoints, outbox
from shared.clock import Clock
from shared.inbox import TOKEN, Message
from shared.postgres import Connection


class Answer(NamedTuple):
    """What became of one event. `event` is the id of the event it is on our own topics."""

    status: Literal["accepted", "duplicate", "rejected"]
    identity: tuple[str, str] | None
    event: str | None = None
    reasons: tuple[Reason, ...] = ()


class Hearing:
    """Which sources were heard since it was last asked: kept in memory, so that no batch waits for a source's row. What
    a crash loses is heard again with the next submission.
    """

    def __init__(self) -> None:
        self._heard: dict[str, datetime] = {}

    def note(self, source: str, at: datetime) -> None:
        """Something of it was taken in, be it known already."""
        self._heard[source] = at

    def take(self) -> dict[str, datetime]:
        """All that was noted, and forget it."""
        heard, self._heard = self._heard, {}
        return heard


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes batches in, under a catalogue and a clock. `admission` says who may send by Kafka."""

    catalogue: Catalogue
    margins: Margins
    clock: Clock
    admission: Admission = field(default_factory=Admission)
    hearing: Hearing = field(default_factory=Hearing)

    async def handle(self, conn: Connection, messages: Sequence[Message]) -> None:
        """A batch from Kafka."""
        await self.take_in(conn, [_raw(m) for m in messages], await self.admission.of_messages(messages))

    async def take_in(self, conn: Connection, raws: Sequence[Raw], permissions: Sequence[Permission]) -> list[Answer]:
        """A batch by any transport; an answer for each event, in order. Whatever is wrong with one event, the others
        go through. `permissions`: what the sender of each may do."""
        with metrics.BATCH_SECONDS.time():
            now = (await self.clock.moment(conn)).now
            read = [parse(raw) for raw in raws]
            barred = [_barred(each, p) for each, p in zip(read, permissions, strict=True)]
            entering = [s for s, bar in zip(read, barred, strict=True) if bar is None and isinstance(s, Submission)]
            judged, inspections = await self._settle(conn, entering, now)
            settled = iter(judged)
            outcomes = [next(settled) if bar is None else bar for bar in barred]
            return await self._keep(conn, raws, read, outcomes, now, inspections)

    async def refuse(self, conn: Connection, raw: Raw, reason: Reason) -> None:
        """Keep and publish the refusal of a request that could not be taken apart into events."""
        now = (await self.clock.moment(conn)).now
        unreadable = Unreadable(Refused((reason,)), None, None)
        await self._keep(conn, [raw], [unreadable], [unreadable.refused], now, Inspections())

    async def _settle(
        self, conn: Connection, submissions: Sequence[Submission], now: datetime
    ) -> tuple[list[Settled], Inspections]:
        judged = [(s, judge(s, self.catalogue, now, self.margins), event_id(*s.identity)) for s in submissions]
        wanted = Counter(aggregate_of(judgement) for _, judgement, _ in judged if isinstance(judgement, Accepted))
        alone = {s.source: False for s in submissions} | {s.source: True for s in submissions if s.up_to is not None}
        revisions, inspected = await store.claim_revisions(conn, wanted, alone)
        replaced = [s.replaces for s in submissions if s.replaces is not None]
        known = await store.find_known(conn, [*(s.identity for s in submissions), *replaced])
        settled = settle(judged, known, revisions)
        entered = Counter(aggregate_of(each.accepted) for each in settled if isinstance(each, Entered))
        unused = {each: revisions[each] + entered[each] for each, count in wanted.items() if entered[each] < count}
        await store.set_revisions(conn, unused)
        told = to_disclose((each for each in settled if isinstance(each, Entered)), inspected)
        return settled, Inspections(inspected, await store.withheld(conn, told))

    async def _keep(
        self,
        conn: Connection,
        raws: Sequence[Raw],
        read: Sequence[Submission | Unreadable],
        outcomes: Sequence[Settled],
        now: datetime,
        inspections: Inspections,
    ) -> list[Answer]:
        rows: list[store.Row] = []
        rejections: list[Rejection] = []
        messages: list[outbox.Message] = []
        answers: list[Answer] = []
        for index, (raw, source, outcome) in enumerate(zip(raws, read, outcomes, strict=True)):
            identity = source.identity if isinstance(source, Submission) else source.event
            match outcome:
                case Entered():
                    row = store.Row(outcome, raw.transport, body_of(outcome.accepted, now, inspections.show(outcome)))
                    rows.append(row)
                    messages.extend(published(outcome, row.body))
                    answers.append(Answer("accepted", identity, outcome.event))
                    self.hearing.note(outcome.accepted.submission.source, now)
                case Duplicate():
                    answers.append(Answer("duplicate", identity, outcome.event))
                    self.hearing.note(outcome.submission.source, now)
                case Refused():
                    refusal = rejection(raw, outcome, now, event=identity, subject=source.subject, index=index)
                    rejections.append(refusal)
                    messages.append(rejected(refusal))
                    answers.append(Answer("rejected", identity, reasons=outcome.reasons))
        await store.set_inspections(conn, inspections.changed)
        await store.insert_facts(conn, rows, now)
        await store.insert_rejections(conn, rejections)
        failpoints.reach("intake.kept")
        await outbox.append(conn, messages)
        _count(raws, outcomes)
        return answers


def _barred(read: Submission | Unreadable, permission: Permission) -> Refused | None:
    """Why an event does not even come to be judged: its sender, or its form. Who may not send is not told whether what
    was sent is known here."""
    if isinstance(permission, Refused):
        return permission
    if isinstance(read, Unreadable):
        return read.refused
    reasons = trespasses(read, permission)
    return Refused(tuple(reasons)) if reasons else None


def _count(raws: Sequence[Raw], outcomes: Sequence[Settled]) -> None:
    found: Counter[tuple[str, ...]] = Counter()
    for raw, outcome in zip(raws, outcomes, strict=True):
        match outcome:
            case Entered():
                found["accepted", outcome.accepted.submission.type] += 1
            case Duplicate():
                found["duplicate", raw.transport] += 1
            case Refused():
                found.update(("rejected", reason.code, raw.transport) for reason in outcome.reasons)
    counters = {"accepted": metrics.ACCEPTED, "duplicate": metrics.DUPLICATES, "rejected": metrics.REJECTED}
    for (kind, *labels), count in found.items():
        counters[kind].labels(*labels).inc(count)


def _raw(m: Message) -> Raw:
    headers = [header for header in m.headers if header[0].lower() != TOKEN]
    return Raw("kafka", headers, m.value, position=Place(m.topic or TOPIC, m.partition, m.offset))
