"""How a limit runs through pauses and extensions, walked (the design of the calculus; R6, R9, R13).

A change is a dict with `kind` (pause, resume, extend), `at`, `on`, `id` and what its kind says: `ground`, `name`,
`expected` (n, unit), `until`; `by` (n, unit), `clock`, `approver`, `reason`. A stop is a dict of `at` and `on`. The
answer is a dict: `due` and `late_from` (None while a pause is open), `void` (the instant a pause lapsed), `findings`.
"""

from collections import Counter
from datetime import UTC, date, datetime

from tests.oracle.count import DAYS, begin, chosen, ends, first_day, nominal
from tests.oracle.days import (
    DAY,
    LEAST,
    Case,
    after_working_days,
    after_working_time,
    day_over,
    midnight,
    on_or_after,
    wall,
    working_time,
    works,
)
from tests.oracle.points import days_of, later, moved_day, over, passed, point

RANK = {"pause": 2, "resume": 3, "extend": 4}


def course(limit: Case, start: Case, changes: list[Case], stop: Case | None, calendar: Case, now: datetime) -> Case:
    """The course of a limit as it is known at `now`."""
    known = sorted((c for c in changes if c["at"] <= now), key=lambda c: (c["at"], RANK[c["kind"]], c["id"]))
    stop = stop if stop is not None and stop["at"] <= now else None
    pairs, stray = paired(known)
    findings = stray if limit["pauses"] else []
    pauses = []
    times: Counter[str] = Counter()
    for pause, resume in pairs:
        if stop is not None and stop["at"] <= pause["at"]:
            continue
        found, said = stretch(limit, pause, resume, stop, calendar, now, times)
        findings += said
        pauses += [found] if found else []
    asked = [c for c in known if c["kind"] == "extend" and c["clock"] in (None, "decide")]
    if limit["choose"] is None:
        return one_course(limit, start, pauses, asked, calendar) | {"other": findings}
    other = limit | {"choose": None, "second": None} | limit["second"]
    first = one_course(limit | {"choose": None}, start, pauses, asked, calendar)
    last = one_course(other, start, pauses, asked, calendar)
    if first["late_from"] is None or last["late_from"] is None:
        return (first if first["late_from"] is None else last) | {"other": findings}
    takes = chosen(limit, (first["due"], first["late_from"]), (last["due"], last["late_from"]))
    won = first if takes == (first["due"], first["late_from"]) else last
    return won | {"other": findings}


def paired(known: list[Case]) -> tuple[list[tuple[Case, Case | None]], list[str]]:
    """Each pause and what ended it: the one it names; else the earliest open one of its ground, else of any."""
    pauses = [c for c in known if c["kind"] == "pause"]
    ended: dict[str, Case] = {}
    findings = []
    for resume in (c for c in known if c["kind"] == "resume"):
        still = [p for p in pauses if p["id"] not in ended and known.index(p) < known.index(resume)]
        if resume["name"] is not None:
            still = [p for p in still if p["name"] == resume["name"]]
        elif resume["ground"] is not None:
            still = [p for p in still if p["ground"] == resume["ground"]]
        if still:
            ended[still[0]["id"]] = resume
        else:
            findings.append("resume-without-pause")
    return [(p, ended.get(p["id"])) for p in pauses], findings


