"""`duban explain MATTER [CLOCK]`: a matter's clocks, and why each is due when it is. Reads only.
`duban explain --verify FILE`: whether what an explanation says is true, counted again from the file alone.

Exit codes: 0 answered, or all is true; 1 the service failed, or something is not; 2 no such matter or clock, an id that
several authorities have, or no explanation in the file.
"""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Language(StrEnum):
    """Of the explanation."""

    EN = "en"
    ZH = "zh"


def explain(
    matter: Annotated[
        str | None, typer.Argument(help="authority/matter, or the bare id where only one authority has it.")
    ] = None,
    clock: Annotated[str | None, typer.Argument(help="A clock of it; all of the matter's own unless given.")] = None,
    subject: Annotated[str, typer.Option(help="The clock's subject: a stage, a task, or case:<id>.")] = "",
    lang: Annotated[Language, typer.Option(help="Language of the explanation.")] = Language.EN,
    as_json: Annotated[bool, typer.Option("--json", help="Print the service's answers as one JSON object.")] = False,
    verify: Annotated[
        Path | None, typer.Option(help="Count the explanations of this JSON file again, offline; `-` is the input.")
    ] = None,
) -> None:
    """Tell a matter's deadlines, and explain each day by day; or check explanations that were kept."""
    if (matter is None) == (verify is None):
        typer.echo("duban explain: either a MATTER or --verify FILE", err=True)
        raise typer.Exit(2)
    if matter is None:
        from services.cli.verifying import verify_file

        raise typer.Exit(verify_file(verify or Path("-"), as_json))
    from urllib.parse import quote

    from services.cli.asking import CannotAsk, ask, url_of
    from services.cli.config import settings_for
    from services.cli.told import deadlines_text, explanation_text, missing_clock_text

    try:
        base = f"{url_of('deadline', settings_for('explain'))}/v1/matters/{quote(matter)}/deadlines"
        all_clocks = None if clock else ask(base)
        names = (
            [(clock, subject)]
            if clock
            else [(c["clock"], c["subject"]) for c in (all_clocks or {})["deadlines"] if c["subject"] == subject]
        )
        try:
            explained = [ask(f"{base}/{quote(name, safe='')}/explanation", subject=of) for name, of in names]
        except CannotAsk as error:
            if clock and error.exit_code == 2:
                raise CannotAsk(missing_clock_text(ask(base), clock, subject), 2) from None
            raise
    except CannotAsk as error:
        typer.echo(f"duban explain: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    if as_json:
        typer.echo(json.dumps({"deadlines": all_clocks, "explanations": explained}, ensure_ascii=False, indent=2))
        return
    texts = [deadlines_text(all_clocks)] if all_clocks else []
    typer.echo("\n\n".join([*texts, *(explanation_text(one, lang.value) for one in explained)]))
