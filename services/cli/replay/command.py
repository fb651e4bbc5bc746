"""`duban replay`. Exit codes: 0 the report is written, 1 the services failed, 2 bad input, and nothing was sent."""

import asyncio
import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn
from urllib.parse import unquote

import typer

if TYPE_CHECKING:
    from services.cli.replay.run import Summary, Wanted

SHOWN = 5


class ClockMode(StrEnum):
    """How time passes."""

    BACKFILL = "backfill"
    FOLLOW = "follow"


class OriginOption(StrEnum):
    """How the facts are taken (D9)."""

    LIVE = "live"
    IMPORT = "import"


def replay(
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE…", help="JSONL or CSV, .gz too.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="What the log's columns mean: a YAML file.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Report as of this instant; later facts are left out.")] = None,
    report: Annotated[Path | None, typer.Option(help="Where to write the report, as CSV.")] = None,
    clock: Annotated[
        ClockMode, typer.Option(help="backfill: all facts at once; follow: in time-lapse, alarm by alarm.")
    ] = ClockMode.BACKFILL,
    shuffle: Annotated[int | None, typer.Option(metavar="SEED", help="Send in an order of this seed's.")] = None,
    duplicate: Annotated[float, typer.Option(min=0, max=1, help="Send this fraction of the events twice.")] = 0.0,
    origin: Annotated[
        OriginOption | None, typer.Option(help="live unless the services run already, then import.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the first lines mapped and every line that is not, and why.")
    ] = False,
    mapping_schema: Annotated[bool, typer.Option("--mapping-schema", help="Print a mapping's JSON Schema.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what it came to as one JSON object.")] = False,
) -> None:
    """Feed a log of another system through the services, and report what Duban made of it."""
    from services.cli.replay.mapping_model import BadMapping
    from services.cli.replay.mapping_model import mapping_schema as schema
    from services.cli.replay.reading import BadLog

    if mapping_schema:
        typer.echo(json.dumps(schema(), ensure_ascii=False, indent=2))
        return
    if not files or mapping is None:
        _refuse("give FILE… and --mapping M.yaml (or --mapping-schema)")
    if report is None and as_of is None and explain:
        from services.cli.replay.explained import explain_files

        try:
            explain_files(files, mapping, as_json)
        except (BadMapping, BadLog) as error:
            _refuse(str(error))
        return
    if as_of is None or report is None:
        _refuse("give --as-of INSTANT and --report OUT.csv (or --explain alone, to see the lines mapped)")
    if not report.parent.is_dir():
        _refuse(f"--report: there is no directory {report.parent}")
    from services.cli.replay.run import Wanted

    wanted = Wanted(
        files, mapping, _instant(as_of), report, clock.value, shuffle, duplicate, origin.value if origin else None
    )  # fmt: skip
    _replay(wanted, explain, as_json)


def _refuse(message: str) -> NoReturn:
    typer.echo("\n".join(f"duban replay: {line}" for line in message.splitlines()), err=True)
    raise typer.Exit(2)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        _refuse(f"--as-of: {text!r} is not an instant with its offset, such as 2016-01-13T00:00:00-05:00")
    return found


def _replay(wanted: "Wanted", explain: bool, as_json: bool) -> None:
    import asyncpg
    from aiokafka.errors import KafkaError

    from services.cli.config import settings_for
    from services.cli.replay.mapping_model import BadMapping
    from services.cli.replay.progress import Screen
    from services.cli.replay.reading import BadLog
    from services.cli.replay.run import replay as run
    from services.cli.replay.spool import Conflict
    from services.cli.replay.target import CannotReplay
    from services.cli.replay.watch import Stuck
    from services.cli.supervisor import ProcessError
    from shared.errors import WrongEnvironment

    settings = settings_for("replay")
    try:
        with Screen(list_unmapped=explain) as screen:
            summary = asyncio.run(run(wanted, settings, screen))
    except (BadMapping, BadLog, Conflict, CannotReplay) as error:
        _refuse(str(error))
    except asyncpg.ClientConfigurationError as error:
        _refuse(f"DUBAN_POSTGRES: {error}")
    except (Stuck, ProcessError, WrongEnvironment, KafkaError, asyncpg.PostgresError, OSError) as error:
        typer.echo(f"duban replay: {error or type(error).__name__}", err=True)
        raise typer.Exit(1) from None
    _tell(summary, wanted, explain)
    if as_json:
        typer.echo(json.dumps(summary.to_json(), ensure_ascii=False))


def _tell(summary: "Summary", wanted: "Wanted", explain: bool) -> None:
    """What it came to, on standard error."""
    loaded, totals = summary.loaded, summary.totals
    lines = [f"{loaded.lines:,} lines, {loaded.submissions:,} events; {summary.planned:,} sent"]
    if loaded.ignored:
        lines.append(f"{loaded.ignored:,} lines left out, as the mapping says")
    if loaded.unmapped:
        lines.append(f"{loaded.unmapped:,} lines not mapped: {_by_reason(loaded.reasons)}")
    if summary.after_as_of:
        lines.append(f"{summary.after_as_of:,} events are later than --as-of, and were not sent")
    if summary.refused.total:
        lines.append(f"{summary.refused.total:,} events refused: {_by_reason(summary.refused.reasons)}")
        lines += [f"  {line}" for line in (summary.refused.first if explain else ())]
    if (loaded.unmapped or summary.refused.total) and not explain:
        lines.append("  (run this again with --explain to list them)")
    if posts := [unquote(post) for post in sorted(summary.refused.posts)]:
        more = f" and {len(posts) - SHOWN:,} more" if len(posts) > SHOWN else ""
        lines.append(f"WARNING: nobody is named for {', '.join(posts[:SHOWN])}{more}: who holds it was refused")
    if summary.dead_letters:
        lines.append(f"{summary.dead_letters:,} messages could not be processed: see the services' dead_letters")
    died = {name: times for name, times in summary.restarts.items() if times}
    if died:
        lines.append("started again: " + ", ".join(f"{name} {times}×" for name, times in died.items()))
    outcomes = ", ".join(f"{count:,} {name}" for name, count in summary.to_json()["outcomes"].items() if count)
    lines.append(f"{totals.clocks:,} clocks: {outcomes or 'none'}; {totals.cases:,} cases stand: {wanted.report}")
    if summary.standing != totals.cases:
        lines.append(f"WRONG: {summary.standing:,} cases stand in all; some are not of a late or overdue clock's due")
    lines.append("seconds: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in summary.seconds.items()))
    lines.append("peak MB: " + ", ".join(f"{name} {size}" for name, size in summary.peak_memory_mb.items()))
    for line in lines:
        typer.echo(line, err=True)


def _by_reason(reasons: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in sorted(reasons.items(), key=lambda r: (-r[1], r[0])))
