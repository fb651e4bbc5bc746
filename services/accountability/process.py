"""Due process on a case's row: what a person's step, the cause of the case, or a limit that ran out makes of it. All in
the caller's transaction, who holds the lock of the case; the rules decide."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from services.accountability import attribution_store, ledger, process_store, store
from services.accountability.record import texts
from services.accountability.rules import process_cause
from services.accountability.rules.case import Decision, Withdrawn
from services.accountability.rules.ladder import Rulebook
from services.accountability.rules.model import Case, CaseKey, Missed, Untrue, Verdict
from services.accountability.rules.overseers import DutyMissed, DutyNotMissed
from services.accountability.rules.process import decide
from services.accountability.rules.process_clocks import day_of, months_before
from services.accountability.rules.process_edition import ProcessEdition, in_force
from services.accountability.rules.process_model import Accepted, Command, Done, Forbidden, Passed, Proceeding
from shared.postgres import Connection

Written = Sequence[tuple[str, str]]
"""(kind, text) of what was written."""
NO_RULES = Forbidden("rulebook", "domain §4", "The rulebook has no rules of proceedings", ("proceedings",))


def edition_of(rulebook: Rulebook, proceeding: Proceeding | None, case: Case, at: datetime) -> ProcessEdition | None:
    """The edition pinned on the case; of a lead the one in force that day. None: the rulebook lacks it."""
    if proceeding is None or proceeding.state == "withdrawn":
        return in_force(rulebook.proceedings, day_of(at, case.zone))
    return next((one for one in rulebook.proceedings if one.name == proceeding.rulebook), None)


async def take(
    conn: Connection, case: Case, command: Command, written: Written, rulebook: Rulebook, now: datetime
) -> Accepted | Forbidden:
    """Take a step of a locked case, or say which rule forbids it; then nothing was written."""
    (case,) = await attribution_store.complete(conn, [case])
    proceeding = (await process_store.proceedings_of(conn, [case.key])).get(case.key)
    edition = edition_of(rulebook, proceeding, case, command.at)
    if edition is None:
        return NO_RULES
    command = replace(command, texts=tuple((kind, "", "") for kind, _ in written))
    if command.announced:
        command = replace(command, earlier=await _earlier(conn, case, command, edition))
    decided = decide(proceeding, case, command, edition, now)
    if isinstance(decided, Accepted):
        decided = await _with_texts(conn, decided, written, now)
        await _record(conn, decided.done, now)
    return decided


async def _earlier(
    conn: Connection, case: Case, command: Command, edition: ProcessEdition
) -> tuple[tuple[str, int], ...]:
    """R27: measures within the period before this day."""
    first = months_before(day_of(command.at, case.zone), edition.repetition_months)
    since = datetime.combine(first, time(), ZoneInfo(case.zone))
    people = [one.person for one in command.announced]
    return tuple((await process_store.earlier_measures(conn, case.key, people, since, command.at)).items())


async def _with_texts(conn: Connection, accepted: Accepted, written: Written, now: datetime) -> Accepted:
    """Keep what was written; what a second person confirms was kept when it was proposed."""
    first = accepted.done[0].command
    if first is None or not first.texts or all(id for _, id, _ in first.texts):
        return accepted
    key, kept = accepted.done[0].case.key, []
    for kind, text in written:
        one = await texts.keep(
            conn, authority=key.authority, matter=key.matter, case_id=key.case_id, kind=kind, text=text, at=now
        )
        kept.append((kind, str(one.id), one.sha256))
    command = replace(first, texts=tuple(kept))
    return Accepted(tuple(_naming(each, command) for each in accepted.done))


def _naming(done: Done, command: Command) -> Done:
    proposed = done.proceeding.proposed
    if done.kind != "step-proposed" or proposed is None:
        return replace(done, command=command)
    after = replace(done.proceeding, proposed=replace(proposed, texts=command.texts))
    return replace(done, command=command, proceeding=after)


async def _record(conn: Connection, done: Sequence[Done], now: datetime) -> None:
    last = done[-1]
    await process_store.save(conn, [last.proceeding])
    await process_store.add_steps(conn, done, now)
    await process_store.save_measures(conn, last.proceeding, now)
    await ledger.record(conn, [last.case], done)


@dataclass
class Causes:
    """What a batch of verdicts makes of proceedings, beside what it makes of their cases (process_cause.py)."""

    known: dict[CaseKey, Proceeding]
    editions: Mapping[str, ProcessEdition]
    now: datetime
    changed: dict[CaseKey, Proceeding] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    withdrawn: list[tuple[Case, Proceeding]] = field(default_factory=list)

    def instead(self, known: object, verdict: Verdict) -> Decision | None:
        """Of a concluded case nobody takes back by itself what people concluded: that is proposed."""
        proceeding = self.known.get(verdict.key)
        if not isinstance(verdict, Untrue) or not isinstance(known, Case) or proceeding is None:
            return None
        if known.state == "withdrawn" or not process_cause.is_concluded(proceeding):
            return None
        if verdict.revision <= known.verdict_revision:
            return Decision(known, ignored="older")
        edition = self.editions[proceeding.rulebook]
        case, done = process_cause.on_cause_gone(known, proceeding, edition, verdict, self.now)
        return Decision(case, None if done is None else self._keep(done))

    def after(self, decision: Decision, verdict: Verdict) -> Done | None:
        """What else comes of a verdict that was decided: a proceeding ends with its case, or need not be revoked."""
        proceeding, case = self.known.get(verdict.key), decision.known
        if proceeding is None or not isinstance(case, Case):
            return None
        if isinstance(decision.happened, Withdrawn):
            ended = process_cause.withdrawn(proceeding, self.now)
            self.known[verdict.key] = self.changed[verdict.key] = ended
            self.withdrawn.append((case, ended))
        elif isinstance(verdict, Missed) and decision.ignored is None:
            edition = self.editions[proceeding.rulebook]
            done = process_cause.on_cause_back(case, proceeding, edition, verdict.ref, self.now)
            return None if done is None else self._keep(done)
        return None

    def _keep(self, done: Done) -> Done:
        self.known[done.case.key] = self.changed[done.case.key] = done.proceeding
        self.done.append(done)
        return done

    async def record(self, conn: Connection) -> None:
        """Write what changed; the events are recorded with those of the cases."""
        await process_store.save(conn, self.changed.values())
        await process_store.add_steps(conn, self.done, self.now)
        for case, ended in self.withdrawn:
            await process_store.add_withdrawal(conn, case, ended, self.now)


async def causes(conn: Connection, cases: Collection[Case], rulebook: Rulebook, now: datetime) -> Causes:
    """Of these locked cases those that were taken up: in a storm of new misses there are none, and nothing is asked."""
    known = await process_store.proceedings_of(conn, [case.key for case in cases])
    editions = {edition.name: edition for edition in rulebook.proceedings}
    return Causes({key: one for key, one in known.items() if one.rulebook in editions}, editions, now)


async def limits_passed(conn: Connection, said: Collection[DutyMissed | DutyNotMissed]) -> None:
    """The deadline service says that limits of cases are past, or takes it back: whose they were has no more time, or
    has it again."""
    keys = sorted({each.key for each in said})
    await store.lock_cases(conn, keys)
    known = await process_store.proceedings_of(conn, keys)
    for each in said:
        if each.key in known:
            late_from = each.late_from if isinstance(each, DutyMissed) else None
            word = Passed(each.clock, late_from, each.revision)
            known[each.key] = process_cause.passed(known[each.key], word)
    await process_store.save(conn, known.values())
