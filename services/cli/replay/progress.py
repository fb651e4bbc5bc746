"""What a replay shows while it runs: a progress bar on a terminal's standard error, and lines that must not be lost."""

from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.cli.replay.load import Outcome
from services.cli.replay.target import Target
from services.cli.supervisor import Restart


class Screen:
    """A listener for people. Without a terminal only the lines."""

    def __init__(self, *, list_unmapped: bool) -> None:
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._list_unmapped = list_unmapped
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def stage(self, name: str, total: int | None) -> None:
        self._bar.reset(self._task, description=name, total=total)

    def watching(self, services: Target) -> AbstractAsyncContextManager[object]:
        return nullcontext()

    def advance(self, count: int) -> None:
        self._bar.advance(self._task, count)

    def line(self, outcome: Outcome) -> None:
        self._bar.advance(self._task)
        if outcome.unmapped is not None and self._list_unmapped:
            self.console.print(f"{outcome.file} line {outcome.line.number}: {outcome.unmapped}", markup=False)

    def restarted(self, restart: Restart) -> None:
        self.console.print(str(restart), markup=False)

    async def instant(self, at: datetime) -> None:
        self._bar.update(self._task, description=f"replaying {at:%Y-%m-%d}")
