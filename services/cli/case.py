"""`duban case ID`: one responsibility case, from its head down to the submissions it rests on. Reads only.

Exit codes: 0 answered, 1 the service failed, 2 no such case, or several that begin so.
"""

import json
from typing import Annotated, Any

import typer

SHORTEST = 8
CANDIDATES = 10
PAGE = "500"


def case(
    id: Annotated[
        str, typer.Argument(metavar="ID", help=f"The case's id, or how it begins: {SHORTEST} characters or more.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the service's answer.")] = False,
) -> None:
    """Tell a case: who is responsible and why, what happened, and the chain of causes."""
    from urllib.parse import quote

    from services.cli.asking import CannotAsk, ask, url_of
    from services.cli.config import settings_for
    from services.cli.told import case_text

    try:
        base = f"{url_of('accountability', settings_for('case'))}/v1/cases"
        found = ask(f"{base}/{quote(whole_id(base, id), safe='')}")
    except CannotAsk as error:
        typer.echo(f"duban case: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else case_text(found))


def whole_id(base: str, id: str) -> str:
    """The id of the one case whose id begins so. Raises CannotAsk, with the candidates where there are several."""
    from services.cli.asking import CannotAsk, ask

    begin = id.replace("-", "").lower()
    if len(begin) >= 32 or begin.strip("0123456789abcdef"):
        return id
    if len(begin) < SHORTEST:
        raise CannotAsk(f"{id!r} is too short: give {SHORTEST} characters of the case's id or more", 2)
    matching: list[dict[str, Any]] = []
    page = ask(base, limit=PAGE)
    while True:
        matching += [one for one in page["cases"] if one["case_id"].replace("-", "").startswith(begin)]
        if "next" not in page or len(matching) > CANDIDATES:
            break
        page = ask(base, limit=PAGE, cursor=page["next"])
    if not matching:
        raise CannotAsk(f"no case's id begins with {id!r}", 2)
    if len(matching) > 1:
        lines = [f"  {one['case_id']} {one['authority']}/{one['matter']}" for one in matching[:CANDIDATES]]
        more = ["  and more"] if len(matching) > CANDIDATES else []
        raise CannotAsk("\n".join([f"several cases' ids begin with {id!r}:", *lines, *more]), 2)
    whole: str = matching[0]["case_id"]
    return whole
