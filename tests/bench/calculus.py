"""calculus: what the rules cost by themselves, in this process, without a database: a warm addition of working days,
the count of a limit, the fold of a matter. In place of the floor stands the naive loop, which walks day by day.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.deadline.calendars import load
from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Start, count
from services.deadline.rules.facts import Extended, Fact, Resumed, Suspended
from services.deadline.rules.fold import fold
from services.deadline.rules.limits import Amount, ExtensionTerms, Limit, PauseTerms, Roll, StartRule
from tests.bench.figures import Figure
from tests.bench.ground import Ground, WrongCount
from tests.bench.report import Options, Report

N = 20_000
ROUNDS = 5
"""The quickest of so many counts: what else the machine does only ever adds."""
DAY, DAYS = date(2026, 3, 2), 20
BEGUN = datetime(2026, 3, 2, 1, tzinfo=UTC)
NOW = BEGUN + timedelta(days=40)
HOUR = timedelta(hours=1)


async def calculus(ground: Ground, options: Options) -> Report:
    """CPU microseconds each."""
    n = options.n or N
    return Report(figures=figures(n))


def figures(n: int) -> list[Figure]:
    """Warm: everything was asked once before it is timed."""
    calendar = load("CN")
    twenty = _limit("decision", f"{DAYS}wd")
    start = Start(BEGUN, fact="matter.registered")
    matter, plain = facts(), facts(moved=False)
    if calendar.add_working_days(DAY, DAYS) != walked(calendar, DAY, DAYS):
        raise WrongCount("the naive loop ends on another day")

    def folded(of: list[Fact]) -> Callable[[], object]:
        return lambda: fold(of, lambda code: calendar, NOW, NOW)

    def naively(of: list[Fact]) -> Callable[[], object]:
        return lambda: [_walked_limit(calendar, limit) for limit in of[0].limits]

    walk = cpu_us(lambda: walked(calendar, DAY, DAYS), n // 10)
    return [
        _figure("calculus-add", n, cpu_us(lambda: calendar.add_working_days(DAY, DAYS), n), walk, "20 working days"),
        _figure("calculus-count", n, cpu_us(lambda: count(twenty, start, calendar), n), walk, "a limit of 20 wd"),
        _figure(
            "calculus-fold", n // 20, cpu_us(folded(plain), n // 20), cpu_us(naively(plain), n // 20),
            "20 facts, 5 clocks, nothing paused; the naive loop walks the five limits and does nothing else",
        ),
        _figure(
            "calculus-fold-moved", n // 20, cpu_us(folded(matter), n // 20), cpu_us(naively(matter), n // 20),
            "the same with two pauses and an extension",
        ),
    ]  # fmt: skip


def _figure(name: str, n: int, value: float, floor: float, note: str) -> Figure:
    return Figure(name, n, value, "CPU µs", "lower", floor, f"{note}; floor: day by day")


def cpu_us(work: Callable[[], object], n: int) -> float:
    """CPU microseconds of this process for each call."""
    n = max(n, 1)
    work()
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(n):
            work()
        best = min(best, time.process_time() - begun)
    return best / n * 1e6


def walked(calendar: Calendar, day: date, n: int) -> date:
    """The nth working day after `day`, by asking each day what it is."""
    while n:
        day += timedelta(days=1)
        if day not in calendar.rest_days and (day in calendar.work_days or day.weekday() not in calendar.weekend):
            n -= 1
    return day


def _walked_limit(calendar: Calendar, limit: Limit) -> date:
    """As above, natural days and months one by one, too."""
    amount = limit.amount
    if amount is None or amount.unit == "wd":
        return walked(calendar, DAY, amount.count if amount else 0)
    day = DAY
    for _ in range(amount.count * (30 if amount.unit == "m" else 1)):
        day += timedelta(days=1)
    return day


def facts(*, moved: bool = True) -> list[Fact]:
    """Twenty facts of a matter with five limits: received, accepted, handed on, and, where `moved`, suspended, resumed
    and extended."""
    limits = (
        _limit("decision", "20wd", warnings=("5wd", "1wd"), pauses=(PauseTerms("*"),), extension=ExtensionTerms()),
        _limit("statute", "60d", warnings=("10d",)),
        _limit("quality", "2m", pauses=(PauseTerms("*"),)),
        _limit("examination", "10wd", starts_on=("matter.accepted",)),
        _limit("acceptance", "5wd", stops_on=("matter.accepted",)),
    )
    said: list[tuple[str, dict[str, Any]]] = [
        ("matter.registered", {"unit": "u", "limits": limits}),
        ("matter.accepted", {"unit": "u"}),
    ]
    if moved:
        said += [
            ("matter.suspended", {"detail": Suspended("hearing")}),
            ("matter.resumed", {"detail": Resumed("hearing")}),
            ("matter.extended", {"detail": Extended(Amount.parse("5wd"))}),
            ("matter.suspended", {"detail": Suspended("testing")}),
            ("matter.resumed", {"detail": Resumed("testing")}),
        ]
    said += [
        ("matter.transferred", {"unit": f"u{n % 3}", "person": f"p{n}"}) for n in range(len(said), 20)
    ]  # fmt: skip
    return [_fact(number, *each) for number, each in enumerate(said)]


def _fact(number: int, type_: str, says: dict[str, Any]) -> Fact:
    return Fact(type_, BEGUN + 20 * number * HOUR, None, ("/bench", f"{number}"), BEGUN, f"e{number}", **says)


def _limit(clock: str, amount: str, **changes: Any) -> Limit:
    plain = Limit(
        clock=clock, amount=Amount.parse(amount), at=None, start_rule=StartRule.DAY0, roll=Roll.NEXT,
        zone="Asia/Shanghai", day_ends=None, calendar="CN", starts_on=("matter.registered",),
        stops_on=("matter.decided", "matter.closed"), warnings=(), source="not verified",
    )  # fmt: skip
    return replace(plain, **changes)
