"""Duties of a case that passed undone: all is read, then decided, then written; the rules decide.

The deadline service says each such miss once; what is kept of those that were told makes it so for whatever comes
again. What a case's own people must do in time is on its ladder; this is about those above it, and about who must
rectify.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog

from services.accountability import directory_store, ledger, metrics, overseer_store, rectification_store, store
from services.accountability.rules.directory import Directory
from services.accountability.rules.ladder import TICK, Rulebook
from services.accountability.rules.model import Addressee, Case, CaseKey, Ref, Role
from services.accountability.rules.overseers import (
    TAKE_UP,
    DutyMissed,
    DutyNotMissed,
    Ignored,
    Overseen,
    OverseerLate,
    Post,
    addressee,
    on_duty_missed,
)
from services.accountability.rules.process_clocks import PARTY_CLOCKS
from services.accountability.rules.rectification import (
    RECTIFY,
    Rectification,
    is_news,
    not_overdue,
    of_clock,
    overdue,
)
from services.accountability.step_publish import due, local, published, ref
from shared.errors import Permanent
from shared.events.accountability import Addressee as AddresseeText
from shared.events.accountability import CaseEvent
from shared.events.oversight import CaseOverseerLate, OverseerAddressee
from shared.events.rectification import RectificationNotOverdue, RectificationOverdue
from shared.postgres import Connection

log = structlog.get_logger()


async def judge(
    conn: Connection, said: Sequence[DutyMissed | DutyNotMissed], rulebook: Rulebook, now: datetime
) -> None:
    """Tell each of these misses that was not told before. One that is taken back stays told; a rectification is no
    longer overdue by it."""
    awaited = [each for each in said if _is_awaited(each)]
    _count("nobody-s-duty", sum(isinstance(each, DutyMissed) and not _is_awaited(each) for each in said))
    if awaited:
        await _Batch(conn, rulebook, now).tell(awaited)


def _is_awaited(said: DutyMissed | DutyNotMissed) -> bool:
    name = said.clock.partition(":")[0]
    return name not in PARTY_CLOCKS if isinstance(said, DutyMissed) else name == RECTIFY


class _Batch:
    """One batch of misses while it is decided. Cases are locked before rectifications, as everywhere."""

    def __init__(self, conn: Connection, rulebook: Rulebook, now: datetime) -> None:
        self._conn = conn
        self._rulebook = rulebook
        self._now = now
        self._cases: dict[UUID, Case] = {}
        self._rectifications: dict[UUID, Rectification] = {}
        self._changed: dict[UUID, Case] = {}
        self._pairs: list[ledger.Pair] = []
        self._told: list[tuple[DutyMissed, str | None]] = []
        self._directory = Directory(())
        self._again = False

    async def tell(self, said: Sequence[DutyMissed | DutyNotMissed]) -> None:
        conn = self._conn
        cases = await store.lock_cases(conn, sorted({each.key for each in said}))
        self._cases = {case.key.case_id: case for case in cases}
        ids = {id for each in said if (id := of_clock(each.clock)) is not None}
        self._rectifications = await rectification_store.lock(conn, ids) if ids else {}
        missed = [each for each in said if isinstance(each, DutyMissed)]
        before = await overseer_store.told(conn, missed)
        leads = [each.key.case_id for each in missed if each.clock == TAKE_UP]
        taken = await overseer_store.taken_up(conn, leads) if leads else set()
        self._directory = await directory_store.directory_of(conn, self._units(said))
        for each in said:
            if isinstance(each, DutyNotMissed):
                await self._not_overdue(each)
                continue
            name = overseer_store.named(each)
            if self._is_told(each, before):
                _count("told-before")
                continue
            self._again = name in before
            before.add(name)
            if each.clock == TAKE_UP and each.key.case_id in taken:
                _count("nobody-s-duty")
                continue
            await self._one(each)
        await overseer_store.add(conn, self._told, self._now)
        await ledger.append(conn, list(self._changed.values()), self._pairs)

    def _is_told(self, missed: DutyMissed, before: set[overseer_store.Told]) -> bool:
        """Of a present round its last word counts: a miss that was taken back may be true after all."""
        held = self._rectification(missed)
        if held is None or missed.clock != f"{RECTIFY}:{held.part}":
            return overseer_store.named(missed) in before
        return held.overdue_at is not None or not is_news(held, missed.clock, missed.revision)

    def _rectification(self, said: DutyMissed | DutyNotMissed) -> Rectification | None:
        id = of_clock(said.clock)
        return None if id is None else self._rectifications.get(id)

    def _units(self, said: Sequence[DutyMissed | DutyNotMissed]) -> set[tuple[str, str | None]]:
        posts = {post.unit for edition in self._rulebook.overseers for _, post in edition.posts}
        wanted: set[tuple[str, str | None]] = {(each.key.authority, unit) for each in said for unit in posts}
        return wanted | {(held.authority, held.unit) for held in self._rectifications.values()}

    async def _one(self, missed: DutyMissed) -> None:
        held = self._rectification(missed)
        if held is None and (id := of_clock(missed.clock)) is not None:
            raise Permanent(f"there is no rectification {id}")
        case = self._cases.get(missed.key.case_id)
        if case is None and held is None:
            raise Permanent(f"there is no case {missed.key.case_id}")
        overseen = _overseen(case, held, missed)
        if held is not None and missed.clock.startswith(f"{RECTIFY}:"):
            if overseen.stands:
                await self._overdue(missed, overseen, held, case)
            else:
                _count("withdrawn")
            return
        edition = self._rulebook.overseer_rules(overseen.late_from, overseen.zone)
        if edition is None:
            _count("nobody-s-duty")
            return
        to = addressee(
            edition, missed.clock, lambda post, at: self._holder(overseen, post, at), missed.late_from - TICK
        )
        name = f"{self._rulebook.name}/overseers-{edition.version}"
        decided = on_duty_missed(overseen, missed, to, name, self._now)
        if isinstance(decided, str):
            _count(decided)
            return
        self._tell_overseer(decided, case)
        if case is None and held is not None:
            self._rectifications[held.id] = stepped = replace(held, revision=held.revision + 1)
            await rectification_store.update(self._conn, stepped)

    def _holder(self, overseen: Overseen, post: Post, at: datetime) -> str | None:
        """Of that very unit: where its post is vacant the next office is told, and not whoever is above the unit."""
        found = self._directory.holder(overseen.key.authority, post.unit, post.role, at)
        return None if found is None or found.unit != post.unit else found.person

    def _tell_overseer(self, late: OverseerLate, case: Case | None) -> None:
        overseen, missed, to = late.overseen, late.missed, late.addressee
        event = CaseOverseerLate(
            case_id=str(overseen.key.case_id),
            authority=overseen.key.authority,
            matter=overseen.key.matter,
            occurred_at=local(late.at, overseen.zone),
            origin=overseen.origin,
            clock=missed.clock,
            due=due(missed.due),
            late_from=local(missed.late_from, overseen.zone),
            miss=ref(missed.ref),
            addressee=OverseerAddressee(office=to.office, person=to.person, skipped=to.skipped),
            rulebook=late.rulebook,
            unit=overseen.unit,
            item=overseen.item,
        )
        self._append(event, overseen, case, late.missed, to.person)

    async def _overdue(self, missed: DutyMissed, overseen: Overseen, held: Rectification, case: Case | None) -> None:
        """Against who must rectify: the leaders of the unit, upwards."""
        late = overdue(held, missed.clock, missed.revision, self._now)
        to = self._leader(held, missed.late_from - TICK)
        event = RectificationOverdue(
            case_id=str(overseen.key.case_id),
            authority=held.authority,
            matter=held.matter,
            occurred_at=local(self._now, held.zone),
            origin=held.origin,
            rectification_id=str(held.id),
            part=missed.clock.partition(":")[2],
            unit=held.unit,
            person=held.person,
            clock=missed.clock,
            due=due(missed.due),
            late_from=local(missed.late_from, held.zone),
            miss=ref(missed.ref),
            addressee=AddresseeText(role=to.role, person=to.person, skipped=to.skipped),
        )
        self._rectifications[held.id] = late
        await rectification_store.update(self._conn, late)
        await rectification_store.add_step(self._conn, late, "overdue", None, None, (), self._now)
        self._append(event, overseen, case, missed, to.person)

    async def _not_overdue(self, said: DutyNotMissed) -> None:
        """Whoever was told of it hears that it is so no more; nobody was where the miss came to nothing."""
        held = self._rectification(said)
        after = None if held is None else not_overdue(held, said.clock, said.revision)
        if held is None or after is None:
            _count("told-before")
            return
        self._rectifications[held.id] = after
        await rectification_store.update(self._conn, after)
        if held.overdue_at is None:
            return
        case = self._cases.get(said.key.case_id)
        to = self._leader(held, held.overdue_at)
        event = RectificationNotOverdue(
            case_id=str(held.key.case_id),
            authority=held.authority,
            matter=held.matter,
            occurred_at=local(self._now, held.zone),
            origin=held.origin,
            rectification_id=str(held.id),
            part=held.part,
            unit=held.unit,
            person=held.person,
            clock=said.clock,
            withdrawal=ref(said.ref),
            addressee=AddresseeText(role=to.role, person=to.person, skipped=to.skipped),
        )
        await rectification_store.add_step(self._conn, after, "not-overdue", None, None, (), self._now)
        self._publish(event, held.key, held.revision if case is None else case.revision, case, said.ref)

    def _leader(self, held: Rectification, at: datetime) -> Addressee:
        rules = self._rulebook.rectification_rules(local(held.ordered_at, held.zone).date())
        roles: tuple[Role, ...] = () if rules is None else rules.overdue
        skipped: list[Role] = []
        for role in roles:
            found = self._directory.holder(held.authority, held.unit, role, at)
            if found is not None:
                return Addressee(role, found.person, tuple(skipped))
            skipped.append(role)
        return Addressee(roles[-1] if roles else "principal", None, tuple(skipped[:-1]))

    def _append(
        self,
        event: CaseOverseerLate | RectificationOverdue,
        overseen: Overseen,
        case: Case | None,
        missed: DutyMissed,
        person: str | None,
    ) -> None:
        self._publish(event, overseen.key, overseen.revision, case, missed.ref)
        if not self._again:
            self._told.append((missed, person))
        metrics.OVERDUE_DUTIES.labels(missed.clock.partition(":")[0]).inc()
        log.warning("duty_missed", case=str(overseen.key.case_id), clock=missed.clock)

    def _publish(self, event: CaseEvent, key: CaseKey, revision: int, case: Case | None, cause: Ref) -> None:
        n = revision + 1
        if case is not None:
            changed = replace(case, revision=n)
            self._cases[case.key.case_id] = self._changed[case.key.case_id] = changed
        self._pairs.append(published(event, key, n, self._now, cause))


def _overseen(case: Case | None, held: Rectification | None, missed: DutyMissed) -> Overseen:
    if case is not None:
        return Overseen(
            case.key, case.revision, case.state == "standing", case.origin, case.zone, case.late_from, case.unit,
            case.item,
        )  # fmt: skip
    assert held is not None  # noqa: S101 - the caller has asked
    return Overseen(held.key, held.revision, True, held.origin, held.zone, missed.late_from, held.unit, None)


def _count(why: Ignored, times: int = 1) -> None:
    if times:
        metrics.IGNORED.labels(why).inc(times)
