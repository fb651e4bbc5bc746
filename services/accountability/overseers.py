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
from services.accountability.rules.model import Addressee, Case, Role
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
from services.accountability.rules.rectification import RECTIFY, Rectification, of_clock, overdue
from services.accountability.step_publish import due, local, published, ref
from shared.errors import Permanent
from shared.events.accountability import Addressee as AddresseeText
from shared.events.oversight import CaseOverseerLate, OverseerAddressee
from shared.events.rectification import RectificationOverdue
from shared.postgres import Connection

log = structlog.get_logger()


async def judge(
    conn: Connection, said: Sequence[DutyMissed | DutyNotMissed], rulebook: Rulebook, now: datetime
) -> None:
    """Tell each of these misses that was not told before. One that is taken back stays told."""
    missed = [each for each in said if isinstance(each, DutyMissed)]
    awaited = [each for each in missed if each.clock not in PARTY_CLOCKS]
    _count("nobody-s-duty", len(missed) - len(awaited))
    if awaited:
        await _Batch(conn, rulebook, now).tell(awaited)


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

    async def tell(self, missed: Sequence[DutyMissed]) -> None:
        conn = self._conn
        cases = await store.lock_cases(conn, sorted({each.key for each in missed}))
        self._cases = {case.key.case_id: case for case in cases}
        ids = {id for each in missed if (id := of_clock(each.clock)) is not None}
        self._rectifications = await rectification_store.lock(conn, ids) if ids else {}
        before = await overseer_store.told(conn, missed)
        leads = [each.key.case_id for each in missed if each.clock == TAKE_UP]
        taken = await overseer_store.taken_up(conn, leads) if leads else set()
        self._directory = await directory_store.directory_of(conn, self._units(missed))
        for each in missed:
            name = overseer_store.named(each)
            if name in before:
                _count("told-before")
                continue
            before.add(name)
            if each.clock == TAKE_UP and each.key.case_id in taken:
                _count("nobody-s-duty")
                continue
            await self._one(each)
        await overseer_store.add(conn, self._told, self._now)
        await ledger.append(conn, list(self._changed.values()), self._pairs)

    def _units(self, missed: Sequence[DutyMissed]) -> set[tuple[str, str | None]]:
        posts = {post.unit for edition in self._rulebook.overseers for _, post in edition.posts}
        wanted: set[tuple[str, str | None]] = {(each.key.authority, unit) for each in missed for unit in posts}
        return wanted | {(held.authority, held.unit) for held in self._rectifications.values()}

    async def _one(self, missed: DutyMissed) -> None:
        id = of_clock(missed.clock)
        held = None if id is None else self._rectifications.get(id)
        if id is not None and held is None:
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
        late = overdue(held, missed.clock, self._now)
        rules = self._rulebook.rectification_rules(local(held.ordered_at, held.zone).date())
        to = self._leader(held, () if rules is None else rules.overdue, missed.late_from - TICK)
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

    def _leader(self, held: Rectification, roles: Sequence[Role], at: datetime) -> Addressee:
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
        n = overseen.revision + 1
        if case is not None:
            changed = replace(case, revision=n)
            self._cases[case.key.case_id] = self._changed[case.key.case_id] = changed
        self._pairs.append(published(event, overseen.key, n, self._now, missed.ref))
        self._told.append((missed, person))
        metrics.OVERDUE_DUTIES.labels(missed.clock.partition(":")[0]).inc()
        log.warning("duty_missed", case=str(overseen.key.case_id), clock=missed.clock)


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
