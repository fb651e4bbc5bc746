"""What comes of the steps after a conclusion: who is served, asks, is answered, and what is carried out or taken back.
Each event is about one party, whose own time begins or ends with it (process_clocks.OF_ONE_PARTY)."""

from dataclasses import replace
from typing import Literal

from services.accountability.rules.measures import NONE
from services.accountability.rules.process_change import Apply, Change
from services.accountability.rules.process_clocks import day_of, months_after
from services.accountability.rules.process_guards import Asked
from services.accountability.rules.process_model import Party, Proceeding, Remedy, State, Step
from services.accountability.rules.process_remedy import answered_by, concerned


def _service(asked: Asked) -> list[Change]:
    """One event for each who was served: their time runs from it."""
    before, at = asked.known, asked.command.at
    changes, parties = [], {party.person: party for party in before.parties}
    state: State = "served" if before.state in ("exempted", "decided", "referred") else before.state
    for party in answered_by(asked):
        kind = "served" if party.unserved == "decision" else "answer-served"
        now = replace(party, served_at=at) if kind == "served" else replace(party, answer_served_at=at)
        parties[party.person] = _with_influence(asked, replace(now, unserved=None))
        after = replace(before, state=state, served_at=before.served_at or at, parties=tuple(parties.values()))
        changes.append(Change(kind, after, told=(party.person,), party=party.person))
    return changes


def _with_influence(asked: Asked, party: Party) -> Party:
    """Until when their measure counts against a person: a dated fact, from the service of the decision on, varied or
    not; then they are rehabilitated."""
    measure = asked.edition.measure(party.measure or NONE)
    if measure is None or measure.influence is None or party.served_at is None:
        return replace(party, influence_until=None)
    return replace(party, influence_until=months_after(day_of(party.served_at, asked.case.zone), measure.influence))


def _execution(asked: Asked) -> list[Change]:
    before, people = asked.known, {party.person for party in concerned(asked.known, "execution")}
    parties = tuple(replace(p, executed=p.measure) if p.person in people else p for p in before.parties)
    state: State = "under-review" if before.state == "under-review" else "executing"
    return [Change("execution-begun", replace(before, state=state, parties=parties))]


def _asks(asked: Asked, remedy: Remedy) -> Proceeding:
    """What was proposed before they asked did not know of it."""
    command = asked.command
    parties = tuple(
        replace(party, asked=remedy, asked_at=command.at, answered_at=None) if party.person == command.by else party
        for party in asked.known.parties
    )
    return replace(asked.known, state="under-review", parties=parties, proposed=None)


def _review_request(asked: Asked) -> list[Change]:
    return [Change("review-requested", _asks(asked, "review"), party=asked.command.by)]


def _appeal(asked: Asked) -> list[Change]:
    return [Change("appeal-requested", _asks(asked, "appeal"), party=asked.command.by)]


def _answered(asked: Asked, kind: Literal["upheld", "varied"], given: dict[str, str]) -> list[Change]:
    """One event for each who is answered. The case is under review while another waits. Who is spared along with
    them is told by the first."""
    before, about = asked.known, [party.person for party in answered_by(asked)]
    changed = {p.person for p in before.parties if given.get(p.person, p.measure) != p.measure}
    parties = {p.person: p for p in before.parties}
    for person in changed:
        parties[person] = _with_influence(asked, replace(parties[person], measure=given[person]))
    changes = []
    for person in about:
        parties[person] = replace(parties[person], answered_at=asked.command.at, unserved="answer")
        waiting = any(party.waits for party in parties.values())
        after = replace(before, state="under-review" if waiting else kind, parties=tuple(parties.values()))
        told = tuple(sorted({person, *changed.difference(about)})) if person == about[0] else (person,)
        changes.append(Change(kind, after, told=told, party=person))
    return changes


def _upholding(asked: Asked) -> list[Change]:
    return _answered(asked, "upheld", {})


def _variation(asked: Asked) -> list[Change]:
    given = dict(asked.command.measures)
    changes = _answered(asked, "varied", given)
    before = asked.known.parties
    cleared = any((p.measure or NONE) != NONE and given.get(p.person) == NONE for p in before)
    return [*changes, Change("exonerated", changes[-1].proceeding, told=asked.case.told)] if cleared else changes


def _revocation(asked: Asked) -> list[Change]:
    """For everybody, and an answer to all who wait for one."""
    at = asked.command.at
    parties = tuple(
        replace(party, measure=NONE, influence_until=None, unserved=None,
                answered_at=at if party.waits else party.answered_at)
        for party in asked.known.parties
    )  # fmt: skip
    after = replace(asked.known, state="revoked", parties=parties, revoked_at=at, ended_at=None)
    people = tuple(party.person for party in parties)
    return [Change("revoked", after, told=people), Change("exonerated", after, told=asked.case.told)]


def _extension(asked: Asked) -> list[Change]:
    before, zone = asked.known, asked.case.zone
    if before.state != "under-review":
        until = months_after(day_of(before.filed_at or asked.command.at, zone), asked.edition.decision_most)
        return [Change("decision-extended", replace(before, decide_until=until, extended=True))]
    changes, parties = [], {party.person: party for party in before.parties}
    for party in answered_by(asked):
        until = months_after(day_of(party.asked_at or asked.command.at, zone), asked.edition.appeal_most)
        parties[party.person] = replace(party, answer_until=until)
        after = replace(before, parties=tuple(parties.values()))
        changes.append(Change("answer-extended", after, told=(party.person,), party=party.person))
    return changes


REDRESS: dict[Step, Apply] = {
    "service": _service,
    "execution": _execution,
    "review-request": _review_request,
    "appeal": _appeal,
    "upholding": _upholding,
    "variation": _variation,
    "revocation": _revocation,
    "extension": _extension,
}
