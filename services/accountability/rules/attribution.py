"""Attribution (R25, I12): who is responsible for a miss, as roles were held at the due instant and not now.

The due instant is the last that would have been in time: `late_from` − 1 µs. What is said of a person names posts and
the dates from which they were held, never an end: who leaves later is responsible all the same.
"""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.accountability.rules.directory import Directory, PostHolding
from services.accountability.rules.ladder import TICK
from services.accountability.rules.model import Held, Proposal, Responsible, Role

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
) -> Proposal:
    """The proposal: one Responsible for each role, a vacancy where nobody held it. `due` is as written and only told.

    Direct is the person in whose hands the matter was, else who held the unit's post with that role; leading and
    principal are the unit's holders of the role, else the authority's.
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
    return (_direct(authority, unit, held, late_from, due, where, directory), *leaders)


def _direct(
    authority: str,
    unit: str | None,
    held: Held | None,
    late_from: datetime,
    due: str,
    zone: ZoneInfo,
    directory: Directory,
) -> Responsible:
    if held is not None and held.person is not None:
        return Responsible(
            "direct", held.person, RULE,
            f"had the matter in hand since {_told(held.since, zone)}, and still at its due {due}",
        )  # fmt: skip
    holding = None if unit is None else directory.holder(authority, unit, "direct", late_from - TICK)
    if holding is not None:
        return Responsible("direct", holding.person, RULE, _post(holding, due, zone))
    scope = "no unit is known" if unit is None else f"nobody held the post of the direct handler in the unit {unit}"
    return _vacant("direct", f"the matter was in no named hands and {scope}", due)


def _leader(
    authority: str, unit: str | None, role: Role, at: datetime, due: str, zone: ZoneInfo, directory: Directory
) -> Responsible:
    own = None if unit is None else directory.holder(authority, unit, role, at)
    holding = own or directory.holder(authority, None, role, at)
    if holding is not None:
        return Responsible(role, holding.person, RULE, _post(holding, due, zone))
    scope = "" if unit is None else f" in the unit {unit} or"
    return _vacant(role, f"nobody held a post with the role {role}{scope} for the whole authority", due)


def _vacant(role: Role, why: str, due: str) -> Responsible:
    return Responsible(role, None, RULE, f"vacant: {why} at the due {due}")


def _post(holding: PostHolding, due: str, zone: ZoneInfo) -> str:
    scope = "for the whole authority" if holding.unit is None else f"in the unit {holding.unit}"
    since = _told(holding.since, zone)
    return f"held the post {holding.post.post} ({holding.role}) {scope} since {since}, and still at the due {due}"


@lru_cache(maxsize=4096)
def _told(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat()
