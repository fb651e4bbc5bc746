"""What accountability publishes on `case-events` of attribution (R25): for which share of the time each pair of hands
had the matter, and what people make of a proposal. Persons are pseudonyms (D19).
"""

from typing import ClassVar, Literal

from pydantic import Field

from shared.events.accountability import CaseEvent, External, Responsible, Share
from shared.events.base import Event, EventRef, Name, PersonId, When
from shared.events.deadline import Team


class CaseAttributionConfirmed(CaseEvent):
    """A person confirms who is responsible: what is learned later changes it no more by itself."""

    TYPE = "case.attribution_confirmed"
    MOVES_CLOCKS: ClassVar[bool] = False
    n: int = Field(ge=1, description="The number of the attribution.")
    confirmed_by: PersonId
    responsible: tuple[Responsible, ...]


class CaseRevisionProposed(CaseEvent):
    """A fact learned after the confirmation says something else. Nothing changes until a person accepts it; of
    several the last one waits.
    """

    TYPE = "case.revision_proposed"
    MOVES_CLOCKS: ClassVar[bool] = False
    no: int = Field(ge=1, description="The revision's number in this case.")
    responsible: tuple[Responsible, ...]
    reason: Literal["miss-republished", "directory-fact"]
    cause: EventRef
    due: When
    unit: Name | None = None
    item: Name | None = None
    shares: tuple[Share, ...] | None = None
    external: External | None = None
    team: Team | None = None


class CaseRevisionClosed(CaseEvent):
    """Nobody has to decide on it any more: it was accepted, and case.revised follows; it was rejected; or what is
    known now says what was confirmed.
    """

    TYPE = "case.revision_closed"
    MOVES_CLOCKS: ClassVar[bool] = False
    no: int = Field(ge=1)
    outcome: Literal["accepted", "rejected", "lapsed"]
    decided_by: PersonId | None = None


ATTRIBUTION_EVENTS: tuple[type[Event], ...] = (CaseAttributionConfirmed, CaseRevisionProposed, CaseRevisionClosed)
