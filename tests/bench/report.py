"""What one benchmark returns, and the measuring that all of them do alike."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.bench.figures import Figure
from tests.bench.ground import Field
from tests.bench.processes import Usage


@dataclass
class Options:
    """Of the command line. `n` replaces the benchmark's own; `full` adds the sizes that take long."""

    n: int | None = None
    full: bool = False
    profile: str | None = None


@dataclass
class Report:
    """Figures, and what stands behind them: CPU seconds and peak memory by process, plans, sizes."""

    figures: list[Figure] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    plans: str = ""


@dataclass
class Lap:
    """From `begin` on: seconds and CPU seconds."""

    field_: Field
    began: float
    usage: Usage

    @classmethod
    def begin(cls, field_: Field) -> "Lap":
        return cls(field_, time.time(), field_.usage())

    @staticmethod
    def each(name: str, n: int, cpu_s: Mapping[str, float], note: str = "all services, Postgres, Kafka") -> Figure:
        """What each of n cost all processes together; of all figures the one that a busy machine falsifies least."""
        used = sum(value for process, value in cpu_s.items() if process != "bench")
        return Figure(f"{name}-cpu", n, used / n * 1e6, "CPU µs", "lower", None, f"each; {note}")

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds of every process since the beginning."""
        return self.field_.usage().since(self.usage)
