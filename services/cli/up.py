"""`duban up`: the four services on some infrastructure, until Ctrl-C. On the wall clock, and on loopback only."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from services.cli.config import Settings
    from services.cli.supervisor import Restart


def up(
    provider: Annotated[
        str, typer.Option(help="Where Kafka and Postgres come from: embedded, apache or external.")
    ] = "embedded",
    show_settings: Annotated[
        bool, typer.Option("--show-settings", help="Print every setting with its default and origin, and end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print addresses, or settings, as one JSON object.")] = False,
) -> None:
    """Run the services; external takes DUBAN_KAFKA and DUBAN_POSTGRES, and makes topics and schemas there."""
    if show_settings:
        _show_settings(as_json)
        return
    import asyncpg
    from aiokafka.errors import KafkaError

    from services.cli.config import settings_for
    from services.cli.providers import UnknownProvider
    from services.cli.supervisor import ProcessError
    from services.cli.topics import TopicMismatch
    from shared.errors import WrongEnvironment

    settings = settings_for("up")
    try:
        asyncio.run(_run(provider, settings, as_json))
    except UnknownProvider as error:
        typer.echo(f"duban up: {error}", err=True)
        raise typer.Exit(2) from None
    except asyncpg.ClientConfigurationError as error:
        typer.echo(f"duban up: DUBAN_POSTGRES: {error}", err=True)
        raise typer.Exit(2) from None
    except (ProcessError, TopicMismatch, WrongEnvironment, KafkaError, asyncpg.PostgresError, OSError) as error:
        typer.echo(f"duban up: {error or type(error).__name__}", err=True)
        raise typer.Exit(1) from None


async def _run(provider: str, settings: "Settings", as_json: bool) -> None:
    from services.cli.config import names_a_provider
    from services.cli.providers import provide
    from services.cli.signals import until_told_to_stop
    from services.cli.stack import announced, start_stack
    from shared.identity.roles import Role
    from shared.kafka_access import OPEN, access_of

    def restarted(restart: "Restart") -> None:
        typer.echo(str(restart), err=True)

    external = provider == "external"
    async with (
        provide(
            provider,
            kafka=settings.kafka if external else None,
            postgres=settings.postgres if external else None,
            access=access_of(settings) if external else OPEN,
            durable=True,
        ) as infrastructure,
        start_stack(
            infrastructure,
            clock="wall",
            prefix=settings.topic_prefix,
            on_restart=restarted,
            own_identity=not names_a_provider(),
        ) as stack,
    ):
        token = stack.token("operator", *Role)
        with announced(stack):
            if as_json:
                told = {"kafka": infrastructure.kafka, "services": stack.urls, "token": token}
                typer.echo(json.dumps(told))
            else:
                typer.echo(f"kafka           {infrastructure.kafka}")
                for name, url in stack.urls.items():
                    typer.echo(f"{name:15} {url}")
                if token is not None:
                    typer.echo(f"TOKEN={token}")
                    typer.echo(f'curl -H "authorization: Bearer $TOKEN" {stack.urls["intake"]}/v1/items')
                typer.echo("Ctrl-C ends them.")
            await until_told_to_stop()


def _show_settings(as_json: bool) -> None:
    from services.cli.settings_shown import shown_settings

    found = shown_settings()
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for setting in found:
        typer.echo(f"{setting['name']} = {setting['value']}  ({setting['origin']}; of {setting['of']})")
        typer.echo(f"    {setting['description']} Default: {setting['default']}")