def stretch(
    limit: Case, pause: Case, resume: Case | None, stop: Case | None, calendar: Case, now: datetime, times: Counter[str]
) -> tuple[Case | None, list[str]]:
    """From when to when the limit stands still: `since`, `until` and their days; no `until` where it is open."""
    grounds = {terms["ground"]: terms for terms in limit["pauses"]}
    terms = grounds.get(pause["ground"], grounds.get("*"))
    if terms is None:
        return None, ["pause-ground-unknown"] if limit["pauses"] else []
    times[pause["ground"]] += 1
    if terms["times"] is not None and times[pause["ground"]] > terms["times"]:
        return None, ["pause-too-often"]
    zone = limit["zone"]
    since = {"at": pause["at"], "on": pause["on"]}
    found: Case = {"since": since, "until": None, "void": None, "assumed": False}
    ended = [{"at": c["at"], "on": c["on"]} for c in (resume, stop) if c is not None]
    if ended:
        found["until"] = min(ended, key=lambda c: c["at"])
    assumed = None
    if pause["until"] is not None:
        assumed = point(pause["until"], zone)
    elif pause["expected"] is not None:
        assumed = later(since, pause["expected"], calendar, zone)
    if resume is None and assumed is not None and (found["until"] is None or assumed["at"] < found["until"]["at"]):
        found |= {"until": assumed, "assumed": True}
    findings: list[str] = []
    if terms["longest"] is not None:
        most = later(since, terms["longest"], calendar, zone)
        end = passed(found["until"], zone) if found["assumed"] else found["until"]
        if end is None or over(most, zone) < end["at"]:
            if terms["then"] == "resume":
                found |= {"until": most, "assumed": True}
            elif over(most, zone) <= now:
                findings += ["pause-over-longest"] if terms["then"] == "alarm" else []
                found["void"] = over(most, zone) if terms["then"] == "close" else None
    if found["assumed"]:
        found["until"] = passed(found["until"], zone)
    if found["until"] is not None and found["until"]["at"] < since["at"]:
        found["until"] = since
    return found, findings


def one_course(limit: Case, start: Case, pauses: list[Case], asked: list[Case], calendar: Case) -> Case:
    """One limit, moved by each pause and extension in the order in which they began. `last` is where it ends, `bare`
    where it would without extensions; `days` and `covered` are what pauses have taken out already.
    """
    zone = limit["zone"]
    last = nominal(limit, start, calendar)
    last = last.astimezone(UTC) if isinstance(last, datetime) else last
    bare = last
    floor: date | None = None
    covered = begin(limit, start, calendar) if isinstance(last, datetime) else None
    days: set[date] = set()
    findings: list[str] = []
    granted: list[Case] = []
    void = None
    spans: list[tuple[datetime, datetime]] = []
    out: set[date] = set()
    for what in sorted([*pauses, *asked], key=lambda c: c["since"]["at"] if "since" in c else c["at"]):
        when, late_from = ends_at(limit, last, floor, calendar)
        if "since" not in what:
            base = when if limit["extension"] and limit["extension"]["base"] == "rolled" and when else last
            code = refusal(limit, what, late_from, granted, base, bare, last, calendar)
            findings += [code] if code else []
            if code is None:
                granted.append(what)
                last = longer(limit, what, base, calendar)
                if isinstance(last, datetime) and covered is not None:
                    last = max(last, covered)
            continue
        if what["since"]["at"] >= late_from:
            continue
        void = min(filter(None, (void, what["void"])), default=None)
        if what["until"] is None:
            return {"due": None, "late_from": None, "findings": findings, "void": void}
        since, until = clipped(what["since"], limit, start, calendar), what["until"]
        spans.append((what["since"]["at"], until["at"]))
        out |= days_of(what["since"], until, zone)
        if isinstance(last, datetime) and isinstance(bare, datetime):
            begun, ended = since["at"], until["at"]
            begun = max(begun, covered or begun)
            if begun < ended:
                last, bare = (outlived(limit, end, begun, ended, calendar) for end in (last, bare))
                covered = ended
        elif not isinstance(last, datetime) and not isinstance(bare, datetime):
            within = days_of(since, until, zone) - days
            days |= within
            last, bare = (later_by(limit, end, within, calendar) for end in (last, bare))
            floor = max(filter(None, (floor, *within)), default=None)
            while what["since"]["at"] < (hour := ends_at(limit, last, floor, calendar))[1] < until["at"]:
                floor = (hour[0] or last) + DAY  # its last day would end, by the hour, within the pause
    when, late_from = ends_at(limit, last, floor, calendar)
    return {"due": when, "late_from": late_from, "findings": findings, "void": void, "days": out, "spans": spans}


def later_by(limit: Case, end: date, within: set[date], calendar: Case) -> date:
    """An end in days, moved by the days of a pause that would have counted."""
    if limit["amount"] is not None and limit["amount"][1] == "wd":
        return after_working_days(calendar, end, sum(works(calendar, day) for day in within))
    return end + len(within) * DAY


