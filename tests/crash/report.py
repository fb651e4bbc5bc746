"""What is printed of a run; the last line is a promise to whoever reads it by machine."""

from collections.abc import Iterator

from tests.crash.oracle import COUNTS
from tests.crash.run import Outcome


def lines(outcome: Outcome) -> Iterator[str]:
    """The report, line by line."""
    verdict, rest, struck = outcome.verdict, outcome.rest, outcome.struck
    yield f"\n{outcome.deadlines} deadlines, {outcome.acknowledged} submissions acknowledged, {outcome.took_s:.0f} s"
    yield "kills:"
    for label, n in sorted(struck.kills.items()):
        yield f"  {n:5} {label}"
    yield "other faults:"
    for label, n in sorted(struck.others.items()):
        yield f"  {n:5} {label}"
    if struck.missed:
        yield f"did not strike (target down, point not reached): {struck.missed.total()}"
        for label, n in sorted(struck.missed.items()):
            yield f"  {n:5} {label}"
    yield "deaths of services, by exit code (-9: killed):"
    for label, n in sorted(outcome.deaths.items()):
        yield f"  {n:5} {label}"
    yield "said:"
    for label, n in sorted(verdict.noted.items()):
        yield f"  {n:8} {label}"
    yield (
        f"at rest: unsent {rest.unsent.total()}, lag {rest.lag.total()}, dead letters {len(rest.buried)}, set aside"
        f" {rest.aside.total()}, outbox rows {rest.rows.total()}, of which on no topic {rest.absent.total()}"
    )
    yield from (f"  dead letter: {letter}" for letter in rest.buried[:20])
    for topic in sorted({topic for topic, _ in rest.topics} - {"submissions"}):
        on_topic = sum(end for (name, _), end in rest.topics.items() if name == topic)
        once = verdict.noted[topic]
        yield f"  {topic}: {rest.rows[topic]} rows, {on_topic} messages, {once} different"
    yield from outcome.record.lines()
    yield from outcome.states.lines()
    yield from (f"TROUBLE {each}" for each in outcome.trouble)
    for name in COUNTS:
        yield from (f"{name.upper()} {example}" for example in verdict.examples.get(name, ()))
    if outcome.deadlines:
        bound = 3 / outcome.deadlines
        yield f"zero of {outcome.deadlines} bounds each rate by 3/{outcome.deadlines} = {bound:.1e} (95 %)"
    yield last_line(outcome)


def counted(outcome: Outcome) -> str:
    """The counts that tripped, and what was not right at rest."""
    rest = outcome.rest
    found = {name: outcome.verdict.counts[name] for name in COUNTS} | {
        "faults of the record": len(outcome.record.problems), "unsealed": rest.unsealed,
        "states of cases": len(outcome.states.differing), "unsent": rest.unsent.total(), "lag": rest.lag.total(),
        "on no topic": rest.absent.total(), "dead letters": len(rest.buried),
    }  # fmt: skip
    return ", ".join(f"{name} {n}" for name, n in found.items() if n) or "nothing"


def last_line(outcome: Outcome) -> str:
    """As the public surface words it."""
    kills, wish = outcome.struck.killed, outcome.wish
    return f"{outcome.verdict} ({kills} kills, {outcome.deadlines} deadlines, seed {wish.seed})"
