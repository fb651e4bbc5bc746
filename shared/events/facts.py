"""What all facts about matters have in common: when they happened, and who did it."""

from datetime import date as _date
from datetime import datetime as _datetime

from pydantic import model_validator

from shared.events.base import Event, Name, Origin, PersonId, Text, When, Zone


def ends_in_a_zone(until: _date | _datetime | None, zone: str | None) -> None:
    """Raises ValueError for an end that is a bare date without a zone."""
    if until is not None and zone is None and not isinstance(until, _datetime):
        raise ValueError("until is a bare date: say in `zone` where its day begins")


class Fact(Event):
    """Something that happened in a matter. `occurred_at` is business time and decides; a bare date needs `zone`."""

    occurred_at: When
    zone: Zone | None = None
    origin: Origin = "live"
    note: Text | None = None

    @model_validator(mode="after")
    def _date_has_zone(self) -> "Fact":
        if self.zone is None and not isinstance(self.occurred_at, _datetime):
            raise ValueError("occurred_at is a bare date: say in `zone` where its day begins")
        return self


class Acted(Fact):
    """A fact that may say who did it."""

    unit: Name | None = None
    person: PersonId | None = None


class Handled(Acted):
    """A fact that says in whose hands the matter is from now on: who did it has the matter."""
