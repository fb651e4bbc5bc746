"""`duban token PERSON ROLE…`: be somebody, on the stack that this user started last."""

from typing import Annotated

import typer

from shared.identity.roles import Role


def token(
    person: Annotated[str, typer.Argument(help="Their pseudonymous id, such as the directory has it.")],
    roles: Annotated[list[Role], typer.Argument(metavar="ROLE...", help="Of docs/security.md.")],
) -> None:
    """Print a token of a person on the `duban up` or `duban demo` that runs here."""
    from services.cli.stack import announced_token, announced_urls

    made = announced_token(person, *roles) if announced_urls() else None
    if made is None:
        typer.echo("duban token: no stack runs here that makes its own tokens: start `duban up`", err=True)
        raise typer.Exit(2)
    typer.echo(made)
