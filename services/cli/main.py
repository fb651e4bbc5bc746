"""The `duban` command: one line for each subcommand.

A command's module imports typer and the rules at its top and everything heavy inside the command, so that
`duban --help` stays fast.
"""

import typer

from services.cli.calc import calc
from services.cli.migrate import migrate
from services.cli.replay.command import replay
from services.cli.topics import topics

app = typer.Typer(
    name="duban",
    help="Duban 督办 holds government to its own deadlines.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def duban() -> None:
    """Duban 督办 holds government to its own deadlines."""


app.command("calc")(calc)
app.command("replay")(replay)
app.command("migrate")(migrate)
app.command("topics")(topics)