def clipped(since: Case, limit: Case, start: Case, calendar: Case) -> Case:
    """A pause's begin, but no earlier than the count's: what is not counted yet does not stand still. Where the first
    day is day 1, a pause that has begun before takes that day, too.
    """
    zone = limit["zone"]
    if isinstance(limit["at"], datetime) or (limit["amount"] is not None and limit["amount"][1] not in DAYS):
        first = {"at": begin(limit, start, calendar), "on": None}
        return since if since["at"] > first["at"] else first
    day = first_day(limit, start, calendar)
    begun = since["on"] or wall(since["at"], zone).date()
    if begun >= day:
        return since
    before = day - DAY if limit["start_rule"] == "inclusive" and limit["amount"] is not None else day
    return since if begun > before else {"at": midnight(before, zone), "on": before}


def ends_at(limit: Case, last: date | datetime, floor: date | None, calendar: Case) -> tuple[date | None, datetime]:
    """Roll and end of day; a due that would lie within a pause moves to the first day on or after its end."""
    when, late_from = ends(limit, last, calendar)
    if when is not None and floor is not None and when < floor:
        working = limit["amount"] and limit["amount"][1] == "wd"
        when = floor if limit["roll"] == "none" and not working else on_or_after(calendar, floor)
        late_from = day_over(when, limit["day_ends"], limit["zone"])
    return when, late_from


def outlived(limit: Case, end: datetime, since: datetime, until: datetime, calendar: Case) -> datetime:
    """An end in time, moved by the (working) time of a pause; it never lies within the pause."""
    zone = limit["zone"]
    if limit["amount"] is not None and limit["amount"][1] in ("wh", "min"):
        end = after_working_time(calendar, end, working_time(calendar, since, until, zone), zone)
    else:
        end += until - since
    return max(end, until)


def longer(limit: Case, asked: Case, base: date | datetime, calendar: Case) -> date | datetime:
    """The end with an extension: so much later in the extension's own unit, or as it states."""
    zone = limit["zone"]
    if asked["until"] is not None:
        until: date | datetime = asked["until"]
        if isinstance(base, datetime):
            return until if isinstance(until, datetime) else day_over(until, limit["day_ends"], zone) - LEAST
        return wall(until, zone).date() if isinstance(until, datetime) else until
    if isinstance(base, datetime):
        moved: datetime = later({"at": base, "on": None}, asked["by"], calendar, zone)["at"]
        return moved
    return moved_day(base, asked["by"], calendar)


def after_all(end: date | datetime, zone: str) -> datetime:
    """An end as an instant, to compare."""
    return end if isinstance(end, datetime) else midnight(end, zone)


def refusal(
    limit: Case, asked: Case, late_from: datetime, granted: list[Case], base: date | datetime, bare: date | datetime,
    last: date | datetime, calendar: Case,
) -> str | None:  # fmt: skip
    """Why an extension is not taken, empty where it is not about this limit; None where it is taken."""
    rule, zone = limit["extension"], limit["zone"]
    if rule is None:
        return "extension-not-provided" if asked["clock"] else ""
    if rule["after_expiry"] == "refused" and asked["at"] >= late_from:
        return "extension-after-expiry"
    if len(granted) >= rule["times"]:
        return "extension-too-often"
    if rule["approver"] and asked["approver"] is None:
        return "extension-without-approver"
    if rule["reason"] and not asked["reason"]:
        return "extension-without-reason"
    if asked["by"] is not None and not isinstance(base, datetime) and asked["by"][1] not in DAYS:
        return "extension-unit"
    if after_all(longer(limit, asked, base, calendar), zone) <= after_all(last, zone):
        return "extension-shortens"
    if rule["most"] is None or (not isinstance(bare, datetime) and rule["most"][1] not in DAYS):
        return None
    if all(each["by"] for each in [*granted, asked]) and asked["by"][1] == rule["most"][1]:
        over_cap = sum(each["by"][0] for each in [*granted, asked]) > rule["most"][0]
    else:
        most = {"by": rule["most"], "until": None}
        furthest, to = longer(limit, most, bare, calendar), longer(limit, asked, base, calendar)
        over_cap = after_all(to, zone) > after_all(furthest, zone)
    return "extension-over-cap" if over_cap else None
