"""How a client of ours reaches the broker, in the words of aiokafka: protocol, certificates, user name and password."""

import ssl
from collections.abc import Mapping
from typing import Any

from shared.errors import WrongEnvironment
from shared.security_settings import KafkaSettings

Access = Mapping[str, Any]
"""Further arguments of an aiokafka client."""
OPEN: Access = {}
"""A broker that asks nobody who they are: on loopback only."""


def access_of(settings: KafkaSettings) -> Access:
    """The arguments that the settings come to. The broker's name is always checked against its certificate. Raises
    WrongEnvironment where a certificate cannot be read."""
    protocol = settings.kafka_security
    access: dict[str, Any] = {}
    if protocol != "PLAINTEXT":
        access["security_protocol"] = protocol
    if protocol.endswith("SSL"):
        access["ssl_context"] = _context(settings)
    if protocol.startswith("SASL") and settings.kafka_password is not None:
        access["sasl_mechanism"] = settings.kafka_mechanism
        access["sasl_plain_username"] = settings.kafka_username
        access["sasl_plain_password"] = settings.kafka_password.get_secret_value()
    return access


def _context(settings: KafkaSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca)
        if settings.kafka_cert is not None:
            context.load_cert_chain(settings.kafka_cert, settings.kafka_key)
    except (OSError, ssl.SSLError) as error:
        named = "DUBAN_KAFKA_CA, DUBAN_KAFKA_CERT or DUBAN_KAFKA_KEY"
        raise WrongEnvironment(f"{named} cannot be used: {type(error).__name__}") from None
    return context
