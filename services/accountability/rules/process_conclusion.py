"""What the law and the rulebook forbid when a case is concluded, or a conclusion varied (R26, R28, R30): named
functions, as those of process_guards.py."""

from services.accountability.rules.exemption import ground_of
from services.accountability.rules.measures import NONE, REFERRAL, harshness
from services.accountability.rules.process_clocks import day_of
from services.accountability.rules.process_guards import Asked, found_responsible, held_by, known_measures
from services.accountability.rules.process_model import Forbidden, Party
from services.accountability.rules.process_remedy import answered_by


def voted_for(asked: Asked) -> Forbidden | None:
    """集体研究: the quorum has voted, and more than half of the members for this outcome."""
    proceeding, edition = asked.known, asked.edition
    lacking = edition.quorum - len(proceeding.votes)
    if lacking > 0:
        return Forbidden("voted-for", "R28", f"{edition.quorum} members have to vote", (f"{lacking} more votes",))
    ayes = sum(vote.outcome == asked.command.step for vote in proceeding.votes)
    if ayes * 2 <= len(proceeding.members):
        return Forbidden("voted-for", "R28", f"No majority: {ayes} of {len(proceeding.members)} voted for it")
    return None


def in_time(asked: Asked) -> Forbidden | None:
    """R28 [L]: decided within 6 months of filing, 12 at most; afterwards only what burdens nobody, for what is past is
    not extended."""
    until, command = asked.known.decide_until, asked.command
    if until is None or not burdened(asked) or day_of(command.at, asked.case.zone) <= until:
        return None
    return Forbidden("in-time", "R28", f"The decision was due by {until.isoformat()}: nobody is burdened any more")


def measures_of(asked: Asked) -> dict[str, str]:
    """What each party gets by the step. Of a referral: who is not named is referred, where that was announced."""
    given = dict(asked.command.measures)
    if asked.command.step != "referral":
        return given
    return {p.person: REFERRAL if p.announced == REFERRAL else NONE for p in asked.known.parties} | given


def burdened(asked: Asked) -> set[str]:
    """Whom the step burdens."""
    return {person for person, measure in measures_of(asked).items() if measure != NONE}


def still_found(asked: Asked) -> Forbidden | None:
    """R25, I12: nobody is burdened whom a revision accepted since no longer names, nor while one waits."""
    names = burdened(asked)
    held = held_by(asked.case)
    gone = tuple(p.person for p in asked.known.parties if p.person in names and (p.role, p.person) not in held)
    if gone:
        return Forbidden("still-found", "I12, R25", "Somebody is burdened whom a revision no longer names", gone)
    return found_responsible(asked) if names else None


def no_aggravation(asked: Asked) -> Forbidden | None:
    """R28 [L] 不得因申辩加重, R29: for nobody harsher than the notice announced, or than the decision under review."""
    proceeding, command, edition = asked.known, asked.command, asked.edition
    given = dict(command.measures)
    if len(given) != len(command.measures) or set(given) - {party.person for party in proceeding.parties}:
        return Forbidden("no-aggravation", "R28", "Only whom the notice was given to has a measure, and one")
    if command.step != "referral" and (lacking := tuple(p.person for p in _decided_on(asked) if p.person not in given)):
        return Forbidden("no-aggravation", "R28", "The decision says of everybody whom it decides on", lacking)
    wrong = known_measures(asked, [*given.values()])
    if wrong is None and command.step == "decision" and REFERRAL in given.values():
        return Forbidden("recommends-only", "R26", "A referral is a step of its own", ("referral",))
    for party in () if wrong else proceeding.parties:
        bound = party.announced if command.step != "variation" else party.measure or NONE
        wanted, most = (harshness(edition.measures, code) for code in (given.get(party.person, NONE), bound))
        if wanted is not None and most is not None and wanted > most:
            return Forbidden("no-aggravation", "R28", f"For nobody harsher than {bound}, as told before", (bound,))
    return wrong


def _decided_on(asked: Asked) -> tuple[Party, ...]:
    """Everybody who was given notice; of a variation those whom it answers. Others it may only spare."""
    return answered_by(asked) if asked.command.step == "variation" else asked.known.parties


def announced_referral(asked: Asked) -> Forbidden | None:
    """R26, R28: somebody is referred, and nobody to whom that was not announced."""
    if not any(party.announced == REFERRAL for party in asked.known.parties):
        return Forbidden("announced-referral", "R28", "No notice announced a referral")
    if REFERRAL not in measures_of(asked).values():
        return Forbidden("announced-referral", "R26", "Nobody is referred", ("decision",))
    return None


def exemption_ground(asked: Asked) -> Forbidden | None:
    """R30: exempted on one of the rulebook's grounds."""
    grounds = asked.edition.exemptions
    if ground_of(grounds, asked.command.ground) is None:
        codes = tuple(ground.code for ground in grounds)
        return Forbidden("exemption-ground", "R30", "The rulebook has no such ground of exemption", codes)
    return None
