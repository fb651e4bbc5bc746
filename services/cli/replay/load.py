"""Files and a mapping in, a spool out: everything is read, mapped and checked before anything is sent."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from services.cli.replay.mapping import Ignored, Mapped, Mapper, Unmapped
from services.cli.replay.reading import LogLine, lines_of
from services.cli.replay.spool import MADE_UP, Spool

BATCH = 1000


@dataclass
class Loaded:
    """What became of the lines. `unmapped` counts by reason, cut to what precedes its details."""

    lines: int = 0
    submissions: int = 0
    ignored: int = 0
    unmapped: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line mapped: its submissions, or why there are none."""

    file: Path
    line: LogLine
    mapped: Sequence[Mapped] = ()
    ignored: str | None = None
    unmapped: str | None = None


def outcomes(path: Path, mapper: Mapper) -> Iterator[Outcome]:
    """Every line of a file, mapped or not."""
    for line in lines_of(path, mapper.mapping):
        if line.wrong is not None:
            yield Outcome(path, line, unmapped=line.wrong)
            continue
        try:
            yield Outcome(path, line, mapper.map(line.fields))
        except Ignored as reason:
            yield Outcome(path, line, ignored=str(reason))
        except Unmapped as reason:
            yield Outcome(path, line, unmapped=str(reason))


def learn(files: Sequence[Path], mapper: Mapper) -> None:
    """Read the files once for what lines say for the others of their matter; not at all where none does. Raises BadLog
    and BadMapping."""
    if mapper.learns:
        for path in files:
            for line in lines_of(path, mapper.mapping):
                if line.wrong is None:
                    mapper.learn(line.fields)


def load(files: Sequence[Path], mapper: Mapper, mapping: Path, spool: Spool, each: Callable[[Outcome], None]) -> Loaded:
    """Fill the spool, holders first. Raises BadLog, BadMapping and Conflict. `each` is told of every line."""
    found = Loaded()
    learn(files, mapper)
    for path in files:
        file = spool.add_file(str(path))
        read = outcomes(path, mapper)
        while batch := list(islice(read, BATCH)):
            for outcome in batch:
                found.lines += 1
                found.submissions += len(outcome.mapped)
                found.ignored += outcome.ignored is not None
                if outcome.unmapped is not None:
                    found.unmapped += 1
                    found.reasons[outcome.unmapped.partition(":")[0]] += 1
                each(outcome)
            spool.add(file, ((o.line.number, mapped) for o in batch for mapped in o.mapped))
    holders = mapper.holders(spool.units())
    spool.add(spool.add_file(str(mapping)), ((MADE_UP, mapped) for mapped in holders))
    spool.refuse_conflicts()
    return found
