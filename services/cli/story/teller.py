"""Tells the story while the clock moves: some matters in full, all others as one line for each month."""

import contextlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape

from services.cli.replay.load import Outcome
from services.cli.replay.target import Target
from services.cli.story.tail import Tail, tailing
from services.cli.story.words import COUNTED, ORDER, counts_of, line_of, of_a_case
from services.cli.supervisor import Restart
from shared.events import accountability as a
from shared.events import deadline as d
from shared.events import notification as n
from shared.events.base import Event

PRODUCERS = {"deadline-events": "deadline", "case-events": "accountability", "notification-events": "notification"}
STYLES: dict[type[Event], str] = {
    d.DeadlineMissed: "bold red",
    a.CaseOpened: "red",
    a.CaseEscalated: "yellow",
    d.DeadlineWarned: "yellow",
    d.DeadlineMet: "green",
}


class Teller:
    """A listener of a replay. `in_full` are the matters of which everything is told."""

    def __init__(self, console: Console, zone: str, in_full: Collection[str]) -> None:
        self.counts: Counter[type[Event]] = Counter()
        self._console = console
        self._zone = ZoneInfo(zone)
        self._in_full = in_full
        self._month = ""
        self._of_month: Counter[type[Event]] = Counter()
        self._standing = 0
        self._tail: Tail | None = None

    def stage(self, name: str, total: int | None) -> None:
        if name == "starting the services":
            self._console.print("starting a broker, a Postgres and the four services …", style="dim")

    @contextlib.asynccontextmanager
    async def watching(self, services: Target) -> AsyncIterator[None]:
        async with tailing(services.postgres, services.kafka, services.prefix, PRODUCERS) as self._tail:
            yield

    def advance(self, count: int) -> None:
        """The events themselves are told."""

    def line(self, outcome: Outcome) -> None:
        """The log is ours: every line maps."""

    def restarted(self, restart: Restart) -> None:
        self._console.print(str(restart), style="bold red", markup=False)

    async def instant(self, at: datetime) -> None:
        assert self._tail is not None  # noqa: S101 - `watching` comes first
        day = at.astimezone(self._zone)
        if f"{day:%Y-%m}" != self._month:
            self.end_of_month()
            self._month = f"{day:%Y-%m}"
        found = await self._tail.new()
        told = defaultdict(list)
        for _, event in found:
            if isinstance(event, n.NotificationSent):
                told[event.about.id].append(event.recipient)
        found.sort(key=lambda pair: (pair[0].subject, ORDER.index(type(pair[1])), pair[0].revision))
        for received, event in found:
            if of_a_case(event):
                continue
            kind = type(event)
            self.counts[kind] += 1
            self._standing += (kind in (a.CaseOpened, a.CaseReinstated)) - (kind is a.CaseWithdrawn)
            if getattr(event, "matter", None) in self._in_full:
                self._tell(day, event, told[received.id])
            if kind in COUNTED:
                self._of_month[kind] += 1

    def end_of_month(self) -> None:
        """One line for a month in which anything happened."""
        if self._of_month:
            said = f"{self._month}     {counts_of(self._of_month)}; standing: {self._standing}"
            self._console.print(escape(said), style="dim")
        self._of_month.clear()

    def _tell(self, day: datetime, event: Event, told: list[str]) -> None:
        said = line_of(event, told)
        if said is not None:
            text = escape(f"{day:%Y-%m-%d}  {getattr(event, 'matter', '')}  {said}")
            self._console.print(text, style=STYLES.get(type(event), ""))
