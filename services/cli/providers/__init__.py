"""Where Kafka and Postgres come from.

``async with provide("embedded") as infrastructure:`` yields an :class:`Infrastructure` that answers; at the
end, and also when this process is killed, everything that was started is gone. A new provider is one module
and one line in ``provide``.
"""

from contextlib import AbstractAsyncContextManager

from services.cli.providers.apache import apache
from services.cli.providers.docker import docker
from services.cli.providers.embedded import embedded
from services.cli.providers.external import external
from services.cli.providers.infrastructure import Infrastructure
from services.cli.providers.process import Child, ProcessError, Run, free_port
from shared.kafka_access import OPEN, Access

PROVIDERS = ("embedded", "apache", "docker", "external")

__all__ = [
    "PROVIDERS",
    "Child",
    "Infrastructure",
    "ProcessError",
    "Run",
    "UnknownProvider",
    "free_port",
    "provide",
]


class UnknownProvider(ValueError):
    """There is no provider of this name, or it lacks an address that it needs."""


def provide(
    name: str, *, kafka: str | None = None, postgres: str | None = None, access: Access = OPEN, durable: bool = True
) -> AbstractAsyncContextManager[Infrastructure]:
    """Infrastructure of the named provider.

    ``kafka`` (host:port), ``postgres`` (a DSN) and ``access`` to the Kafka are for ``external``; ``durable`` is for
    those that start a Postgres (see providers/postgres.py).
    """
    match name:
        case "embedded":
            return embedded(durable=durable)
        case "apache":
            return apache(durable=durable)
        case "docker":
            return docker(durable=durable)
        case "external":
            if not kafka or not postgres:
                raise UnknownProvider("the provider external needs the address of a Kafka and of a Postgres")
            return external(kafka=kafka, postgres=postgres, access=access)
        case _:
            raise UnknownProvider(f"no provider {name!r}: choose one of {', '.join(PROVIDERS)}")
