"""The sections `overseers` and `rectification` of the rulebook's file, and what an edition says beside its rungs."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from services.accountability.rules import overseers
from services.accountability.rules.process_clocks import OFFICE_CLOCKS
from services.accountability.rules.rectification import CHECK, RectificationEdition, amount_within
from shared.events.base import Model, Name, Role, Span, Text, Zone

Part = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
Office = Literal["office", "supervisor"]
DUTIES = OFFICE_CLOCKS | {overseers.TAKE_UP, CHECK}
"""The clocks of overseers' duties."""


class SnoozeText(Model):
    """How often the rungs of a standing may be put off, for how long at most each time, and by holders of which roles
    of the case."""

    times: int = Field(ge=1, le=10)
    longest: Span
    by: tuple[Role, ...] = Field(min_length=1)


class PostText(Model):
    """Where the directory has an office: a unit, and the role of its head. Without `unit` a post of the authority."""

    unit: Name | None = None
    role: Role = "principal"


class OverseerEditionText(Model):
    """One version. It governs the duties of cases whose due lies on or after `effective_from`."""

    version: Part
    effective_from: date
    source: Text
    take_up: Span | None = None
    posts: dict[Office, PostText]
    to: dict[Part, tuple[Office, ...]] = Field(default_factory=dict)
    otherwise: tuple[Office, ...] = ("office", "supervisor")

    @model_validator(mode="after")
    def _whole(self) -> "OverseerEditionText":
        if unknown := sorted(self.to.keys() - DUTIES):
            raise ValueError(f"`to` names clocks that are no duty of overseers: {', '.join(unknown)}")
        for offices in (self.otherwise, *self.to.values()):
            if list(offices) != [office for office in overseers.OFFICES if office in offices]:
                raise ValueError("offices only rise: office, supervisor; each once")
            if missing := [office for office in offices if office not in self.posts]:
                raise ValueError(f"`posts` does not say where the {missing[0]} is")
        return self

    def edition(self) -> overseers.OverseerEdition:
        """As the rules take it."""
        return overseers.OverseerEdition(
            self.version,
            self.effective_from,
            self.take_up,
            tuple((office, overseers.Post(post.unit, post.role)) for office, post in self.posts.items()),
            tuple(self.to.items()),
            self.otherwise,
        )


class RectificationEditionText(Model):
    """One version. It governs what is ordered on or after `effective_from`, in its own `zone`."""

    version: Part
    effective_from: date
    source: Text
    limit: Span
    most: Span
    check: Span
    evidence: int = Field(default=0, ge=0, le=20)
    overdue: tuple[Role, ...] = ("leading", "principal")
    zone: Zone
    calendar: Name

    @model_validator(mode="after")
    def _whole(self) -> "RectificationEditionText":
        if not amount_within(self.limit, self.most):
            raise ValueError("`limit` is at most `most`, in the same unit")
        return self

    def edition(self) -> RectificationEdition:
        """As the rules take it."""
        return RectificationEdition(
            self.version, self.effective_from, self.limit, self.most, self.check, self.evidence, self.overdue,
            self.zone, self.calendar, self.source,
        )  # fmt: skip
