"""From service to the closing: what waits to be served to whom, who may still ask for what, and what has to be done
before a case is closed (R28, R29). Named functions, as those of process_guards.py.

Review and appeal are rights of each party: what one asks takes nothing from another, and whose time is over is told
until when it was. What is upheld or varied is carried out as what nobody contested.
"""

from datetime import datetime, timedelta

from services.accountability.rules.measures import NONE, REFERRAL
from services.accountability.rules.process_clocks import day_of
from services.accountability.rules.process_guards import Asked
from services.accountability.rules.process_model import Forbidden, Party, Proceeding, Remedy, Step, clock_of

REMEDIES: dict[Step, Remedy] = {"review-request": "review", "appeal": "appeal"}


def may_ask(party: Party) -> Step | None:
    """The remedy that is left to a party who was served: review once, an appeal once against its answer."""
    if party.unserved is not None or party.served_at is None or party.waits or party.asked == "appeal":
        return None
    return "review-request" if party.asked is None else "appeal"


def concerned(proceeding: Proceeding, step: Step) -> tuple[Party, ...]:
    """Whose turn such a step can be now: who is to be served, answered, granted more time, or may ask."""
    return tuple(party for party in proceeding.parties if _is_concerned(party, step))


def _is_concerned(party: Party, step: Step) -> bool:
    match step:
        case "service":
            return party.unserved is not None
        case "upholding" | "variation":
            return party.waits
        case "extension":
            return party.waits and party.asked == "appeal" and party.answer_until is None
        case "execution":
            return party.unserved is None and is_to_execute(party)
        case "review-request" | "appeal":
            return may_ask(party) == step
    return True


def answered_by(asked: Asked) -> tuple[Party, ...]:
    """Whom of the parties a service, an answer or its extension is about: those it names, else all whose turn it is."""
    named, among = asked.command.people, concerned(asked.known, asked.command.step)
    return tuple(party for party in among if party.person in named) if named else among


def their_turn(asked: Asked) -> Forbidden | None:
    """R28, R29: served is what was decided or answered, and answered what was asked; to each once."""
    people, step = asked.command.people, asked.command.step
    about = answered_by(asked)
    if about and len(about) == len(people or about):
        return None
    why = "Nothing waits to be served to them" if step == "service" else "They have asked for nothing that waits"
    return Forbidden("their-turn", "R29", why, tuple(p.person for p in concerned(asked.known, step)))


def within_remedy(asked: Asked) -> Forbidden | None:
    """R29 [L]: each party asks for review once, within 30 days of their own service; and appeals once, within 15 of
    the service of the answer."""
    step, party = asked.command.step, asked.known.party(asked.command.by)
    assert party is not None  # noqa: S101 - `not_named` refused everybody else before
    if may_ask(party) != step:
        return Forbidden("within-remedy", "R29", _why_not(party, step))
    end = asked.known.late_from(step, party.person)
    if end is not None and asked.command.at >= end:
        until = last_day(end, asked.case.zone)
        return Forbidden("within-remedy", "R29", f"It was possible until {until} ({clock_of(step, party.person)})")
    return None


def _why_not(party: Party, step: Step) -> str:
    if party.unserved is not None or party.served_at is None:
        what = "the answer" if party.unserved == "answer" else "the decision"
        return f"They were not served yet with {what}: their time begins with it"
    if party.waits:
        return f"Their {party.asked} is not answered yet"
    if step == "appeal" and party.asked is None:
        return "An appeal is against the answer to a review"
    return "They have asked for review already" if step == "review-request" else "Their appeal has been decided"


def last_day(late_from: datetime, zone: str) -> str:
    """The last day of a limit that is past since then."""
    return day_of(late_from - timedelta(microseconds=1), zone).isoformat()


def remedy_is_over(asked: Asked) -> Forbidden | None:
    """R29: a case is not closed over anybody's head: each party was served and answered, and has asked for what they
    might, or let their time pass."""
    proceeding = asked.known
    if proceeding.state == "revoked":
        return None
    if unserved := tuple(p.person for p in proceeding.parties if p.unserved is not None):
        return Forbidden("remedy-is-over", "R29", "Not everybody was served", unserved)
    if waiting := tuple(p.person for p in proceeding.parties if p.waits):
        return Forbidden("remedy-is-over", "R29", "Not everybody was answered", waiting)
    open_still = []
    for party in proceeding.parties:
        step = may_ask(party)
        end = None if step is None else proceeding.late_from(step, party.person)
        if step is not None and (end is None or asked.command.at < end):
            open_still.append(clock_of(step, party.person))
    if open_still:
        return Forbidden("remedy-is-over", "R29", "Somebody may still ask: their limit is not past", tuple(open_still))
    return None


def is_to_execute(party: Party) -> bool:
    """Whether a measure stands against them that was not carried out, as it is now."""
    return (party.measure or NONE) not in (NONE, REFERRAL, party.executed)


def executed(asked: Asked) -> Forbidden | None:
    """执行: a measure is carried out before the case is closed, upheld and varied ones too."""
    lacking = tuple(party.person for party in asked.known.parties if is_to_execute(party))
    if lacking:
        return Forbidden("executed", "domain §4", "The measures were not carried out", ("execution", *lacking))
    return None


def something_to_execute(asked: Asked) -> Forbidden | None:
    """执行: a measure is carried out that stands and was served, once."""
    if concerned(asked.known, "execution"):
        return None
    waiting = tuple(party.person for party in asked.known.parties if is_to_execute(party))
    missing = ("service", *waiting) if waiting else ("closure",)
    return Forbidden("something-to-execute", "domain §4", "There is no measure to carry out that was served", missing)


def extended_once(asked: Asked) -> Forbidden | None:
    """R28, R29 [L]: a limit is extended once, to its utmost; the answer to an appeal is, that to a review is not."""
    proceeding = asked.known
    if proceeding.state != "under-review":
        return Forbidden("extended-once", "R28", "It was extended before") if proceeding.extended else None
    if not any(party.waits and party.asked == "appeal" for party in proceeding.parties):
        return Forbidden("extended-once", "R29", "The answer to a review cannot be extended")
    about = answered_by(asked)
    if not about or len(about) != len(asked.command.people or about):
        return Forbidden("extended-once", "R29", "It was extended before, or they have no appeal that waits")
    return None


def extended_in_time(asked: Asked) -> Forbidden | None:
    """R28 [L], R13: what is past is not extended. It counts when it is on record, and not as of when it is said to
    have been granted."""
    proceeding, zone = asked.known, asked.case.zone
    if proceeding.state == "under-review":
        for party in answered_by(asked):
            end = proceeding.late_from("appeal-decision", party.person)
            if end is not None and asked.now >= end:
                return Forbidden("extended-in-time", "R29", f"It was possible until {last_day(end, zone)}")
        return None
    until = proceeding.decide_until
    if until is None or day_of(asked.now, zone) <= until:
        return None
    return Forbidden("extended-in-time", "R28", f"It was possible until {until.isoformat()}, when the decision was due")
