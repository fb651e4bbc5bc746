"""The `duban` command: one line for each subcommand.

A command's module imports typer and the rules at its top and everything heavy inside the command, so that
`duban --help` stays fast.
"""

import io
import sys

import typer

from services.cli.calc import calc
from services.cli.calendar import calendar
from services.cli.cards import cards
from services.cli.case_steps import cases
from services.cli.catalogue import catalogue
from services.cli.demo import demo
from services.cli.directory import directory
from services.cli.explain import explain
from services.cli.grow import grow_command
from services.cli.migrate import migrate
from services.cli.record import record
from services.cli.recovery.letters import letters
from services.cli.recovery.rebuild import rebuild_command
from services.cli.replay.command import replay
from services.cli.score import score
from services.cli.token import token
from services.cli.topics import topics
from services.cli.up import up
from services.cli.verify import verify

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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks Chinese gets escapes, never a traceback
            stream.reconfigure(errors="backslashreplace")


app.command("up")(up)
app.command("demo")(demo)
app.command("migrate")(migrate)
app.command("topics")(topics)
app.command("grow")(grow_command)
app.command("replay")(replay)
app.command("calc")(calc)
app.command("explain")(explain)
app.add_typer(cases, name="case")
app.command("cards")(cards)
app.command("score")(score)
app.command("token")(token)
app.command("verify")(verify)
app.command("rebuild")(rebuild_command)
app.add_typer(record, name="record")
app.add_typer(letters, name="letters")
app.add_typer(calendar, name="calendar")
app.add_typer(directory, name="directory")
app.add_typer(catalogue, name="catalogue")
