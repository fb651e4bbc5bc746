"""`duban calc`: one deadline with its explanation, or a file of vectors to check the counting against.

Exit codes: 0 counted, or all vectors passed; 1 a vector failed; 2 bad input, with one line that says what is wrong.
"""

import json
import re
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Start, count
from services.deadline.rules.errors import DeadlineError
from services.deadline.rules.explain import explanation
from services.deadline.rules.limits import Amount, Limit, Roll, StartRule, Unit
from services.deadline.rules.span import midnight, zone_of

ROLLED_UNITS = frozenset({Unit.NATURAL_DAYS, Unit.MONTHS})


class BadInput(ValueError):
    """What the user typed cannot be understood; the message says what is expected."""


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
    day_ends: Annotated[str | None, typer.Option(help="Close of business, such as 17:00; 24:00 unless given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    vectors: Annotated[Path | None, typer.Option(help="A JSON file of cases to check instead.")] = None,
) -> None:
    """Compute a deadline and explain it day by day."""
    single = {"--calendar": calendar, "--start": start, "--limit": limit, "--roll": roll, "--day-ends": day_ends}
    if start_rule is not StartRule.DAY0:
        single["--start-rule"] = start_rule
    try:
        if vectors is not None:
            if given := [name for name, value in single.items() if value is not None]:
                raise BadInput(f"--vectors takes its cases from the file: leave out {', '.join(given)}")
            _check_vectors(vectors, as_json)
            return
        if calendar is None or start is None or limit is None:
            missing = [name for name in ("--calendar", "--start", "--limit") if single[name] is None]
            raise BadInput(f"{', '.join(missing)} must be given (or --vectors FILE)")
        _calculate(calendar, start, limit, start_rule, roll, day_ends, as_json)
    except (BadInput, DeadlineError) as error:
        _refuse(str(error))


def _refuse(message: str) -> NoReturn:
    typer.echo(f"duban calc: {message}", err=True)
    raise typer.Exit(2)


def _calculate(
    code: str,
    start_text: str,
    limit_text: str,
    start_rule: StartRule,
    roll: Roll | None,
    day_ends: str | None,
    as_json: bool,
) -> None:
    from rich.console import Console
    from rich.text import Text

    from services.deadline.calendars import load
    from services.deadline.explanation_texts import text_en, text_zh

    calendar = load(code)
    limit = _limit(limit_text, calendar.code, calendar.zone, start_rule, roll, _time_of_day(day_ends))
    received = _start("--start", start_text, calendar.zone)
    explained = explanation(limit, received, count(limit, received, calendar), calendar)
    if as_json:
        texts = {"en": text_en(explained), "zh": text_zh(explained)}
        typer.echo(json.dumps({**explained, "texts": texts}, ensure_ascii=False, indent=2))
        return
    first, _, rest = text_en(explained).partition("\n")
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(first, style="bold"))
    console.print(Text(rest))


def _limit(text: str, code: str, zone: str, start_rule: StartRule, roll: Roll | None, day_ends: time | None) -> Limit:
    """The limit a user typed: an amount and its unit, or a stated date or instant. Rolls d and m unless told."""
    amount: Amount | None = None
    at: date | datetime | None = None
    try:
        amount = Amount.parse(text)
    except ValueError as error:
        at = _moment("--limit", text) if re.match(r"[0-9]{4}-", text) else None
        if at is None:
            raise BadInput(f"--limit: {error}, nor a day, nor an instant with its offset") from None
    if roll is None:
        roll = Roll.NEXT if amount and amount.unit in ROLLED_UNITS else Roll.NONE
    return Limit(
        clock="calc",
        amount=amount,
        at=at,
        start_rule=start_rule,
        roll=roll,
        zone=zone,
        day_ends=day_ends,
        calendar=code,
        starts_on=("received",),
        stops_on=(),
        warnings=(),
        source="none: given on the command line",
    )


