"""Who is responsible, worked out from the topics by the simplest means: a list, a loop, an hour by hour count.

No import from services or shared. What it is compared with is what `case-events` say last.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
SESSIONS = ((time(9), time(12)), (time(13, 30), time(17)))
HANDS = ("matter.registered", "matter.assigned", "matter.transferred")
OFFICES = ("handler", "reviewer", "approver")

Fact = dict[str, Any]
"""`type`, and what the event says; `at` is its instant."""


def when(fact: Fact) -> datetime:
    return datetime.fromisoformat(fact["occurred_at"]).astimezone(ZONE)


class Office:
    """Who held which post, and who was away, of all facts that there are."""

    def __init__(self, facts: list[Fact]) -> None:
        self.posts: dict[str, list[Fact]] = {}
        self.away: dict[str, list[Fact]] = {}
        self.places: dict[str, list[Fact]] = {}
        kinds = {"leave.taken": self.away, "leave.ended": self.away, "unit.placed": self.places}
        for fact in sorted(facts, key=when):
            kinds.get(fact["type"], self.posts).setdefault(fact["name"], []).append(fact)
        self.roles: dict[tuple[str, str | None], set[str]] = {}
        for name, known in self.posts.items():
            for fact in known:
                if fact["type"] == "holder.assigned":
                    self.roles.setdefault((fact["role"], fact.get("unit")), set()).add(name)

    def who(self, role: str, unit: str | None, at: datetime) -> str | None:
        for name in sorted(self.roles.get((role, unit), ())):
            appointed = acting = None
            for fact in self.posts[name]:
                if when(fact) > at:
                    break
                if fact["type"] == "holder.ended":
                    appointed = None if appointed and appointed["person"] == fact["person"] else appointed
                    acting = None if acting and acting["person"] == fact["person"] else acting
                elif fact.get("acting"):
                    acting = fact
                else:
                    appointed, acting = fact, None
            for holding in (acting, appointed):
                if holding is not None and goes_on(holding, at):
                    return self.present(holding["person"], name, at)
        return None

    def leader(self, role: str, unit: str | None, at: datetime) -> str | None:
        """Of the unit, else of the units above it, else of all."""
        while unit is not None:
            found = self.who(role, unit, at)
            if found is not None:
                return found
            above = [fact for fact in self.places.get(unit, ()) if when(fact) <= at]
            unit = above[-1]["parent"] if above else None
        return self.who(role, None, at)

    def present(self, person: str, post: str, at: datetime) -> str:
        """The deputy, where the person is on leave from that post or from all, and has one."""
        leave: Fact | None = None
        for fact in self.away.get(person, ()):
            if when(fact) <= at:
                leave = fact if fact["type"] == "leave.taken" else None
        if leave is None or not goes_on(leave, at) or leave.get("post", post) != post:
            return person
        deputy: str = leave.get("deputy", person)
        return deputy


def goes_on(fact: Fact, at: datetime) -> bool:
    return "until" not in fact or at < datetime.fromisoformat(fact["until"])


def late_from(facts: list[Fact]) -> datetime:
    """The end of the tenth working day after the day of receipt; days of a hearing do not count."""
    return datetime.combine(counted_days(facts)[-1] + timedelta(days=1), time(), ZONE)


def counted_days(facts: list[Fact]) -> list[date]:
    received = next(when(f) for f in facts if f["type"] == "matter.registered").date()
    stops = [when(f) for f in facts if f["type"] == "matter.suspended"]
    goes_on = [when(f) for f in facts if f["type"] == "matter.resumed"]
    found: list[date] = []
    day = received
    while len(found) < 10:
        day += timedelta(days=1)
        paused = stops and stops[0].date() < day <= goes_on[0].date()
        if day.weekday() < 5 and not paused:
            found.append(day)
    return found


def hands(facts: list[Fact], end: datetime) -> list[tuple[datetime, str | None, str | None]]:
    """(since, unit, person) of each hand-over before the end."""
    found: list[tuple[datetime, str | None, str | None]] = []
    for fact in sorted(facts, key=when):
        if fact["type"] in HANDS and when(fact) < end:
            unit = fact.get("unit") or (found[-1][1] if found else None)
            found.append((when(fact), unit, fact.get("person")))
    return found


def share_out(facts: list[Fact], end: datetime) -> dict[tuple[str | None, str | None], tuple[int, int | None]] | None:
    """Minutes and percent of each pair of hands, by going through every session of every day that counts."""
    held = hands(facts, end)
    if len(held) < 2:
        return None
    days = counted_days(facts)
    minutes: dict[tuple[str | None, str | None], int] = {}
    for number, (since, unit, person) in enumerate(held):
        until = held[number + 1][0] if number + 1 < len(held) else end
        spent = timedelta()
        for day in days:
            for opens, closes in SESSIONS:
                first = max(since, datetime.combine(day, opens, ZONE))
                last = min(until, datetime.combine(day, closes, ZONE))
                spent += max(last - first, timedelta())
        minutes[unit, person] = minutes.get((unit, person), 0) + spent // timedelta(minutes=1)
    total = sum(minutes.values())
    if not total:
        return dict.fromkeys(minutes, (0, None))
    percent = {of: each * 100 // total for of, each in minutes.items()}
    while sum(percent.values()) < 100:
        behind = max(minutes, key=lambda of: minutes[of] * 100 / total - percent[of])
        percent[behind] += 1
    return {of: (minutes[of], percent[of]) for of in minutes}


def answers(facts: list[Fact], end: datetime) -> tuple[list[str], set[str]] | None:
    """Who answers for what was decided, and who is spared; None: the handler's own fault."""
    acts = [f for f in sorted(facts, key=when) if f["type"] in ("opinion.given", "order.given", "decision.taken")]
    acts = [f for f in acts if when(f) < end]
    for number in sorted(range(len(acts)), key=lambda n: (-height(acts[n]), -n)):
        hold = acts[number]
        if hold["stance"] != "hold" or any(height(later) >= height(hold) for later in acts[number + 1 :]):
            continue  # somebody of that height or above has spoken since
        if hold["type"] == "order.given":
            return [hold["person"]], set()
        if hold["type"] == "decision.taken":
            return sorted(set(hold["members"]) - set(hold["dissented"])), set(hold["dissented"])
        if hold["role"] == "handler":
            continue
        set_aside = [
            f for f in acts[:number] if f["type"] == "opinion.given" and f["submission"] == hold.get("overrides")
        ]
        wronged = any(f["stance"] != "hold" and height(f) < height(hold) for f in set_aside)
        if wronged or (hold["role"] == "approver" and "bypasses" in hold):
            return [hold["person"]], set()
    return None


def height(act: Fact) -> int:
    if act["type"] == "order.given":
        return 4
    return 3 if act["type"] == "decision.taken" else OFFICES.index(act["role"])


def responsible(facts: list[Fact], office: Office) -> list[tuple[str, str | None]] | None:
    """(role, person) of everybody; None where the matter was done in time."""
    end = late_from(facts)
    if any(f["type"] == "matter.decided" and when(f) < end for f in facts):
        return None
    last = end - timedelta(microseconds=1)
    held = hands(facts, end)[-1]
    unit = held[1]
    leaders = {role: office.leader(role, unit, last) for role in ("leading", "principal")}
    decided = answers(facts, end)
    if decided is not None:
        persons, spared = decided
        told = [(role, None if person in spared else person) for role, person in leaders.items()]
        return [("direct", persons[0]), *told, *(("direct", person) for person in persons[1:])]
    reviews = [f for f in facts if f["type"] == "opinion.given" and f["role"] == "reviewer" and when(f) < end]
    if reviews:
        leaders["leading"] = max(reviews, key=when)["person"]
    direct = held[2] or office.who("direct", unit, last)
    return [("direct", direct), *leaders.items()]
