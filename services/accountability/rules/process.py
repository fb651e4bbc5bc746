"""Due process of a case (domain.md §4; R26–R30): which step may be taken when, by whom, and what comes of it.

    lead ─► preliminary-review ─► dismissed
                │
                ▼
              filed ─► investigating ─► notice-and-defence ─► deliberation ─► exempted ─┐
                                          never skipped           │ votes ──► decided ──┼─► served ─► executing
                                                                  └─────────► referred ─┘     │           │
              closed ◄── upheld │ varied │ revoked ◄── under-review ◄── review asked in time ─┴───────────┘
                              └────────┴──── appeal asked in time ──────► ▲

Served, answered and asking are the parties, each for themselves: a case is under review while one of them waits for an
answer, and closed only when none may ask any more and every measure that stands was carried out (process_remedy.py).

A case whose cause falls away is withdrawn from every state before exempted, decided or referred; afterwards its
revocation is proposed, which two people confirm (process_cause.py). A sensitive step takes two people: the first asks
for it, which changes nothing but the record; the second asks for the very same, which takes it (I20).

`decide` is pure, and the system decides nothing by itself: it refuses, recommends and keeps time.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.accountability.rules import process_conclusion as conclusion
from services.accountability.rules import process_guards as guards
from services.accountability.rules import process_remedy as remedy
from services.accountability.rules.measures import NONE
from services.accountability.rules.model import Case
from services.accountability.rules.process_apply import APPLY
from services.accountability.rules.process_edition import ProcessEdition
from services.accountability.rules.process_guards import Asked, Guard
from services.accountability.rules.process_model import Accepted, Command, Done, Forbidden, Proceeding, Proposed, Step

ALWAYS: tuple[Guard, ...] = (
    guards.case_stands, guards.permitted_now, guards.not_recused, guards.not_named, guards.dates_in_order,
)  # fmt: skip
_VOTED: tuple[Guard, ...] = (guards.notice_and_defence, conclusion.voted_for)
_BURDEN: tuple[Guard, ...] = (
    conclusion.in_time,
    conclusion.still_found,
    conclusion.no_aggravation,
    guards.written("reason"),
)
GUARDS: dict[Step, tuple[Guard, ...]] = {
    "review": (),
    "dismissal": (guards.written("reason"),),
    "filing": (guards.written("reason"),),
    "investigators": (guards.fit_to_act, guards.two_investigators),
    "recusal": (guards.written("reason"),),
    "notice": (
        guards.two_investigators,
        guards.found_responsible,
        guards.held_the_role,
        guards.written("facts", "basis"),
    ),
    "defence": (guards.one_defence_each,),
    "deliberation": (guards.notice_and_defence, guards.fit_to_act, guards.quorum),
    "vote": (guards.one_vote_each,),
    "exemption": (*_VOTED, conclusion.exemption_ground, guards.written("reason")),
    "decision": (*_VOTED, *_BURDEN),
    "referral": (*_VOTED, conclusion.announced_referral, *_BURDEN),
    "service": (remedy.their_turn,),
    "execution": (remedy.something_to_execute,),
    "review-request": (remedy.within_remedy, guards.written("request")),
    "appeal": (remedy.within_remedy, guards.written("request")),
    "upholding": (remedy.their_turn, guards.written("reason")),
    "variation": (remedy.their_turn, conclusion.no_aggravation, guards.written("reason")),
    "revocation": (guards.written("reason"),),
    "extension": (remedy.extended_once, remedy.extended_in_time, guards.written("reason")),
    "closure": (remedy.remedy_is_over, remedy.executed),
}
"""What each step has to satisfy beside ALWAYS, in the order in which it is said."""
WITHOUT_MEASURES = "closure-without-measures"
"""How a rulebook names the closing of a case of which no measure came."""


def decide(
    proceeding: Proceeding | None, case: Case, command: Command, edition: ProcessEdition, now: datetime
) -> Accepted | Forbidden:
    """Whether the step may be taken, and what comes of it; of a sensitive one the first asking is kept alone."""
    refused = refusal(proceeding, case, command, edition, now)
    if refused is not None:
        return refused
    if proceeding is not None and is_sensitive(proceeding, command.step, edition):
        before = proceeding.proposed
        if before is None or (before.step, before.digest) != (command.step, command.digest):
            return _propose(proceeding, case, command, edition, now)
        if before.by == command.by:
            return Forbidden("two-people", "I20", "Whoever proposed it does not confirm it", ("a second person",))
        if before.by in proceeding.recused:
            return Forbidden("two-people", "I20", "Whoever proposed it was recused", ("a second person",))
        command, proceeding = replace(command, texts=before.texts), replace(proceeding, proposed=None)
        return _take(proceeding, case, command, edition, (before.by, command.by))
    return _take(proceeding, case, command, edition, (command.by,))


def refusal(
    proceeding: Proceeding | None, case: Case, command: Command, edition: ProcessEdition, now: datetime
) -> Forbidden | None:
    """The first rule that forbids the step."""
    asked = Asked(case, proceeding, command, edition, now)
    for guard in (*ALWAYS, *GUARDS[command.step]):
        refused = guard(asked)
        if refused is not None:
            return refused
    return None


def steps_from(proceeding: Proceeding | None) -> list[Step]:
    """What the state machine permits now, whatever else is missing."""
    if proceeding is None or proceeding.state == "withdrawn":
        return ["review"]
    found: list[Step] = [step for step, states in guards.FROM.items() if proceeding.state in states]
    if proceeding.state in guards.FROM["service"]:
        found = [step for step in found if remedy.concerned(proceeding, step)]
    if proceeding.state == "deliberation" and not guards.somebody_unheard(proceeding):
        found.remove("defence")
    if proceeding.revocation is not None and proceeding.revoked_at is None and "revocation" not in found:
        found.append("revocation")
    return found


def is_sensitive(proceeding: Proceeding, step: Step, edition: ProcessEdition) -> bool:
    """Whether the rulebook asks for two people (I20)."""
    measures = any((party.measure or NONE) != NONE for party in proceeding.parties)
    if step == "closure" and not measures and WITHOUT_MEASURES in edition.two_people:
        return True
    return step in edition.two_people


def _propose(proceeding: Proceeding, case: Case, command: Command, edition: ProcessEdition, now: datetime) -> Accepted:
    proposed = Proposed(command.step, command.digest, command.by, command.at, now, command.texts)
    changed = replace(case, revision=case.revision + 1)
    return Accepted(
        (Done("step-proposed", changed, replace(proceeding, proposed=proposed), edition, now, (command.by,), command),)
    )


def _take(
    proceeding: Proceeding | None, case: Case, command: Command, edition: ProcessEdition, by: Sequence[str]
) -> Accepted:
    asked = Asked(case, proceeding, command, edition, command.at)
    done: list[Done] = []
    for change in APPLY[command.step](asked):
        before = None if proceeding is None else proceeding.last_at
        after = replace(change.proceeding, last_at=command.at if before is None else max(before, command.at))
        if proceeding is None or after.state != proceeding.state:
            after = replace(after, proposed=None, since=command.at)
        case = replace(change.case(case), revision=case.revision + 1)
        done.append(
            Done(
                change.kind, case, after, edition, command.at, tuple(by), command, told=change.told, party=change.party
            )
        )
    return Accepted(tuple(done))
