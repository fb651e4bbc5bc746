"""What a service may be reachable from, and reach: beyond loopback only with identities, and where nobody listens in.

Asked before anything is bound or connected to. Every reason is given at once, each with what an operator does about it.
"""

import ipaddress
from urllib.parse import parse_qs, unquote, urlsplit

from shared.errors import WrongEnvironment
from shared.identity.keys import is_url
from shared.settings import ServiceSettings


class Exposed(WrongEnvironment):
    """The process would be open to whoever reaches it, or would speak where others listen."""


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host. A name other than localhost may be anybody's; an empty one is all."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def kafka_is_near(settings: ServiceSettings) -> bool:
    """Whether every bootstrap server is on this machine."""
    return all(is_loopback(place.strip().rpartition(":")[0]) for place in settings.kafka.split(","))


def is_reachable(settings: ServiceSettings) -> bool:
    """Whether somebody beyond this machine may send to the service, by HTTP or by Kafka."""
    return not (is_loopback(settings.http_host) and kafka_is_near(settings))


def refuse_exposure(settings: ServiceSettings) -> None:
    """Raise Exposed unless what lies beyond loopback is guarded."""
    wrong = [*_http(settings), *_kafka(settings), *_postgres(settings), *_provider(settings)]
    if wrong:
        raise Exposed(f"{'; '.join(wrong)}. See docs/security.md")


def _http(settings: ServiceSettings) -> list[str]:
    if is_loopback(settings.http_host) or settings.identity_jwks is not None:
        return []
    return [
        "DUBAN_HTTP_HOST lies beyond loopback, and nobody is asked who they are: set DUBAN_IDENTITY_JWKS,"
        " DUBAN_IDENTITY_ISSUER and DUBAN_IDENTITY_AUDIENCE"
    ]


def _kafka(settings: ServiceSettings) -> list[str]:
    guarded = settings.kafka_security == "SASL_SSL" or (
        settings.kafka_security == "SSL" and settings.kafka_cert is not None
    )
    if guarded or settings.i_accept_unprotected_kafka or kafka_is_near(settings):
        return []
    return [
        "DUBAN_KAFKA lies beyond loopback without TLS and a proof of who we are: set DUBAN_KAFKA_SECURITY=SASL_SSL with"
        " DUBAN_KAFKA_USERNAME and DUBAN_KAFKA_PASSWORD, or SSL with DUBAN_KAFKA_CERT and DUBAN_KAFKA_KEY"
    ]


def _postgres(settings: ServiceSettings) -> list[str]:
    hosts, mode = _postgres_place(settings.postgres.get_secret_value())
    near = all(is_loopback(host) or host.startswith("/") for host in hosts)
    if near or mode == "verify-full" or settings.i_accept_unprotected_postgres:
        return []
    return [
        "DUBAN_POSTGRES lies beyond loopback without TLS that knows the server: add sslmode=verify-full, and"
        " sslrootcert, to it"
    ]


def _postgres_place(dsn: str) -> tuple[list[str], str]:
    """The hosts of a DSN, none for a local socket, and its sslmode."""
    parts = urlsplit(dsn)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    places = query["host"] if "host" in query else parts.netloc.rpartition("@")[2]
    hosts = [_host(unquote(place)) for place in places.split(",") if place]
    return hosts, query.get("sslmode", "prefer")


def _host(place: str) -> str:
    """Of host, host:port, [v6]:port or a directory."""
    if place.startswith(("[", "/")):
        return place.partition("]")[0].strip("[") if place.startswith("[") else place
    return place.partition(":")[0] if place.count(":") == 1 else place


def _provider(settings: ServiceSettings) -> list[str]:
    place = settings.identity_jwks
    if (
        place is None
        or not is_url(place)
        or place.startswith("https://")
        or is_loopback(urlsplit(place).hostname or "")
    ):
        return []
    return ["DUBAN_IDENTITY_JWKS is fetched over http: whoever sits between could hand us keys of their own; use https"]
