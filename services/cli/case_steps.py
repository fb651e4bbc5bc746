"""`duban case …`: the common steps of a case, and what may be done next. `duban case ID` still tells the case.

Each step names the revision of the case that was read just before; a sensitive one waits for a second person to send
the same. Exit codes: 0 taken or proposed, 1 the service failed, 2 a rule forbids it, and which.
"""

import json
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from services.cli.case import case, whole_id

PLEAS = ("defence", "review-request", "appeal")
Id = Annotated[str, typer.Argument(metavar="ID", help="The case's id, or how it begins.")]
By = Annotated[str, typer.Option("--by", help="Who acts; with DUBAN_TOKEN the caller's own id.")]
Reason = Annotated[str, typer.Option("--reason", help="In writing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the service's answer.")]


class CaseGroup(TyperGroup):
    """Takes what is no step as the id of a case to tell."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["show", *args]
        return super().parse_args(ctx, args)


cases = typer.Typer(cls=CaseGroup, no_args_is_help=True, help="Tell a case, or take a step in it.")
cases.command("show")(case)


@cases.command("steps")
def steps(id: Id, as_json: AsJson = False) -> None:
    """What may be done next in a case, by whom, and within what limit."""
    from services.cli.proceeding_told import steps_text

    found = _read(id)["proceeding"]
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else steps_text(found))


@cases.command("review")
def review(id: Id, by: By, as_json: AsJson = False) -> None:
    """Take a lead up 初核."""
    _take(id, "review", by, {}, as_json)


@cases.command("file")
def file(id: Id, by: By, reason: Reason, violation: str = "delay", as_json: AsJson = False) -> None:
    """File a case 立案, for an omission, a delay or misconduct."""
    _take(id, "filing", by, {"reason": reason, "violation": violation}, as_json)


@cases.command("dismiss")
def dismiss(id: Id, by: By, reason: Reason, as_json: AsJson = False) -> None:
    """Do not file it 不予立案."""
    _take(id, "dismissal", by, {"reason": reason}, as_json)


@cases.command("investigate")
def investigate(
    id: Id,
    by: By,
    who: Annotated[list[str], typer.Option("--with", help="An investigator; at least two.")],
    as_json: AsJson = False,
) -> None:
    """Say who investigates 调查."""
    _take(id, "investigators", by, {"investigators": who}, as_json)


@cases.command("confirm")
def confirm(id: Id, by: By, as_json: AsJson = False) -> None:
    """Confirm who is responsible, as it is proposed now: a notice rests on it."""
    seen = _read(id)
    told = _post(seen, f"attributions/{seen['attributions'][-1]['n']}/confirmations", by, {})
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        typer.echo(f"attribution {told['n']} is confirmed by {told['confirmed_by']}")


@cases.command("vote")
def vote(id: Id, by: By, outcome: str, dissent: str | None = None, as_json: AsJson = False) -> None:
    """One member's vote: for exemption, decision or referral."""
    _take(id, "vote", by, {"outcome": outcome, **({"dissent": dissent} if dissent else {})}, as_json)


@cases.command("decide")
def decide(
    id: Id,
    by: By,
    reason: Reason,
    measure: Annotated[list[str], typer.Option("--measure", help="PERSON=MEASURE, for each party.")],
    as_json: AsJson = False,
) -> None:
    """Decide 处理决定; takes two people."""
    measures = [dict(zip(("person", "measure"), one.rsplit("=", 1), strict=False)) for one in measure]
    _take(id, "decision", by, {"reason": reason, "measures": measures}, as_json)


@cases.command("defend")
def defend(id: Id, by: By, text: Annotated[str | None, typer.Option("--text")] = None, as_json: AsJson = False) -> None:
    """A party's defence 申辩; without a text it is waived."""
    _take(id, "defence", by, {"waived": True} if text is None else {"defence": text}, as_json)


@cases.command("serve")
def serve(
    id: Id,
    by: By,
    to: Annotated[list[str] | None, typer.Option("--to", help="A party; else all who wait to be served.")] = None,
    as_json: AsJson = False,
) -> None:
    """Serve what was concluded, or answered, on the parties 送达: their time runs from it."""
    _take(id, "service", by, {"people": to} if to else {}, as_json)


@cases.command("ask-review")
def ask_review(id: Id, by: By, text: Annotated[str, typer.Option("--text")], as_json: AsJson = False) -> None:
    """A party asks for review 复核, once."""
    _take(id, "review-request", by, {"request": text}, as_json)


@cases.command("appeal")
def appeal(id: Id, by: By, text: Annotated[str, typer.Option("--text")], as_json: AsJson = False) -> None:
    """A party appeals against the answer to their review 申诉, once."""
    _take(id, "appeal", by, {"request": text}, as_json)


@cases.command("execute")
def execute(id: Id, by: By, as_json: AsJson = False) -> None:
    """Carry out the measures that were served 执行."""
    _take(id, "execution", by, {}, as_json)


@cases.command("close")
def close(id: Id, by: By, as_json: AsJson = False) -> None:
    """Close a case 结案."""
    _take(id, "closure", by, {}, as_json)


@cases.command("take")
def take(
    id: Id,
    step: Annotated[str, typer.Argument(help="As `duban case steps ID` names it.")],
    by: By,
    body: Annotated[str, typer.Option("--body", help="JSON, as docs/rulebook.md has it.")] = "{}",
    as_json: AsJson = False,
) -> None:
    """Any step."""
    try:
        given = json.loads(body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        typer.echo("duban case: --body is a JSON object", err=True)
        raise typer.Exit(2)
    _take(id, step, by, given, as_json)


def _read(id: str) -> dict[str, Any]:
    from urllib.parse import quote

    from services.cli.asking import CannotAsk, ask

    try:
        base = _base()
        return ask(f"{base}/{quote(whole_id(base, id), safe='')}")
    except CannotAsk as error:
        typer.echo(f"duban case: {error}", err=True)
        raise typer.Exit(error.exit_code) from None


def _take(id: str, step: str, by: str, body: dict[str, Any], as_json: bool) -> None:
    from urllib.parse import quote

    kind = "pleas" if step in PLEAS else "steps"
    told = _post(_read(id), f"{kind}/{quote(step, safe='')}", by, body)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif told["proposed"]:
        typer.echo(f"{step} is proposed; it waits for a second person (state {told['state']})")
    else:
        typer.echo(f"{', '.join(told['happened'])}: state {told['state']}, revision {told['revision']}")


def _post(seen: dict[str, Any], path: str, by: str, body: dict[str, Any]) -> dict[str, Any]:
    """Of the revision that was read just before."""
    from services.cli.asking import CannotAsk, send

    url = f"{_base()}/{seen['case_id']}/{path}"
    try:
        return send(url, {"by": by, **body}, headers={"if-match": f'"{seen["revision"]}"'}, by=by)
    except CannotAsk as error:
        typer.echo(f"duban case: {error}", err=True)
        raise typer.Exit(error.exit_code) from None


def _base() -> str:
    from services.cli.asking import url_of
    from services.cli.config import settings_for

    return f"{url_of('accountability', settings_for('case'))}/v1/cases"