def _moment(label: str, text: str) -> date | datetime:
    """A day, or an instant with its offset; `label` says which input is wrong."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text)
    except ValueError:
        expected = "a day such as 2026-01-28 or an instant such as 2026-01-28T09:30:00+08:00"
        raise BadInput(f"{label}: {text!r} is not {expected}") from None
    if instant.tzinfo is None:
        raise BadInput(f"{label}: {text!r} has no offset from UTC, such as +08:00")
    return instant


def _start(label: str, text: str, zone: str) -> Start:
    moment = _moment(label, text)
    if isinstance(moment, datetime):
        return Start(moment)
    return Start(midnight(moment, zone_of(zone)), on=moment)


def _time_of_day(text: str | None) -> time | None:
    if text is None or text == "24:00":
        return None
    if re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        return time.fromisoformat(text)
    raise BadInput(f"--day-ends: {text!r} is not a time of day such as 17:00")


def _check_vectors(path: Path, as_json: bool) -> None:
    """Run a vector file: print each difference and, last, how many passed and failed."""
    vectors = _read(path)
    calendar = _vector_calendar(vectors)
    start_rule = _vector_start_rule(vectors.get("day0", "receipt"))
    rolls = _vector_rolls(vectors.get("roll", "none"))
    cases = vectors.get("cases")
    if not isinstance(cases, list) or not cases:
        raise BadInput(f"{path}: `cases` must be a list with at least one case")
    differences = []
    for number, case in enumerate(cases, start=1):
        label = f"case {number}"
        if not isinstance(case, dict):
            raise BadInput(f"{label} must be an object")
        if case.get("name"):
            label = f"{label} ({case['name']})"
        expected, counted = _run_case(label, case, calendar, start_rule, rolls)
        if expected != counted:
            differences.append({"case": label, "expected": expected.isoformat(), "counted": counted.isoformat()})
    passed, failed = len(cases) - len(differences), len(differences)
    if as_json:
        result = {"passed": passed, "failed": failed, "differences": differences}
        typer.echo(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        for each in differences:
            typer.echo(f"{each['case']}: due {each['expected']} expected, {each['counted']} counted")
        typer.echo(f"{passed} passed, {failed} failed")
    if failed:
        raise typer.Exit(1)


def _read(path: Path) -> dict[str, Any]:
    try:
        vectors = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON: {error}") from None
    if not isinstance(vectors, dict):
        raise BadInput(f"{path} must hold a JSON object with `calendar` and `cases`")
    return vectors


def _vector_calendar(vectors: dict[str, Any]) -> Calendar:
    """The calendar whose code is the first word, with the listed holidays added to it."""
    from services.deadline.calendars import known, load

    text = vectors.get("calendar")
    if not isinstance(text, str) or not (letters := re.match(r"[A-Za-z]+", text)):
        raise BadInput("`calendar` must begin with a calendar's code")
    word = text.split()[0].rstrip(",;:.")
    calendar = load(word if word in known() else letters[0])
    listed = vectors.get("holidays", [])
    if not isinstance(listed, list):
        raise BadInput("`holidays` must be a list of days")
    return calendar.amended({_day("holidays", day): "holiday listed in the file" for day in listed})


def _day(label: str, text: object) -> date:
    moment = _moment(label, text) if isinstance(text, str) else None
    if moment is None or isinstance(moment, datetime):
        raise BadInput(f"{label}: {text!r} is not a day such as 2026-01-28")
    return moment


def _vector_start_rule(text: object) -> StartRule:
    try:
        return StartRule.DAY0 if text == "receipt" else StartRule(str(text))
    except ValueError:
        raise BadInput(f"`day0`: {text!r} is not receipt, {', '.join(StartRule)}") from None


def _vector_rolls(text: object) -> dict[Unit, Roll]:
    """`next_working_day for d and m`: that roll for those units, none for the others."""
    if text in (None, "none"):
        return {}
    found = re.fullmatch(r"(next|previous)_working_day for ([a-z]+(?:(?:, *| and )[a-z]+)*)", str(text))
    if not found:
        raise BadInput(f"`roll`: {text!r} is not none or such as 'next_working_day for d and m'")
    try:
        return {Unit(unit): Roll(found[1]) for unit in re.split(r", *| and ", found[2])}
    except ValueError as error:
        raise BadInput(f"`roll`: {error}") from None


def _run_case(
    label: str, case: dict[str, Any], calendar: Calendar, start_rule: StartRule, rolls: dict[Unit, Roll]
) -> tuple[date, date]:
    """What the case expects and what is counted: two days, or two instants."""
    for later in ("pause", "extend"):
        if case.get(later):
            raise BadInput(f"{label} has `{later}`, which is not supported yet")
    for key, kind in (("start", str), ("due", str), ("unit", str), ("amount", int)):
        if not isinstance(case.get(key), kind) or isinstance(case[key], bool):
            raise BadInput(f"{label}: `{key}` is missing or not {'a number' if kind is int else 'a text'}")
    try:
        amount = Amount.parse(f"{case['amount']}{case['unit']}")
        roll = rolls.get(amount.unit, Roll.NONE)
        limit = _limit(str(amount), calendar.code, calendar.zone, start_rule, roll, None)
        due = count(limit, _start(f"{label}: start", case["start"], calendar.zone), calendar)
    except BadInput:
        raise
    except ValueError as error:
        raise BadInput(f"{label}: {error}") from None
    expected = _moment(f"{label}: due", case["due"])
    counted = due.due_on or due.due_at.astimezone(zone_of(calendar.zone))
    if isinstance(expected, datetime) != isinstance(counted, datetime):
        raise BadInput(f"{label}: `due` must be {'a day' if due.due_on else 'an instant'} for the unit {amount.unit}")
    return expected, counted
