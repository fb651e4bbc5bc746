"""What a benchmark found: figures, percentiles, and how they are written. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Better = Literal["lower", "higher"]
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `floor` is the same work without rules, measured in the same run, where there is such a thing."""

    name: str
    n: int
    value: float
    unit: str
    better: Better
    floor: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The share of the floor's speed that is reached: 1 is as fast as the floor, 0.5 takes twice as long."""
        if self.floor is None or not self.value or not self.floor:
            return None
        return self.floor / self.value if self.better == "lower" else self.value / self.floor

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        ratio = self.ratio
        return {
            "name": self.name,
            "n": self.n,
            "value": rounded(self.value),
            "unit": self.unit,
            "floor": None if self.floor is None else rounded(self.floor),
            "ratio": None if ratio is None else round(ratio, 3),
        }


def rounded(value: float) -> float:
    """Four significant digits: nothing here is known better."""
    if not value or not math.isfinite(value):
        return value
    return round(value, 3 - math.floor(math.log10(abs(value))))


def percentile(ascending: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed (nearest rank). Raises ValueError if empty."""
    if not ascending:
        raise ValueError("nothing was measured")
    return ascending[max(math.ceil(share * len(ascending)) - 1, 0)]


def shown(value: float | None) -> str:
    """For people."""
    if value is None:
        return "—"
    value = rounded(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:g}"


COLUMNS = ("benchmark", "n", "value", "unit", "floor", "of the floor", "note")


NUMBERS = frozenset({"n", "value", "floor", "of the floor"})


def rows(figures: Sequence[Figure]) -> list[tuple[str, ...]]:
    """A row of COLUMNS for each figure."""
    return [
        (
            figure.name,
            f"{figure.n:,}",
            shown(figure.value),
            figure.unit,
            shown(figure.floor),
            "—" if figure.ratio is None else f"{figure.ratio:.2f}",
            figure.note,
        )
        for figure in figures
    ]


def cpu_rows(details: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """A heading and, for each stretch whose CPU seconds were taken, a row by process; nothing where none were."""
    stretches = {
        f"{name}: {key.removeprefix('cpu_s').replace('_', ' ').strip() or 'in all'}": value
        for name, detail in details.items()
        for key, value in detail.items()
        if key.startswith("cpu_s")
    }
    processes = sorted({process for used in stretches.values() for process in used})
    found = [(name, *(shown(used.get(each)) for each in processes)) for name, used in stretches.items()]
    return [("CPU seconds", *processes), *found] if found else []


def markdown(
    figures: Sequence[Figure], facts: Mapping[str, str], details: Mapping[str, Mapping[str, Any]] | None = None
) -> str:
    """The block that stands between the markers in docs/performance.md."""
    lines = ["| machine and run | |", "|---|---|"]
    lines += [f"| {_cell(name)} | {_cell(value)} |" for name, value in facts.items()]
    lines += ["", "| " + " | ".join(COLUMNS) + " |", "|---|---:|---:|---|---:|---:|---|"]
    lines += ["| " + " | ".join(map(_cell, row)) + " |" for row in rows(figures)]
    if used := cpu_rows(details or {}):
        heading, *rest = used
        lines += ["", "| " + " | ".join(heading) + " |", "|---|" + "---:|" * (len(heading) - 1)]
        lines += ["| " + " | ".join(map(_cell, row)) + " |" for row in rest]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def replaced(document: str, block: str) -> str:
    """The document with the block between its markers. Raises ValueError where they are missing."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document lacks the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{block}\n{END}{after}"
