"""calculus: what the rules cost by themselves, in this process, without a database: a warm addition of working days,
the count of a limit, the fold of a matter. In place of the floor stands the naive loop, which walks day by day.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from typing import Any

from services.deadline.calendars import load
from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Start, count
from services.deadline.rules.facts import Extended, Fact, Resumed, Suspended
from services.deadline.rules.fold import fold
from services.deadline.rules.limits import Amount, ExtensionTerms, Limit, PauseTerms, Roll, StartRule
from services.deadline.rules.plain import by_day
from services.deadline.rules.span import local_date
from tests.bench.figures import Figure
from tests.bench.ground import Ground, WrongCount
from tests.bench.report import Options, Report

N = 20_000
ROUNDS = 5
"""The quickest of so many counts: what else the machine does only ever adds."""
DAY, DAYS = date(2026, 3, 2), 20
BEGUN = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
STARTS = [BEGUN - timedelta(days=n % 250, minutes=7 * n) for n in range(1000)]
"""A thousand matters of five kinds of limit, begun on the days of most of a year."""
LATER = timedelta(days=40)
"""After its begin each matter is folded."""
OF = "20 facts, 5 clocks"
NAIVE = "the naive loop walks the five limits and does nothing else"


async def calculus(ground: Ground, options: Options) -> Report:
    """CPU microseconds each."""
    n = options.n or N
    return Report(figures=figures(n))


def figures(n: int) -> list[Figure]:
    """Warm: everything was asked once before it is timed, and the fold keeps what a limit comes to from a day, as in a
    service: `calculus-fold-first` is without."""
    calendar = load("CN")
    twenty = _limit("decision", f"{DAYS}wd")
    start = Start(BEGUN, fact="matter.registered")
    limits = limits_of()
    plain, moved = ([facts(limits, begun, moved=each) for begun in STARTS] for each in (False, True))
    if calendar.add_working_days(DAY, DAYS) != walked(calendar, DAY, DAYS):
        raise WrongCount("the naive loop ends on another day")

    def folded(matters: list[list[Fact]], *, first: bool = False) -> Callable[[], object]:
        """The next of the matters; as if nothing had been counted before where it is the `first` of its days."""
        for matter in matters:
            _folded(calendar, matter)
        turn = cycle(matters)

        def next_one() -> None:
            if first:
                by_day.cache_clear()
                local_date.cache_clear()
            _folded(calendar, next(turn))

        return next_one

    def naively() -> object:
        return [_walked_limit(calendar, limit) for limit in limits]

    walk, naive = cpu_us(lambda: walked(calendar, DAY, DAYS), n // 10), cpu_us(naively, n // 20)
    return [
        _figure("calculus-add", n, cpu_us(lambda: calendar.add_working_days(DAY, DAYS), n), walk, "20 working days"),
        _figure("calculus-count", n, cpu_us(lambda: count(twenty, start, calendar), n), walk, "a limit of 20 wd"),
        _figure("calculus-fold", n // 20, cpu_us(folded(plain), n // 20), naive, f"{OF}, nothing paused; {NAIVE}"),
        _figure("calculus-fold-first", n // 20, cpu_us(folded(plain, first=True), n // 20), naive, "no such day yet"),
        _figure("calculus-fold-moved", n // 20, cpu_us(folded(moved), n // 20), naive, "two pauses and an extension"),
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


def _folded(calendar: Calendar, matter: list[Fact]) -> object:
    now = matter[0].occurred + LATER
    return fold(matter, lambda code: calendar, now, now)


def limits_of() -> tuple[Limit, ...]:
    """Those of an item: thousands of matters have the same ones."""
    return (
        _limit("decision", "20wd", warnings=("5wd", "1wd"), pauses=(PauseTerms("*"),), extension=ExtensionTerms()),
        _limit("statute", "60d", warnings=("10d",)),
        _limit("quality", "2m", pauses=(PauseTerms("*"),)),
        _limit("examination", "10wd", starts_on=("matter.accepted",)),
        _limit("acceptance", "5wd", stops_on=("matter.accepted",)),
    )


def facts(limits: tuple[Limit, ...], begun: datetime = BEGUN, *, moved: bool = True) -> list[Fact]:
    """Twenty facts of a matter with these limits: received, accepted, handed on, and, where `moved`, suspended, resumed
    and extended."""
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
    return [_fact(begun, number, *each) for number, each in enumerate(said)]


def _fact(begun: datetime, number: int, type_: str, says: dict[str, Any]) -> Fact:
    return Fact(type_, begun + 20 * number * HOUR, None, ("/bench", f"{number}"), begun, f"e{number}", **says)


def _limit(clock: str, amount: str, **changes: Any) -> Limit:
    plain = Limit(
        clock=clock, amount=Amount.parse(amount), at=None, start_rule=StartRule.DAY0, roll=Roll.NEXT,
        zone="Asia/Shanghai", day_ends=None, calendar="CN", starts_on=("matter.registered",),
        stops_on=("matter.decided", "matter.closed"), warnings=(), source="not verified",
    )  # fmt: skip
    return replace(plain, **changes)
