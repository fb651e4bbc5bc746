"""What every provider hands over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.providers.process import Run
from shared.kafka_access import Access


@dataclass(frozen=True)
class Infrastructure:
    """A Kafka and a Postgres that answer, and a place for the processes that use them."""

    name: str
    """The provider's."""
    kafka: str
    """host:port"""
    postgres: str = field(repr=False)
    """A DSN, with its password: never printed."""
    run: Run = field(repr=False)
    """Start processes through it: they end with the infrastructure, however this process ends."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What services should be told besides the addresses, as DUBAN_… variables."""
    access: Access = field(default_factory=dict, repr=False)
    """How our own clients reach the Kafka, where it asks who they are; services know from their settings."""

    @property
    def directory(self) -> Path:
        """Private to the run, removed at its end; holds ``logs/``."""
        return self.run.directory
