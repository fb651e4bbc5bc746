"""`duban calc`: one deadline with its explanation, or a file of vectors to check the counting against.

Exit codes: 0 counted, or all vectors passed; 1 a vector failed; 2 bad input, with one line that says what is wrong.
"""

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from services.cli import vectors as vector_files
from services.cli.moments import BadInput, moment_of, start_of, time_of_day
from services.deadline.rules.errors import DeadlineError
from services.deadline.rules.limits import Amount, ExtensionTerms, Limit, Roll, StartRule, Unit
from services.deadline.rules.points import Point, point_of
from services.deadline.rules.span import zone_of
from services.deadline.rules.whatif import what_if

ROLLED_UNITS = frozenset({Unit.NATURAL_DAYS, Unit.MONTHS})


def calc(
    calendar: Annotated[str | None, typer.Option(help="Code of the calendar: CN, US, GB …")] = None,
    start: Annotated[str | None, typer.Option(help="Day of receipt, or an instant with its offset.")] = None,
    limit: Annotated[
        str | None, typer.Option(help="20wd, 30d, 3m, 24h, 16wh, 90min, or a stated date or instant.")
    ] = None,
    start_rule: Annotated[StartRule, typer.Option(help="How the day of receipt counts.")] = StartRule.DAY0,
    roll: Annotated[
        Roll | None, typer.Option(help="Where a last day that is a rest day moves to; next for d and m unless given.")
    ] = None,
    extend: Annotated[
        list[str] | None, typer.Option(help="An extension granted in time, such as 10wd; may be given several times.")
    ] = None,
    pause: Annotated[
        list[str] | None, typer.Option(help="FROM/TO: days (from, to] or instants; may be given several times.")
    ] = None,
    day_ends: Annotated[str | None, typer.Option(help="Close of business, such as 17:00; 24:00 unless given.")] = None,
    cut_off: Annotated[
        str | None, typer.Option(help="What is received from then on is received on the next working day.")
    ] = None,
    warn: Annotated[list[str] | None, typer.Option(help="What is left at a warning: 5wd, 25% …")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    vectors: Annotated[Path | None, typer.Option(help="A JSON file of cases to check instead.")] = None,
) -> None:
    """Compute a deadline and explain it day by day."""
    single: dict[str, Any] = {
        "--calendar": calendar, "--start": start, "--limit": limit, "--roll": roll, "--extend": extend,
        "--pause": pause, "--day-ends": day_ends, "--cut-off": cut_off, "--warn": warn,
    }  # fmt: skip
    if start_rule is not StartRule.DAY0:
        single["--start-rule"] = start_rule
    try:
        if vectors is not None:
            if given := [name for name, value in single.items() if value]:
                raise BadInput(f"--vectors takes its cases from the file: leave out {', '.join(given)}")
            _check_vectors(vectors, as_json)
            return
        if calendar is None or start is None or limit is None:
            missing = [name for name in ("--calendar", "--start", "--limit") if single[name] is None]
            raise BadInput(f"{', '.join(missing)} must be given (or --vectors FILE)")
        _calculate(single, calendar, start, start_rule, as_json)
    except (BadInput, DeadlineError) as error:
        _refuse(str(error))


def _refuse(message: str) -> NoReturn:
    typer.echo(f"duban calc: {message}", err=True)
    raise typer.Exit(2)


def _calculate(given: dict[str, Any], code: str, start: str, start_rule: StartRule, as_json: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    from services.deadline.calendars import load
    from services.deadline.explanation_texts import text_en, text_zh

    calendar = load(code)
    limit = _limit(given, calendar.code, calendar.zone, start_rule)
    pauses = [_pause(text, calendar.zone) for text in given["--pause"] or ()]
    extensions = [_amount("--extend", text) for text in given["--extend"] or ()]
    why = what_if(limit, start_of("--start", start, calendar.zone), calendar, pauses, extensions)
    if as_json:
        texts = {"en": text_en(why), "zh": text_zh(why)}
        typer.echo(json.dumps({**why, "texts": texts}, ensure_ascii=False, indent=2))
        return
    first, _, rest = text_en(why).partition("\n")
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(first, style="bold"))
    console.print(Text(rest))


def _limit(given: dict[str, Any], code: str, zone: str, start_rule: StartRule) -> Limit:
    """The limit a user typed: an amount and its unit, or a stated date or instant. Rolls d and m unless told."""
    text = given["--limit"]
    amount: Amount | None = None
    at: date | datetime | None = None
    try:
        amount = Amount.parse(text)
    except ValueError as error:
        at = moment_of("--limit", text) if re.match(r"[0-9]{4}-", text) else None
        if at is None:
            raise BadInput(f"--limit: {error}, nor a day, nor an instant with its offset") from None
    rolled = Roll.NEXT if amount and amount.unit in ROLLED_UNITS else Roll.NONE
    return Limit(
        clock="calc",
        amount=amount,
        at=at,
        start_rule=start_rule,
        roll=given["--roll"] or rolled,
        zone=zone,
        day_ends=time_of_day("--day-ends", given["--day-ends"]),
        calendar=code,
        starts_on=("received",),
        stops_on=(),
        warnings=tuple(given["--warn"] or ()),
        source="none: given on the command line",
        cut_off=time_of_day("--cut-off", given["--cut-off"]),
        extension=ExtensionTerms(),
    )


def _pause(text: str, zone: str) -> tuple[Point, Point]:
    begin, slash, end = text.partition("/")
    if not slash:
        raise BadInput(f"--pause: {text!r} is not FROM/TO, such as 2026-02-05/2026-02-09")
    points = (point_of(moment_of("--pause", each), zone_of(zone)) for each in (begin, end))
    return next(points), next(points)


def _amount(label: str, text: str) -> Amount:
    try:
        return Amount.parse(text)
    except ValueError as error:
        raise BadInput(f"{label}: {error}") from None


def _check_vectors(path: Path, as_json: bool) -> None:
    """Run a vector file: print each difference and, last, how many passed and failed."""
    passed, differences = vector_files.check(path)
    failed = len({each["case"] for each in differences})
    if as_json:
        result = {"passed": passed, "failed": failed, "differences": differences}
        typer.echo(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        for each in differences:
            typer.echo(f"{each['case']}: {each['what']} {each['expected']} expected, {each['counted']} counted")
        typer.echo(f"{passed} passed, {failed} failed")
    if failed:
        raise typer.Exit(1)
