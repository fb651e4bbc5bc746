"""`duban case ID`: one responsibility case, from its head down to the submissions it rests on. Reads only.

Exit codes: 0 answered, 1 the service failed, 2 no such case.
"""

import json
from typing import Annotated

import typer


def case(
    id: Annotated[str, typer.Argument(metavar="ID", help="The case's id, as in the report or in a notice.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the service's answer.")] = False,
) -> None:
    """Tell a case: who is responsible and why, what happened, and the chain of causes."""
    from urllib.parse import quote

    from services.cli.asking import CannotAsk, ask, url_of
    from services.cli.config import settings_for
    from services.cli.told import case_text

    try:
        found = ask(f"{url_of('accountability', settings_for('case'))}/v1/cases/{quote(id, safe='')}")
    except CannotAsk as error:
        typer.echo(f"duban case: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else case_text(found))
