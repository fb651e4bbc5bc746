"""A proceeding as JSON for those who read its case: what was done, who may do what next, and within what limit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from services.accountability.process_publish import type_of
from services.accountability.rules.measures import Severity, recommend
from services.accountability.rules.model import Case
from services.accountability.rules.process import is_sensitive, steps_from
from services.accountability.rules.process_clocks import COURSES, OFFICE_CLOCKS, running
from services.accountability.rules.process_edition import ProcessEdition
from services.accountability.rules.process_guards import PARTY_STEPS
from services.accountability.rules.process_model import Proceeding, Step
from shared.postgres import Record

SEVERITIES: tuple[Severity, ...] = ("general", "serious", "especially-serious")
CLOSED_TO_PARTIES = frozenset({"minutes", "dissent"})
"""What members said among themselves; that they dissented is no secret, why is."""
_DUE = {
    "preliminary-review": "filing", "filed": "investigation", "investigating": "investigation",
    "notice-and-defence": "defence", "deliberation": "decision", "exempted": "service", "decided": "service",
    "referred": "service", "served": "review-request", "executing": "review-request", "upheld": "appeal",
    "varied": "appeal",
}  # fmt: skip
"""The limit by which a state is to be left, or a remedy to be asked for."""


def proceeding_of(
    proceeding: Proceeding | None,
    case: Case,
    edition: ProcessEdition | None,
    steps: Sequence[Record],
    texts: Mapping[UUID, str | None],
    earlier: Mapping[str, int],
    reader: str | None,
) -> dict[str, Any]:
    """`reader` is an official who sees what is theirs; None: sees all."""
    lead = proceeding is None or proceeding.state == "withdrawn"
    told: dict[str, Any] = {"state": "lead" if proceeding is None else proceeding.state}
    if edition is not None and case.state == "standing":
        told["next"] = [_step(step, proceeding, edition) for step in steps_from(proceeding)]
        if lead or (proceeding is not None and proceeding.noticed_at is None):
            told["recommended"] = _recommended(case, edition, earlier)
    if proceeding is None:
        return told
    return {
        **told,
        **{
            name: value.isoformat() if hasattr(value, "isoformat") else value
            for name, value in asdict(proceeding).items()
            if name not in ("key", "state", "votes", "parties", "passed", "proposed", "revocation")
        },
        "parties": [asdict(party) for party in proceeding.parties],
        "votes": [asdict(vote) for vote in proceeding.votes],
        "passed": _past(proceeding),
        "overdue": _overdue(proceeding, steps),
        "proposed": None if proceeding.proposed is None else _proposed(proceeding),
        "revocation_proposed": None if proceeding.revocation is None else proceeding.revocation._asdict(),
        "steps": [_taken(row, texts, reader) for row in steps],
    }


def _overdue(proceeding: Proceeding, steps: Sequence[Record]) -> list[dict[str, Any]]:
    """The duties that passed undone and still are, by what the deadline service said."""
    past = _past(proceeding)
    clocks = [clock for clock in running([row["kind"] for row in steps]) if clock in OFFICE_CLOCKS and clock in past]
    return [{"clock": clock, "since": past[clock]} for clock in clocks]


def _past(proceeding: Proceeding) -> dict[str, str]:
    return {said.clock: said.late_from.isoformat() for said in proceeding.passed if said.late_from is not None}


def _step(step: Step, proceeding: Proceeding | None, edition: ProcessEdition) -> dict[str, Any]:
    """What may be done next, by whom; the limit is counted by the deadline service, as every limit is."""
    clock = _clock(proceeding)
    limit = None if clock is None else edition.limit(clock)
    who = "party" if step in PARTY_STEPS else "member" if step == "vote" else "office"
    return {
        "step": step,
        "by": who,
        "two_people": proceeding is not None and is_sensitive(proceeding, step, edition),
        "limit": None
        if limit is None or proceeding is None
        else {
            "clock": clock,
            "within": limit.amount,
            "from": [type_of(course.starts) for course in COURSES if course.clock == clock],
            "since": proceeding.since.isoformat(),
            "source": limit.source,
        },
    }


def _clock(proceeding: Proceeding | None) -> str | None:
    if proceeding is None:
        return None
    if proceeding.state == "under-review":
        return "appeal-decision" if proceeding.asked == "appeal" else "review-answer"
    return _DUE.get(proceeding.state)


def _recommended(case: Case, edition: ProcessEdition, earlier: Mapping[str, int]) -> list[dict[str, Any]]:
    """What the rulebook would recommend for each whom the case names (R26, R27); people decide."""
    found = []
    for named in case.proposal:
        if named.person is None:
            continue
        times = earlier.get(named.person, 0)
        advice = {}
        for severity in SEVERITIES:
            said = recommend(edition.recommend, severity, named.role, times)
            advice[severity] = None if said is None else asdict(said)
        found.append({"person": named.person, "role": named.role, "earlier": times, "by_severity": advice})
    return found


def _proposed(proceeding: Proceeding) -> dict[str, Any]:
    proposed = proceeding.proposed
    return {} if proposed is None else {"step": proposed.step, "by": proposed.by, "at": proposed.at.isoformat()}


def _taken(row: Record, texts: Mapping[UUID, str | None], reader: str | None) -> dict[str, Any]:
    return {
        "n": row["n"],
        "kind": row["kind"],
        "state": row["state"],
        "round": row["round"],
        "by": list(row["by_persons"]),
        "taken_at": row["taken_at"].isoformat(),
        "recorded_at": row["recorded_at"].isoformat(),
        "texts": list(_texts(row, texts, reader)),
    }


def _texts(row: Record, texts: Mapping[UUID, str | None], reader: str | None) -> Iterable[dict[str, Any]]:
    for id, kind in zip(row["texts"], row["kinds"], strict=True):
        own = reader is None or reader in row["by_persons"]
        if own or kind not in (*CLOSED_TO_PARTIES, "defence"):
            yield {"kind": kind, "text": texts.get(id)}
