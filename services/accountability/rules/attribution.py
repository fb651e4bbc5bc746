"""Attribution (R25, I12): who is responsible for a miss, as roles were held at the due instant and not now.

The due instant is the last that would have been in time: `late_from` − 1 µs. What is said of a person names posts and
the dates from which they were held, never an end: who leaves later is responsible all the same.
"""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.accountability.rules.attribution_acts import (
    APPROVER,
    COLLECTIVE,
    DISSENT,
    ORDER,
    REVIEW,
    Answerable,
    answerable,
    dissents,
    reviewer_of,
)
from services.accountability.rules.circumstances import NOTHING, Act, Circumstances
from services.accountability.rules.directory import Asked, Directory, PostHolding
from services.accountability.rules.ladder import TICK
from services.accountability.rules.model import Held, Proposal, Responsible, Role
from services.accountability.rules.named import latest
from services.accountability.rules.timeline import share_of

RULE = "R25"


def held_at(holdings: tuple[Held, ...], at: datetime) -> Held | None:
    """The hand-over in force at an instant; of several the latest."""
    found = [h for h in holdings if h.since <= at and (h.until is None or at < h.until)]
    return max(found, key=lambda h: (h.since, h.person or "", h.unit or "")) if found else None


def attribute(
    authority: str,
    unit: str | None,
    held: Held | None,
    late_from: datetime,
    due: str,
    zone: str,
    directory: Directory,
    circumstances: Circumstances = NOTHING,
) -> Proposal:
    """The proposal: one Responsible for each role, a vacancy where nobody held it. `due` is as written and only told.

    Direct is whoever answers for the act that kept the matter open, if there is one; else the person in whose hands the
    matter was, else who held the unit's post with that role. Leading is the reviewer where the handler is at fault and
    somebody reviewed; else, as principal is, the unit's holder of the role, else the authority's.
    """
    where = ZoneInfo(zone)
    asked = authority, unit, late_from, due, zone
    leaders = directory.leaders.get(asked)
    if leaders is None:
        at = late_from - TICK
        leaders = directory.leaders[asked] = (
            _leader(authority, unit, "leading", at, due, where, directory),
            _leader(authority, unit, "principal", at, due, where, directory),
        )
    direct = _direct(held, asked, where, directory)
    if circumstances is NOTHING:
        return (direct, *leaders)
    if circumstances.hands:
        direct = _with_share(direct, held, circumstances)
    found = answerable(circumstances.acts, late_from) if circumstances.acts else None
    if found is None:
        review = reviewer_of(circumstances.acts, late_from) if circumstances.acts else None
        return (direct, *leaders) if review is None else (direct, _reviewer(review, due, where), leaders[1])
    first, *others = (_answering(found, person, due, where) for person in found.persons)
    spared = dissents(circumstances.acts, late_from)
    return (first, *(_spared(each, spared, due, where) for each in leaders), *others)


def _with_share(direct: Responsible, held: Held | None, circumstances: Circumstances) -> Responsible:
    """Beside the name how much of the time was theirs (I12 names who held it last, however short)."""
    share = None if held is None else share_of(circumstances.hands, held.unit, held.person)
    if share is None or share.percent is None:
        return direct
    told = f"{direct.because}; of the time that counted {share.percent} % passed in these hands"
    return direct._replace(because=told)


def _reviewer(review: Act, due: str, zone: ZoneInfo) -> Responsible:
    """The handler's own fault: who reviewed the matter leads."""
    because = f"reviewed the matter at {_told(review.at, zone)}, before its due {due}: the handler's own fault"
    return Responsible("leading", review.person, REVIEW, because, (review.event,), review.known_since)


def _answering(found: Answerable, person: str, due: str, zone: ZoneInfo) -> Responsible:
    acts = (found.act,) if found.against is None else (found.against, found.act)
    return Responsible(
        "direct", person, found.rule, f"{_did(found, zone)}, and that kept it open at its due {due}",
        tuple(act.event for act in acts), max(act.known_since for act in acts),
    )  # fmt: skip


