"""`duban calendar show|check|publish|preview`: calendars for people, and notices on their way into the system.

`show` and `check` work on what this build ships, offline; `preview` asks the running deadline service, `publish` hands
the notice to the running intake. Exit codes: 0 done, 1 a check failed or a service refused, 2 wrong input.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from services.deadline.calendar_files import NoticeFile

calendar = typer.Typer(no_args_is_help=True, help="Working calendars: show, check, preview and publish.")
File = Annotated[Path, typer.Argument(help="A notice in YAML (docs/calendars.md).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@calendar.command("show")
def show(
    code: Annotated[str, typer.Argument(help="CN, US, GB, NL …")],
    year: Annotated[int, typer.Argument(help="Such as 2026.")],
    as_of: Annotated[
        datetime | None,
        typer.Option(help="As it was known at this instant (UTC): 2020-01-26T00:00:00; all notices unless given."),
    ] = None,
    running: Annotated[
        bool, typer.Option("--running", help="Ask the running service, with all that is published.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """A year on the wall: 休 days off, 班 make-up workdays, ½ half days; why, below."""
    from services.cli.calendar_texts import wall_calendar
    from services.deadline.calendars import Calendars
    from services.deadline.rules.errors import DeadlineError
    from services.deadline.wall_calendar import year_of

    if running:
        told = _asked("show", "deadline", f"/v1/calendars/{code}/{year}")
    else:
        try:
            at = None if as_of is None else as_of.replace(tzinfo=UTC)
            told = year_of(Calendars().at(code, at), year)
        except DeadlineError as error:
            _refuse("show", str(error), 2)
    typer.echo(json.dumps(told, ensure_ascii=False, indent=2) if as_json else wall_calendar(told))


@calendar.command("check")
def check(file: File, as_json: AsJson = False) -> None:
    """Whether a notice makes a calendar, and what it changes of the one that this build ships."""
    from services.cli.calendar_checks import check_notice
    from services.deadline.rules.errors import DeadlineError

    notice = _read("check", file)
    try:
        found = check_notice(notice)
    except DeadlineError as error:
        _refuse("check", str(error), 1)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for year, days in found["working_days"].items():
            typer.echo(f"{found['code']} {year}: {days['would_be']} working days, {days['were']} before")
        for day in found["changed"]:
            typer.echo(f"  {day['date']} {day['weekday']}  {day['was']} → {day['would_be']}")
        for doubt in found["doubts"]:
            typer.echo(f"doubtful: {doubt}")
    if found["doubts"]:
        raise typer.Exit(1)


@calendar.command("preview")
def preview(
    file: File,
    limit: Annotated[int, typer.Option(min=0, max=10_000, help="Clocks to list.")] = 20,
    as_json: AsJson = False,
) -> None:
    """How many clocks a notice would move, and what would come of it. Nothing is written."""
    from services.cli.calendar_texts import preview_text

    notice = _read("preview", file)
    draft = {
        "authority": notice.authority,
        "code": notice.code,
        "effective": _effective("preview", notice).isoformat(),
        "calendar": notice.calendar.model_dump(mode="json", exclude_none=True),
    }
    told = _asked("preview", "deadline", f"/v1/recalculations/preview?limit={limit}", draft)
    typer.echo(json.dumps(told, ensure_ascii=False, indent=2) if as_json else preview_text(told))


@calendar.command("publish")
def publish(
    file: File,
    source: Annotated[
        str | None, typer.Option(help="The publisher's source, a URI reference; /calendars/AUTHORITY unless given.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the event; send nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Hand a notice to intake. The same file again is the same event, and taken in once."""
    notice = _read("publish", file)
    event = _event(notice, _effective("publish", notice), source)
    if dry_run:
        typer.echo(json.dumps(event, ensure_ascii=False, indent=2))
        return
    told = _asked("publish", "intake", "/v1/events", event, "application/cloudevents+json")
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif told.get("status") == "rejected":
        reasons = "; ".join(f"{each.get('pointer')}: {each.get('detail')}" for each in told.get("problems", ()))
        typer.echo(f"rejected: {reasons}", err=True)
    else:
        typer.echo(
            f"{told.get('status')}: {notice.authority}/{notice.code}, in effect from {event['data']['occurred_at']}"
        )
    if told.get("status") == "rejected":
        raise typer.Exit(1)


def _event(notice: "NoticeFile", effective: datetime, source: str | None) -> dict[str, Any]:
    """The submission. What it says makes its id: the same notice is the same event, another one is another."""
    from hashlib import sha256
    from urllib.parse import quote

    from shared.clock import wall
    from shared.events.base import aggregate_key

    says: dict[str, Any] = {"occurred_at": notice.effective.isoformat()}
    if not isinstance(notice.effective, datetime):
        says["zone"] = notice.zone or notice.calendar.zone
    says["calendar"] = notice.calendar.model_dump(mode="json", exclude_none=True)
    issued = min(effective, wall().replace(hour=0, minute=0, second=0, microsecond=0)).isoformat()
    digest = sha256(json.dumps([issued, says], sort_keys=True).encode()).hexdigest()[:12]
    first, last = notice.calendar.years
    return {
        "specversion": "1.0",
        "type": "calendar.published",
        "version": 1,
        "source": source or f"/calendars/{quote(notice.authority, safe='')}",
        "id": f"{notice.code}-{first}-{last}-{digest}",
        "subject": aggregate_key(notice.authority, notice.code),
        "time": issued,
        "datacontenttype": "application/json",
        "data": says,
    }


def _read(command: str, file: Path) -> "NoticeFile":
    from services.deadline.calendar_files import read_notice
    from services.deadline.rules.errors import BadCalendar

    try:
        return read_notice(file)
    except (BadCalendar, OSError) as error:
        _refuse(command, str(error), 2)


def _effective(command: str, notice: "NoticeFile") -> datetime:
    """The instant; a bare day begins in the notice's zone."""
    from services.deadline.calendar_files import effective_of
    from services.deadline.rules.errors import BadCalendar

    try:
        return effective_of(notice)
    except BadCalendar as error:
        _refuse(command, str(error), 2)


def _asked(
    command: str, service: str, path: str, content: dict[str, Any] | None = None, kind: str = "application/json"
) -> dict[str, Any]:
    from services.cli.asking import CannotAsk, ask, send, url_of
    from services.cli.config import settings_for

    try:
        url = f"{url_of(service, settings_for(f'calendar {command}'))}{path}"
        return ask(url) if content is None else send(url, content, kind)
    except CannotAsk as error:
        _refuse(command, str(error), error.exit_code)


def _refuse(command: str, message: str, code: int) -> NoReturn:
    typer.echo(f"duban calendar {command}: {message}", err=True)
    raise typer.Exit(code)
