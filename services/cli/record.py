"""`duban record …`: legal holds, and the erasure of texts by two people (docs/record.md).

Exit codes: 0 done, or proposed; 1 the service failed, 2 it refuses.
"""

import json
from typing import Annotated, Any

import typer

record = typer.Typer(help="Legal holds, and texts to erase.", no_args_is_help=True)
By = Annotated[str, typer.Option(help="Who says so; with tokens it is the token's own person.")]
Basis = Annotated[str, typer.Option(help="The law or the order that it rests on, as it will stand on record.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the service's answer.")]


@record.command("erase")
def erase(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="Ids of texts of one matter.")],
    by: By,
    basis: Basis,
    ground: Annotated[
        str | None, typer.Option(help="Before its time: court-order, right-of-the-person or kept-unlawfully.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Propose to erase texts; who says the same as another person before, erases them."""
    order = {"texts": texts, "legal_basis": basis, "by": by, **({"ground": ground} if ground else {})}
    done = _send("erasures", order)
    said = f"{len(done['erased'])} texts erased" if done["erased"] else "proposed: another person has to say the same"
    typer.echo(json.dumps(done) if as_json else said)


@record.command("hold")
def hold(authority: str, matter: str, by: By, basis: Basis, as_json: AsJson = False) -> None:
    """Put a matter under a legal hold: none of its texts can be erased."""
    _order("hold", authority, matter, by, basis, as_json)


@record.command("release")
def release(authority: str, matter: str, by: By, basis: Basis, as_json: AsJson = False) -> None:
    """End a legal hold."""
    _order("release", authority, matter, by, basis, as_json)


def _order(act: str, authority: str, matter: str, by: str, basis: str, as_json: bool) -> None:
    order = {"act": act, "authority": authority, "matter": matter, "legal_basis": basis, "by": by}
    done = _send("holds", order)
    typer.echo(json.dumps(done) if as_json else f"{authority}/{matter}: {act}")


def _send(what: str, order: dict[str, Any]) -> dict[str, Any]:
    from services.cli.asking import CannotAsk, send, url_of
    from services.cli.config import settings_for

    try:
        return send(f"{url_of('accountability', settings_for('record'))}/v1/record/{what}", order, by=order["by"])
    except CannotAsk as error:
        typer.echo(f"duban record: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
