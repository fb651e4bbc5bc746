"""`duban letters`: what could not be processed, tried again through its consumer's own handling, or given up.

The service does the work: a letter is marked, the next consumer that looks takes it, and its effect and the record of
it are one transaction. So a letter is processed once, however often it is asked for. One that fails again stays, with
its new reason.

Accountability has letters of a second kind, `told-words/<id>`: words of the deadline service that became no card. They
are tried again by the loop that issues cards; what fails again is set aside again, under another number.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Annotated, Any, TypeVar

import typer

from services.cli.migrate import SERVICES

T = TypeVar("T")
Row = dict[str, Any]
letters = typer.Typer(help="What could not be processed: list it, try it again, give it up.", no_args_is_help=True)

_PLACE = "topic || '/' || partition || '/' || position || case logs_ago when 0 then '' else '~' || logs_ago end"
_LIST = f"""
select {_PLACE} as letter, reason, failed_at::text, retries, retry_asked_at is not null as asked,
    settled_how, settled_at::text, settled_because, encode(key, 'escape') as key, length(value) as bytes
from dead_letters where $1 or settled_at is null order by failed_at, topic, partition, position
"""
_RETRY = f"""
update dead_letters set retry_asked_at = clock_timestamp()
where settled_at is null and ($1::text[] is null or {_PLACE} = any($1)) returning {_PLACE} as letter
"""
_DISCARD = f"""
update dead_letters set settled_at = clock_timestamp(), settled_how = 'discarded', settled_because = $2,
    retry_asked_at = null
where settled_at is null and {_PLACE} = any($1) returning {_PLACE} as letter
"""
_WORDS = "told-words/"
_LIST_WORDS = f"""
select '{_WORDS}' || id as letter, reason, set_aside_at::text as failed_at, 0 as retries, false as asked,
    case when given_up_at is not null then 'discarded' end as settled_how, given_up_at::text as settled_at,
    given_up_because as settled_because,
    concat_ws('/', convert_from(words, 'UTF8')::json -> 0 ->> 0, convert_from(words, 'UTF8')::json -> 0 ->> 1) as key,
    length(words) as bytes
from told_words where set_aside_at is not null and ($1 or given_up_at is null) order by id
"""
_RETRY_WORDS = f"""
update told_words set set_aside_at = null, reason = null
where set_aside_at is not null and given_up_at is null and ($1::text[] is null or '{_WORDS}' || id = any($1))
returning '{_WORDS}' || id as letter
"""
_DISCARD_WORDS = f"""
update told_words set given_up_at = clock_timestamp(), given_up_because = $2
where set_aside_at is not null and given_up_at is null and '{_WORDS}' || id = any($1)
returning '{_WORDS}' || id as letter
"""

Service = Annotated[str, typer.Argument(metavar="SERVICE", help=f"Whose letters: {', '.join(SERVICES)}.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print a list of JSON objects.")]


async def listed(dsn: str, service: str, *, settled: bool) -> list[Row]:
    """The letters of a service, oldest first; those that are settled too where wanted."""
    return await _ask(dsn, service, (_LIST, _LIST_WORDS), settled)


async def asked_again(dsn: str, service: str, chosen: Sequence[str] | None) -> list[Row]:
    """Mark these letters, or all that are open, to be tried again; those that were marked."""
    return await _ask(dsn, service, (_RETRY, _RETRY_WORDS), None if chosen is None else list(chosen))


async def discarded(dsn: str, service: str, chosen: Sequence[str], because: str) -> list[Row]:
    """Give these up; those that were open."""
    return await _ask(dsn, service, (_DISCARD, _DISCARD_WORDS), list(chosen), because)


async def _ask(dsn: str, service: str, queries: tuple[str, str], *arguments: Any) -> list[Row]:
    """Of its dead letters, and of the words of no card where the service has such."""
    from shared.postgres import connect

    pool = await connect(dsn, service, size=1)
    try:
        asked = queries if service == "accountability" else queries[:1]
        return [dict(row) for query in asked for row in await pool.fetch(query, *arguments)]
    finally:
        await pool.close()


@letters.command("list")
def list_command(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]", help="One service's; else all.")] = None,
    settled: Annotated[bool, typer.Option("--all", help="Those that are processed or given up, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the letters: TOPIC/PARTITION/OFFSET (~N: of the N-th log before this one), or told-words/N: and why."""
    services = SERVICES if service is None else (_known(service),)
    found = [
        {"service": name, **row} for name in services for row in _run(partial(listed, service=name, settled=settled))
    ]
    if as_json:
        typer.echo(json.dumps(found))
        return
    for row in found:
        state = row["settled_how"] or ("asked for again" if row["asked"] else "open")
        because = f" ({row['settled_because']})" if row["settled_because"] else ""
        typer.echo(f"{row['service']:15} {row['letter']}  {state}{because}: {row['reason']}")
    if not found:
        typer.echo("no letters")


@letters.command("retry")
def retry_command(
    service: Service,
    chosen: Annotated[list[str] | None, typer.Argument(metavar="[LETTER]…", help="As `list` names them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are open.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask the service to try letters again; it does within seconds while it runs."""
    if bool(chosen) == every:
        _refuse("name letters, or say --all")
    _tell(_run(lambda dsn: asked_again(dsn, _known(service), None if every else chosen)), chosen, "asked for", as_json)


@letters.command("discard")
def discard_command(
    service: Service,
    chosen: Annotated[list[str], typer.Argument(metavar="LETTER…", help="As `list` names them.")],
    because: Annotated[str, typer.Option(help="Why nothing is lost by it; kept with the letter.")],
    as_json: AsJson = False,
) -> None:
    """Give letters up; their bytes and the reason stay."""
    _tell(_run(lambda dsn: discarded(dsn, _known(service), chosen, because)), chosen, "given up", as_json)


def _tell(done: Sequence[Row], chosen: Sequence[str] | None, what: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([row["letter"] for row in done]))
    else:
        for row in done:
            typer.echo(f"{row['letter']} {what}")
    missing = sorted(set(chosen or ()) - {row["letter"] for row in done})
    if missing:
        typer.echo(f"duban letters: not open, or not there: {', '.join(missing)}", err=True)
        raise typer.Exit(1)


def _known(service: str) -> str:
    if service not in SERVICES:
        _refuse(f"no service {service}: it is one of {', '.join(SERVICES)}")
    return service


def _refuse(why: str) -> None:
    typer.echo(f"duban letters: {why}", err=True)
    raise typer.Exit(2)


def _run(work: Callable[[str], Awaitable[T]]) -> T:
    import asyncpg

    from services.cli.config import settings_for

    settings = settings_for("letters")
    if settings.postgres is None:
        _refuse("DUBAN_POSTGRES is not set: say where the database is, as a DSN")

    async def doing() -> T:
        return await work(str(settings.postgres))

    try:
        return asyncio.run(doing())
    except (asyncpg.PostgresError, OSError) as error:
        typer.echo(f"duban letters: {error or type(error).__name__}", err=True)
        raise typer.Exit(1) from None