def _did(found: Answerable, zone: ZoneInfo) -> str:
    at, act = _told(found.act.at, zone), found.act
    if found.rule == ORDER:
        return f"ordered at {at} to hold the matter"
    if found.rule == COLLECTIVE:
        against = f" against {', '.join(sorted(act.dissented))}" if act.dissented else ""
        return f"voted at {at} to hold the matter, in a collective decision{against}"
    if found.against is not None:
        of = f"the {found.against.role}'s opinion of {_told(found.against.at, zone)} to {found.against.stance} it"
        return f"held the matter at {at} over {of}"
    office = "approver" if found.rule == APPROVER else "reviewer"
    return f"as {office} held the matter at {at} without asking the {act.bypasses}"


def _spared(leader: Responsible, spared: dict[str, Act], due: str, zone: ZoneInfo) -> Responsible:
    """Who was against a collective decision does not answer for it, in whatever role (R25)."""
    act = None if leader.person is None else spared.get(leader.person)
    if act is None:
        return leader
    because = (
        f"not liable: {leader.person}, who {leader.because}, voted at {_told(act.at, zone)} against the decision"
        f" that kept it open at its due {due}"
    )
    return Responsible(leader.role, None, DISSENT, because, (act.event,), act.known_since)


def _direct(held: Held | None, asked: Asked, zone: ZoneInfo, directory: Directory) -> Responsible:
    if held is not None and held.person is not None:
        return Responsible(
            "direct", held.person, RULE,
            f"had the matter in hand since {_told(held.since, zone)}, and still at its due {asked[3]}",
        )  # fmt: skip
    found = directory.handlers.get(asked)
    if found is None:
        found = directory.handlers[asked] = _handler(asked, zone, directory)
    return found


def _handler(asked: Asked, zone: ZoneInfo, directory: Directory) -> Responsible:
    """Who handles what is in the unit's hands and in nobody's by name."""
    authority, unit, late_from, due, _ = asked
    at = late_from - TICK
    holding = None if unit is None else directory.holder(authority, unit, "direct", at)
    if holding is not None:
        return Responsible("direct", holding.person, RULE, _post(holding, due, zone), (), holding.known_since)
    if unit is None:
        return _vacant("direct", "the matter was in no named hands and no unit is known", due, None)
    why = f"the matter was in no named hands and nobody held the post of the direct handler in the unit {unit}"
    return _vacant("direct", why, due, directory.vacant_known(authority, unit, "direct", at))


def _leader(
    authority: str, unit: str | None, role: Role, at: datetime, due: str, zone: ZoneInfo, directory: Directory
) -> Responsible:
    own = None if unit is None else directory.holder(authority, unit, role, at)
    if own is not None:
        return Responsible(role, own.person, RULE, _post(own, due, zone), (), own.known_since)
    known = None if unit is None else directory.vacant_known(authority, unit, role, at)
    holding = directory.holder(authority, None, role, at)
    if holding is not None:
        known = latest(known, holding.known_since)
        return Responsible(role, holding.person, RULE, _post(holding, due, zone), (), known)
    known = latest(known, directory.vacant_known(authority, None, role, at))
    scope = "" if unit is None else f" in the unit {unit} or"
    return _vacant(role, f"nobody held a post with the role {role}{scope} for the whole authority", due, known)


def _vacant(role: Role, why: str, due: str, known: datetime | None) -> Responsible:
    return Responsible(role, None, RULE, f"vacant: {why} at the due {due}", (), known)


def _post(holding: PostHolding, due: str, zone: ZoneInfo) -> str:
    scope = "for the whole authority" if holding.unit is None else f"in the unit {holding.unit}"
    since = _told(holding.since, zone)
    post = f"the post {holding.post.post} ({holding.role}) {scope}"
    below = f"; vacant below it: {', '.join(holding.passed)}" if holding.passed else ""
    if holding.stands_in_for is not None and holding.leave is not None:
        away = _told(holding.leave.since, zone)
        return f"stood in for {holding.stands_in_for}, on leave since {away}, who held {post}, at the due {due}{below}"
    acting = "acting, " if holding.acting else ""
    return f"{acting}held {post} since {since}, and still at the due {due}{below}"


@lru_cache(maxsize=4096)
def _told(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat()
