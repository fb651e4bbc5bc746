"""What Postgres does for each statement of the services: auto_explain's notes in its log, added up by statement."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.migrate import SERVICES
from shared.postgres import load_queries

SETTINGS = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_nested_statements": "off",
    "auto_explain.log_parameter_max_length": "0",
}
"""Of the one database that is looked at, for sessions that begin afterwards."""
_NOT_OURS = re.compile(r";|\b(intake|deadline|accountability|notification)\.[a-z_]+\b")
"""Migrations hold several statements, and what the benchmark asks names its schema: no service does either."""
_BEGIN = re.compile(r"LOG:  duration: ([0-9.]+) ms  plan:$")
_QUERY = "Query Text: "
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Statement:
    """One statement, how often it ran and its slowest plan."""

    text: str
    calls: int = 0
    total_ms: float = 0.0
    slowest_ms: float = -1.0
    plan: list[str] = field(default_factory=list)


def statements(log: str) -> list[Statement]:
    """All statements that the log explains, those with most time first."""
    found: dict[str, Statement] = {}
    for duration_ms, text, plan in _entries(log.splitlines()):
        statement = found.setdefault(text, Statement(text))
        statement.calls += 1
        statement.total_ms += duration_ms
        if duration_ms > statement.slowest_ms:
            statement.slowest_ms, statement.plan = duration_ms, plan
    return sorted(found.values(), key=lambda statement: -statement.total_ms)


def _entries(lines: list[str]) -> Iterator[tuple[float, str, list[str]]]:
    at = 0
    while at < len(lines):
        begun = _BEGIN.search(lines[at])
        at += 1
        if begun is None:
            continue
        said = []
        while at < len(lines) and lines[at].startswith("\t"):
            said.append(lines[at][1:])
            at += 1
        first = next((i for i, line in enumerate(said) if "  (cost=" in line), len(said))
        text = " ".join(" ".join(said[:first]).removeprefix(_QUERY).split())
        if not _NOT_OURS.search(text):
            yield float(begun.group(1)), text, said[first:]


def names() -> dict[str, str]:
    """What our own statements are called, by their text."""
    found = {}
    for service in SERVICES:
        for query, text in load_queries(ROOT / "services" / service / "sql" / "queries.sql").items():
            found[" ".join(text.split())] = f"{service}.{query}"
    return found


def written(log: str, sizes: dict[str, int], title: str, most: int = 16) -> str:
    """A document: where Postgres' time went, the plans of what took most of it and of all that the deadline service
    asks, and how large the indexes are."""
    called, every = names(), statements(log)
    found = [each for i, each in enumerate(every) if i < most or called.get(each.text, "").startswith("deadline.")]
    lines = [
        f"# Query plans: {title}",
        "",
        "Written by `python -m tests.bench million --write-docs`; the times include",
    ]
    lines += ["what auto_explain costs.", "", "| statement | calls | total ms | slowest ms |", "|---|---:|---:|---:|"]
    for each in found:
        label = called.get(each.text) or f"`{each.text[:60]}…`"
        lines.append(f"| {label} | {each.calls:,} | {each.total_ms:,.0f} | {each.slowest_ms:,.1f} |")
    lines += ["", "| table or index of the deadline service | MiB |", "|---|---:|"]
    lines += [f"| {name} | {size / 2**20:,.1f} |" for name, size in sizes.items()]
    for each in found:
        lines += ["", f"## {called.get(each.text, each.text[:60] + '…')}", "", "```", *each.plan, "```"]
    return "\n".join(lines) + "\n"
