"""What comes of a step that is permitted: how the proceeding is afterwards, and who has to learn of it."""

from dataclasses import replace

from services.accountability.rules.measures import NONE, recommend
from services.accountability.rules.process_change import Apply, Change
from services.accountability.rules.process_clocks import day_of, months_after
from services.accountability.rules.process_conclusion import measures_of
from services.accountability.rules.process_guards import Asked
from services.accountability.rules.process_model import (
    Outcome,
    Party,
    Proceeding,
    State,
    Step,
    Violation,
    Vote,
)
from services.accountability.rules.process_redress import REDRESS

VIOLATIONS: dict[str, Violation] = {"omission": "omission", "delay": "delay", "misconduct": "misconduct"}


def _review(asked: Asked) -> list[Change]:
    case, command, before = asked.case, asked.command, asked.proceeding
    begun = Proceeding(
        key=case.key,
        round=1 if before is None else before.round + 1,
        state="preliminary-review",
        since=command.at,
        rulebook=asked.edition.name,
        begun_at=command.at,
        recused=() if before is None else before.recused,
    )
    return [Change("review-begun", begun)]


def _dismissal(asked: Asked) -> list[Change]:
    at = asked.command.at
    return [Change("dismissed", replace(asked.known, state="dismissed", ended_at=at), told=asked.case.told)]


def _filing(asked: Asked) -> list[Change]:
    at = asked.command.at
    limit = asked.edition.limit("decision")
    until = None if limit is None else months_after(day_of(at, asked.case.zone), limit.amount)
    violation = VIOLATIONS.get(asked.command.ground or "", "delay")
    return [
        Change("filed", replace(asked.known, state="filed", filed_at=at, violation=violation, decide_until=until)),
    ]


def _investigators(asked: Asked) -> list[Change]:
    kind = "investigation-begun" if asked.known.state == "filed" else "investigators-changed"
    return [Change(kind, replace(asked.known, state="investigating", investigators=asked.command.people))]


def _recusal(asked: Asked) -> list[Change]:
    gone, before = set(asked.command.people), asked.known
    proposed = before.proposed
    after = replace(
        before,
        recused=tuple(sorted({*before.recused, *gone})),
        investigators=tuple(p for p in before.investigators if p not in gone),
        members=tuple(p for p in before.members if p not in gone),
        votes=tuple(vote for vote in before.votes if vote.person not in gone),
        proposed=None if proposed is not None and proposed.by in gone else proposed,
    )
    return [Change("person-recused", after)]


def _notice(asked: Asked) -> list[Change]:
    earlier = dict(asked.command.earlier)
    parties = []
    for one in asked.command.announced:
        advice = recommend(asked.edition.recommend, one.severity, one.role, earlier.get(one.person, 0))
        parties.append(
            Party(
                one.person, one.role, one.severity, one.measure,
                NONE if advice is None else advice.measure, "R26" if advice is None else advice.rule,
            )
        )  # fmt: skip
    people = tuple(party.person for party in parties)
    after = replace(asked.known, state="notice-and-defence", noticed_at=asked.command.at, parties=tuple(parties))
    return [Change("notice-given", after, told=people, newly=people)]


def _defence(asked: Asked) -> list[Change]:
    """Votes that were cast before somebody was heard do not count."""
    parties = tuple(
        replace(party, heard="waived" if asked.command.waived else "defended")
        if party.person == asked.command.by
        else party
        for party in asked.known.parties
    )
    return [Change("defence-heard", replace(asked.known, parties=parties, votes=()))]


def _deliberation(asked: Asked) -> list[Change]:
    before, members = asked.known, asked.command.people
    again = before.state == "deliberation"
    after = replace(
        before,
        state="deliberation",
        deliberated_at=before.deliberated_at if again else asked.command.at,
        members=members,
        votes=tuple(vote for vote in before.votes if vote.person in members),
    )
    return [Change("members-changed" if again else "deliberation-begun", after)]


def _vote(asked: Asked) -> list[Change]:
    command = asked.command
    dissents = any(kind == "dissent" for kind, _, _ in command.texts)
    cast = Vote(command.by, command.vote or "decision", dissents)
    return [Change("vote-cast", replace(asked.known, votes=(*asked.known.votes, cast)))]


def _conclude(asked: Asked, state: State, outcome: Outcome, parties: tuple[Party, ...]) -> Proceeding:
    parties = tuple(replace(party, unserved="decision") for party in parties)
    return replace(asked.known, state=state, outcome=outcome, parties=parties, concluded_at=asked.command.at)


def _exemption(asked: Asked) -> list[Change]:
    parties = tuple(replace(party, measure=NONE) for party in asked.known.parties)
    return [Change("exempted", _conclude(asked, "exempted", "exemption", parties), told=asked.case.told)]


def _decision(asked: Asked) -> list[Change]:
    given = dict(asked.command.measures)
    parties = tuple(replace(party, measure=given[party.person]) for party in asked.known.parties)
    after = _conclude(asked, "decided", "decision", parties)
    cleared = any(party.measure == NONE for party in parties)
    changes = [Change("decided", after, told=tuple(party.person for party in parties))]
    return [*changes, Change("exonerated", after, told=asked.case.told)] if cleared else changes


def _referral(asked: Asked) -> list[Change]:
    given = measures_of(asked)
    parties = tuple(replace(party, measure=given[party.person]) for party in asked.known.parties)
    people = tuple(party.person for party in parties)
    return [Change("referred", _conclude(asked, "referred", "referral", parties), told=people)]


def _closure(asked: Asked) -> list[Change]:
    return [Change("closed", replace(asked.known, state="closed", ended_at=asked.command.at), told=asked.case.told)]


APPLY: dict[Step, Apply] = {
    "review": _review,
    "dismissal": _dismissal,
    "filing": _filing,
    "investigators": _investigators,
    "recusal": _recusal,
    "notice": _notice,
    "defence": _defence,
    "deliberation": _deliberation,
    "vote": _vote,
    "exemption": _exemption,
    "decision": _decision,
    "referral": _referral,
    "closure": _closure,
    **REDRESS,
}
