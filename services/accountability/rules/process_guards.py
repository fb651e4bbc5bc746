"""What the law forbids in a proceeding up to its conclusion: each a named function that cites its rule and says what is
missing. It is code and not configuration: no rulebook skips it (R28). What is concluded: process_conclusion.py."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.accountability.rules.case import concerns
from services.accountability.rules.measures import NONE, REFERRAL, harshness
from services.accountability.rules.model import Case, Role
from services.accountability.rules.process_edition import LEAST_INVESTIGATORS, ProcessEdition
from services.accountability.rules.process_model import Command, Forbidden, Proceeding, State, Step
from services.accountability.rules.review import beside, is_confirmed


@dataclass(frozen=True, slots=True)
class Asked:
    """All that a guard looks at."""

    case: Case
    proceeding: Proceeding | None
    command: Command
    edition: ProcessEdition
    now: datetime

    @property
    def known(self) -> Proceeding:
        """The proceeding; every guard but the first two is asked only where there is one."""
        assert self.proceeding is not None  # noqa: S101 - `permitted_now` refused every other step before
        return self.proceeding


Guard = Callable[[Asked], Forbidden | None]
OPEN: tuple[State, ...] = (
    "preliminary-review", "filed", "investigating", "notice-and-defence", "deliberation", "exempted", "decided",
    "referred", "served", "executing", "under-review", "upheld", "varied", "revoked",
)  # fmt: skip
SERVED: tuple[State, ...] = ("served", "executing", "under-review", "upheld", "varied")
"""Somebody was served; what may be done depends on each party (process_remedy.py)."""
FROM: dict[Step, tuple[State, ...]] = {
    "review": (),  # of a lead alone
    "dismissal": ("preliminary-review",),
    "filing": ("preliminary-review",),
    "investigators": ("filed", "investigating"),
    "recusal": OPEN,
    "notice": ("investigating",),
    "defence": ("notice-and-defence", "deliberation"),  # there by whom its limit has come back to alone
    "deliberation": ("notice-and-defence", "deliberation"),
    "vote": ("deliberation",),
    "exemption": ("deliberation",),
    "decision": ("deliberation",),
    "referral": ("deliberation",),
    "service": ("exempted", "decided", "referred", *SERVED),
    "execution": SERVED,
    "review-request": SERVED,
    "appeal": SERVED,
    "upholding": ("under-review",),
    "variation": ("under-review",),
    "revocation": ("under-review",),
    "extension": ("filed", "investigating", "notice-and-defence", "deliberation", "under-review"),
    "closure": ("served", "executing", "upheld", "varied", "revoked"),
}
PARTY_STEPS = frozenset({"defence", "review-request", "appeal"})


def case_stands(asked: Asked) -> Forbidden | None:
    """撤案: of a withdrawn case there is nothing to do (domain §4)."""
    if asked.case.state == "withdrawn":
        return Forbidden("case-stands", "domain §4", "The case is withdrawn: its cause fell away")
    return None


def permitted_now(asked: Asked) -> Forbidden | None:
    """The state machine of domain.md §4."""
    proceeding, step = asked.proceeding, asked.command.step
    is_lead = proceeding is None or proceeding.state == "withdrawn"
    if is_lead:
        if step == "review":
            return None
        return Forbidden("permitted-now", "domain §4", "Nobody has taken up the case yet", ("review",))
    state = asked.known.state
    revocable = step == "revocation" and asked.known.revocation is not None and asked.known.revoked_at is None
    if state in FROM[step] or revocable:
        return None
    return Forbidden("permitted-now", "domain §4", f"Not while the case is in the state {state}", FROM[step])


def dates_in_order(asked: Asked) -> Forbidden | None:
    """What was done was done before now, and not before what came before it: of a party's remedy that is their own
    service, for what they hand in in time is not lost because another step was recorded before."""
    at, before, proceeding = asked.command.at, asked.case.standing_since, asked.proceeding
    own = None if proceeding is None else proceeding.party(asked.command.by)
    served = None if own is None else own.answer_served_at or own.served_at
    if served is not None and asked.command.step in ("review-request", "appeal"):
        before = max(before, served)
    elif proceeding is not None and proceeding.last_at is not None:
        before = max(before, proceeding.last_at)
    if at > asked.now:
        return Forbidden("dates-in-order", "D7", "It lies in the future")
    if at < before:
        return Forbidden("dates-in-order", "domain §4", f"It lies before the step before it, of {before.isoformat()}")
    return None


def not_recused(asked: Asked) -> Forbidden | None:
    """R28 回避: who was recused acts no more in the case."""
    if asked.proceeding is not None and asked.command.by in asked.proceeding.recused:
        return Forbidden("not-recused", "R28", "Whoever was recused acts no more in this case")
    return None


def not_named(asked: Asked) -> Forbidden | None:
    """R28: whom the case names neither investigates nor decides it; a party's own steps are theirs alone."""
    by, step = asked.command.by, asked.command.step
    if step in PARTY_STEPS:
        if asked.known.party(by) is None:
            return Forbidden("is-a-party", "R28", "Only whom the notice was given to may do this")
        return None
    if is_named(asked, by):
        return Forbidden("not-named", "R28", "Whom the case names neither investigates nor decides it")
    return None


def is_named(asked: Asked, person: str) -> bool:
    """Whether the case names somebody, addressed them, or gave them notice."""
    proceeding = asked.proceeding
    return concerns(asked.case, person) or (proceeding is not None and proceeding.party(person) is not None)


