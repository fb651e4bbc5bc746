"""A proceeding as JSON for those who read its case: what was done, who may do what next, and within what limit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from services.accountability.process_publish import type_of
from services.accountability.rules.measures import Severity, recommend
from services.accountability.rules.model import Case
from services.accountability.rules.process import is_sensitive, steps_from
from services.accountability.rules.process_clocks import COURSES, OF_ONE_PARTY, OFFICE_CLOCKS, running
from services.accountability.rules.process_edition import ProcessEdition
from services.accountability.rules.process_guards import PARTY_STEPS
from services.accountability.rules.process_model import Party, Proceeding, Step, clock_of
from services.accountability.rules.process_remedy import concerned
from shared.postgres import Record

SEVERITIES: tuple[Severity, ...] = ("general", "serious", "especially-serious")
CLOSED_TO_PARTIES = frozenset({"minutes", "dissent"})
"""What members said among themselves; that they dissented is no secret, why is."""
_DUE = {
    "preliminary-review": "filing", "filed": "investigation", "investigating": "investigation",
    "notice-and-defence": "defence", "deliberation": "decision",
}  # fmt: skip
"""The limit by which a state is to be left."""


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
        told["next"] = [
            _step(step, party, proceeding, edition)
            for step in steps_from(proceeding)
            for party in _whose(step, proceeding)
        ]
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
    taken = [(row["kind"], row["party"]) for row in steps]
    return [
        {"clock": clock, "since": past[clock]}
        for clock, place in running(taken, [party.person for party in proceeding.parties]).items()
        if clock.partition(":")[0] in OFFICE_CLOCKS
        and clock in past
        and datetime.fromisoformat(past[clock]) > steps[place]["taken_at"]
    ]


def _past(proceeding: Proceeding) -> dict[str, str]:
    return {said.clock: said.late_from.isoformat() for said in proceeding.passed if said.late_from is not None}


def _whose(step: Step, proceeding: Proceeding | None) -> Sequence[Party | None]:
    """The parties whose turn it is, where the step is about parties, each for themselves."""
    if proceeding is None or step not in _OF_PARTIES:
        return (None,)
    return concerned(proceeding, step) if step != "extension" or proceeding.state == "under-review" else (None,)


_OF_PARTIES = frozenset({"service", "review-request", "appeal", "upholding", "variation", "extension"})


def _step(step: Step, party: Party | None, proceeding: Proceeding | None, edition: ProcessEdition) -> dict[str, Any]:
    """What may be done next, by whom or for whom; the limit is counted by the deadline service, as every limit is."""
    who = "party" if step in PARTY_STEPS else "member" if step == "vote" else "office"
    return {
        "step": step,
        "by": who,
        **({} if party is None else {"party": party.person}),
        "two_people": proceeding is not None and is_sensitive(proceeding, step, edition),
        "limit": None if proceeding is None else _limit(step, party, proceeding, edition),
    }


def _limit(step: Step, party: Party | None, proceeding: Proceeding, edition: ProcessEdition) -> dict[str, Any] | None:
    clock, since = _clock(step, party, proceeding)
    limit = None if clock is None else edition.limit(clock)
    if limit is None or clock is None or since is None:
        return None
    own = party is not None and clock in OF_ONE_PARTY
    return {
        "clock": clock_of(clock, party.person) if party is not None and own else clock,
        "within": limit.amount,
        "from": [type_of(course.starts) for course in COURSES if course.clock == clock],
        "since": since.isoformat(),
        "source": limit.source,
    }


def _clock(step: Step, party: Party | None, proceeding: Proceeding) -> tuple[str | None, datetime | None]:
    """The limit of a step, and since when it runs: of a party's own from their service, or from what they asked."""
    if party is None:
        return _DUE.get(proceeding.state), proceeding.since
    if step == "service":
        return "service", proceeding.concluded_at if party.unserved == "decision" else party.answered_at
    if step in PARTY_STEPS:
        return step, party.served_at if step == "review-request" else party.answer_served_at
    return "appeal-decision" if party.asked == "appeal" else "review-answer", party.asked_at


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
        "party": row["party"],
        "taken_at": row["taken_at"].isoformat(),
        "recorded_at": row["recorded_at"].isoformat(),
        "texts": list(_texts(row, texts, reader)),
    }


def _texts(row: Record, texts: Mapping[UUID, str | None], reader: str | None) -> Iterable[dict[str, Any]]:
    for id, kind in zip(row["texts"], row["kinds"], strict=True):
        own = reader is None or reader in row["by_persons"]
        if own or kind not in (*CLOSED_TO_PARTIES, "defence"):
            yield {"kind": kind, "text": texts.get(id)}
