"""`duban directory check|import|people FILE.csv`: the organisation as a file (docs/directory.md).

`check` says what is wrong line by line, with the lines themselves and with what stands; `import` does so and then hands
the facts to the running intake, all of them or none; `people` writes names to accountability, where alone they are
kept. Exit codes: 0 done, 1 something is wrong or a service refused, 2 wrong input or no service.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from services.cli.directory_file import Line, Wrong

directory = typer.Typer(no_args_is_help=True, help="Units, posts, holders and leave as a file: check, import, names.")
File = Annotated[Path, typer.Argument(help="A CSV file (docs/directory.md).")]
Source = Annotated[str, typer.Option(help="Who publishes: a URI reference such as /quanzhou/personnel.")]
Authority = Annotated[str, typer.Option(help="Whose units and posts they are.")]
Zone = Annotated[str, typer.Option(help="Where days begin that have no zone of their own.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
BATCH = 500
SHOWN = 200


@directory.command("check")
def check(
    file: File,
    source: Source,
    authority: Authority,
    zone: Zone = "Asia/Shanghai",
    offline: Annotated[bool, typer.Option("--offline", help="Compare the lines with each other alone.")] = False,
    as_json: AsJson = False,
) -> None:
    """What is wrong with a file, line by line. Nothing is sent to intake."""
    lines, wrong = _read("check", file, zone)
    wrong = sorted({*wrong, *_findings("check", lines, source, authority, offline=offline)})
    _tell(wrong, len(lines), "would be imported", as_json=as_json)
    if wrong:
        raise typer.Exit(1)


@directory.command("import")
def import_(
    file: File,
    source: Source,
    authority: Authority,
    zone: Zone = "Asia/Shanghai",
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Import the lines that are right; else all or nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a file, then hand its facts to intake. The same file again changes nothing."""
    from services.cli.directory_file import Wrong

    lines, wrong = _read("import", file, zone)
    while lines and (found := _findings("import", lines, source, authority, offline=False)):
        wrong += found
        if not skip_bad:
            break
        bad = {each.line for each in found}
        lines = [line for line in lines if line.line not in bad]  # what named a bad line is bad in its turn
    if wrong and not skip_bad:
        _tell(sorted(set(wrong)), 0, "imported: nothing is, unless all lines are right", as_json=as_json)
        raise typer.Exit(1)
    taken = 0
    for start in range(0, len(lines), BATCH):
        part = lines[start : start + BATCH]
        batch = [line.event(source, authority) for line in part]
        answers = _asked("import", "intake", "/v1/events", batch, "application/cloudevents-batch+json")["results"]
        for line, told in zip(part, answers, strict=True):
            if told["status"] == "rejected":
                detail = "; ".join(f"{p['pointer']}: {p['detail']}" for p in told.get("problems", ()))
                wrong.append(Wrong(line.line, "refused", detail))
            else:
                taken += 1
    _tell(sorted(set(wrong)), taken, "imported", as_json=as_json)
    if wrong:
        raise typer.Exit(1)


@directory.command("people")
def people(file: File) -> None:
    """Write what pseudonyms stand for: a CSV with the columns person and name."""
    from services.cli.directory_file import BadFile, read_people

    try:
        named = read_people(file)
    except BadFile as error:
        _refuse("people", f"{file} {error}", 2)
    written = 0
    for start in range(0, len(named), 10_000):
        part = {"people": named[start : start + 10_000]}
        written += _asked("people", "accountability", "/v1/people", part)["written"]
    typer.echo(f"{written} names written")


def _read(command: str, file: Path, zone: str) -> tuple[list["Line"], list["Wrong"]]:
    from services.cli.directory_file import BadFile, read
    from shared.clock import wall

    try:
        return read(file, zone, wall().date())
    except BadFile as error:
        _refuse(command, f"{file} {error}", 2)


def _findings(command: str, lines: list["Line"], source: str, authority: str, *, offline: bool) -> list["Wrong"]:
    from services.accountability.directory_lines import MOST_LINES, CheckText, proposals
    from services.accountability.rules.directory_checks import Standing, findings
    from services.cli.directory_file import Wrong
    from shared.clock import wall

    if not lines:
        return []
    if len(lines) > MOST_LINES:
        _refuse(command, f"more than {MOST_LINES} lines: split the file, units first, then posts, then holders", 2)
    content: dict[str, Any] = {
        "source": source, "authority": authority, "facts": [line.checked() for line in lines],
    }  # fmt: skip
    if not offline:
        told = _asked(command, "accountability", "/v1/directory/checks", content)
        return [Wrong(each["line"], each["code"], each["detail"]) for each in told["findings"]]
    from pydantic import ValidationError

    try:
        given = CheckText.model_validate_json(json.dumps(content))
    except ValidationError as error:
        _refuse(command, f"{error.error_count()} fields are not as they can be: {error.errors()[0]['loc']}", 2)
    proposed, found = proposals(given, wall())
    return [Wrong(*each) for each in (*found, *findings(proposed, Standing()))]


def _tell(wrong: list["Wrong"], lines: int, what: str, *, as_json: bool) -> None:
    if as_json:
        content = {"lines": lines, "wrong": [each._asdict() for each in wrong]}
        typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
        return
    for each in wrong[:SHOWN]:
        typer.echo(f"line {each.line}: {each.code}: {each.detail}", err=True)
    if len(wrong) > SHOWN:
        typer.echo(f"and {len(wrong) - SHOWN} more", err=True)
    typer.echo(f"{lines} lines {what}; {len({each.line for each in wrong})} lines are wrong")


def _asked(command: str, service: str, path: str, content: Any, kind: str = "application/json") -> Any:
    from services.cli.asking import CannotAsk, send, url_of
    from services.cli.config import settings_for

    try:
        return send(f"{url_of(service, settings_for(f'directory {command}'))}{path}", content, kind)
    except CannotAsk as error:
        _refuse(command, str(error), error.exit_code)


def _refuse(command: str, message: str, code: int) -> NoReturn:
    typer.echo(f"duban directory {command}: {message}", err=True)
    raise typer.Exit(code)