def fit_to_act(asked: Asked) -> Forbidden | None:
    """R28: who is appointed is neither recused nor named in the case, and is appointed once."""
    people = asked.command.people
    if len(set(people)) != len(people):
        return Forbidden("fit-to-act", "R28", "A person is listed twice")
    if any(person in asked.known.recused for person in people):
        return Forbidden("fit-to-act", "R28", "A recused person is among them")
    if any(is_named(asked, person) for person in people):
        return Forbidden("fit-to-act", "R28", "A person whom the case names is among them")
    return None


def two_investigators(asked: Asked) -> Forbidden | None:
    """R28 [L]: at least two people investigate, from the beginning to the notice."""
    team = asked.command.people if asked.command.step == "investigators" else asked.known.investigators
    lacking = LEAST_INVESTIGATORS - len(team)
    if lacking > 0:
        return Forbidden(
            "two-investigators", "R28", f"At least {LEAST_INVESTIGATORS} people investigate",
            (f"{lacking} more investigator{'s' if lacking > 1 else ''}",),
        )  # fmt: skip
    return None


def found_responsible(asked: Asked) -> Forbidden | None:
    """R25, I12: what the system found is a proposal. Nobody is told that they are responsible before a person has
    confirmed it, nor while a revision of it waits for a decision."""
    case, kept = asked.case, beside(asked.case)
    if not is_confirmed(case):
        missing = f"confirmation of attribution {case.attributions}"
        return Forbidden(
            "found-responsible", "I12, R25", "Who is responsible is proposed, and not confirmed", (missing,)
        )
    if kept.proposed is not None:
        missing = f"decision on revision {kept.revisions}"
        return Forbidden("found-responsible", "I12, R25", "Facts learned later propose to revise it", (missing,))
    return None


def held_the_role(asked: Asked) -> Forbidden | None:
    """I12: only who held the role at the due instant is held responsible, once; and by a measure there is."""
    announced = asked.command.announced
    if not announced or len({one.person for one in announced}) != len(announced):
        return Forbidden("held-the-role", "I12", "The notice names each person once, and somebody")
    if any((one.role, one.person) not in held_by(asked.case) for one in announced):
        return Forbidden("held-the-role", "I12", "Somebody is named who did not hold that role at the due")
    return known_measures(asked, [one.measure for one in announced])


def held_by(case: Case) -> set[tuple[Role, str]]:
    """Who is responsible by the attribution that stands, in which role."""
    return {(found.role, found.person) for found in case.proposal if found.person is not None}


def known_measures(asked: Asked, codes: list[str]) -> Forbidden | None:
    """R26 [L]: there is no formal sanction among the measures."""
    if all(harshness(asked.edition.measures, code) is not None for code in codes):
        return None
    order = (NONE, *(measure.code for measure in asked.edition.measures), REFERRAL)
    return Forbidden(
        "recommends-only",
        "R26",
        "No such measure: formal sanctions are the competent authority's, by a referral",
        order,
    )


def notice_and_defence(asked: Asked) -> Forbidden | None:
    """R28 [L] 告知申辩, never skipped: facts and basis were told, and everybody was heard, waived it, or let the limit
    pass (the deadline service says so)."""
    proceeding, end = asked.known, asked.known.late_from("defence")
    waiting = tuple(party.person for party in proceeding.parties if party.heard == "not-yet")
    if waiting and (end is None or asked.command.at < end):
        return Forbidden("notice-and-defence", "R28", "Not everybody was heard, and their limit is not past", waiting)
    return None


def somebody_unheard(proceeding: Proceeding) -> bool:
    """Whether a party was not heard whose limit is not past."""
    return proceeding.late_from("defence") is None and any(p.heard == "not-yet" for p in proceeding.parties)


def one_defence_each(asked: Asked) -> Forbidden | None:
    """R28: a party defends or waives; who has waived may still defend, until deliberation begins. Afterwards only who
    was not heard and whose limit turned out not to be past."""
    command, party = asked.command, asked.known.party(asked.command.by)
    if asked.known.state == "deliberation":
        end = asked.known.late_from("defence")
        if party is not None and party.heard != "not-yet":
            return Forbidden("one-defence-each", "R28", "This party was heard already")
        if end is not None and command.at >= end:
            return Forbidden("one-defence-each", "R28", f"Its limit is past since {end.isoformat()}")
    if command.waived == any(kind == "defence" for kind, _, _ in command.texts):
        return Forbidden("written", "R28", "A defence is given in writing, or waived", ("defence",))
    if command.waived and party is not None and party.heard != "not-yet":
        return Forbidden("one-defence-each", "R28", "This party was heard already")
    return None


def quorum(asked: Asked) -> Forbidden | None:
    """集体研究: enough members deliberate, and none who investigated, unless the rulebook allows it."""
    people, edition = asked.command.people, asked.edition
    if len(people) < edition.quorum:
        return Forbidden(
            "quorum", "R28", f"{edition.quorum} members deliberate at least", (f"{edition.quorum - len(people)} more",)
        )
    if not edition.investigators_may_vote and set(people) & set(asked.known.investigators):
        return Forbidden("quorum", "R28", "Who investigated does not vote (rulebook: investigators_may_vote)")
    return None


def one_vote_each(asked: Asked) -> Forbidden | None:
    """集体研究: members vote, each once."""
    if asked.command.by not in asked.known.members:
        return Forbidden("one-vote-each", "R28", "Only members of the deliberation vote")
    if any(vote.person == asked.command.by for vote in asked.known.votes):
        return Forbidden("one-vote-each", "R28", "This member has voted")
    return None


def written(*kinds: str) -> Guard:
    """Reasons, facts and basis are given in writing (R28)."""

    def guard(asked: Asked) -> Forbidden | None:
        given = {kind for kind, _, _ in asked.command.texts}
        lacking = tuple(kind for kind in kinds if kind not in given)
        return Forbidden("written", "R28", "It is given in writing", lacking) if lacking else None

    return guard
