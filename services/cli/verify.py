"""`duban verify`: whether the record was altered, from a running service or offline from an export.

Exit codes: 0 nothing was altered, 1 something was, 2 there is nothing whole to verify, or no such file.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer


def verify(
    export: Annotated[
        Path | None, typer.Option(help="An export that was kept (JSON lines, .gz too), instead of the running service.")
    ] = None,
    key: Annotated[
        list[Path] | None, typer.Option(help="A public key (PEM) that you trust, instead of those the export names.")
    ] = None,
    heads: Annotated[
        Path | None, typer.Option(help="Heads that you kept from the topic record-heads, one JSON object in each line.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Keep what the service exports in this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count every hash of the record again, check the signed heads, and name the first row that does not fit."""
    from services.cli import record_verifier as verifier
    from services.cli.asking import CannotAsk, url_of
    from services.cli.config import settings_for

    if export is not None and save is not None:
        typer.echo("duban verify: --save keeps what a service exports: not together with --export", err=True)
        raise typer.Exit(2)
    try:
        keys = dict(verifier.read_key(file) for file in key or ())
        witnessed = verifier.lines_of(heads) if heads else ()
        if export is None:
            url = f"{url_of('accountability', settings_for('verify'))}/v1/record/export"
            report = verifier.verify(_exported(url, save), keys, witnessed)
        else:
            report = verifier.verify(verifier.lines_of(export), keys, witnessed)
    except CannotAsk as error:
        typer.echo(f"duban verify: {error}", err=True)
        raise typer.Exit(2) from None
    except (verifier.NotAnExport, OSError, ValueError, EOFError) as error:
        typer.echo(f"duban verify: {export or 'the export'}: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(json.dumps(vars(report), ensure_ascii=False) if as_json else verifier.told(report))
    raise typer.Exit(1 if report.problems else 0)


def _exported(url: str, save: Path | None) -> Iterator[dict[str, Any]]:
    """The lines of an export as they come, each kept in `save`."""
    from contextlib import ExitStack

    from services.cli.asking import stream_lines

    with ExitStack() as stack:
        file = None if save is None else stack.enter_context(save.open("w", encoding="utf-8"))
        for line in stream_lines(url):
            if file is not None:
                file.write(line + "\n")
            yield json.loads(line)
