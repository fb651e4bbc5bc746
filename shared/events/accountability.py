"""What accountability publishes on `case-events`: the life of a responsibility case 责任案件, and of the cards of a
matter's limits: reminder 提醒, warning 预警, yellow 黄牌, red 红牌.
"""

from typing import ClassVar, Literal

from pydantic import Field

from shared.events.base import Event, EventRef, Instant, Model, Name, Origin, PersonId, Role, Text, When
from shared.events.deadline import PauseCounted, Team
from shared.events.limits import LimitTerms


def _empty(value: tuple[object, ...]) -> bool:
    return not value


class Responsible(Model):
    """Who held a role at the due instant; `person` absent: the post was vacant."""

    role: Role
    person: PersonId | None = None
    rule: Name = Field(description="The rule of attribution applied, such as R25.")
    because: Text
    facts: tuple[Name, ...] | None = Field(
        default=None, description="The matter's own facts that it rests on beside who held it, as matter events."
    )
    known_since: Instant | None = Field(
        default=None,
        description="When the last of these was received, and of the directory's facts of who held the post, stood in"
        " or left it vacant; absent where it rests on a hand-over alone, or nothing was ever said of a post.",
    )


class Share(Model):
    """All that one pair of hands had of the time that the limit counts; `percent` is absent where none was counted."""

    unit: Name | None = None
    person: PersonId | None = None
    net_minutes: int = Field(ge=0)
    percent: int | None = Field(default=None, ge=0, le=100)


class UnitTime(Model):
    """The counted time that a unit had the matter."""

    unit: Name
    net_minutes: int = Field(ge=1)


class External(Model):
    """What the unit responsible could not help: pauses, and what other units had."""

    pauses: tuple[PauseCounted, ...] | None = None
    units: tuple[UnitTime, ...] | None = None


class Rung(Model):
    """One step of the ladder, stamped on the case when it opens. `after` is absent for the day of the miss."""

    rung: int = Field(ge=0)
    role: Role
    after: Name | None = None


class Addressee(Model):
    """Whom a rung reaches. `skipped` are the vacant roles below, whose turn went up (domain, ladder)."""

    role: Role
    person: PersonId | None = None
    skipped: tuple[Role, ...] = ()


class CaseEvent(Event):
    """Of every event of a case. `matter` is the matter whose limit was missed."""

    MOVES_CLOCKS: ClassVar[bool] = True
    """Whether the deadline service keeps it as a fact of the case: it may state, start, stop or pause a clock. One
    that does not is kept all the same where it says `limits`."""
    case_id: Name
    authority: Name
    matter: Name
    occurred_at: Instant
    origin: Origin = "live"


class CaseLead(Model):
    """What opened a case that no missed limit did: a finding, severe by this rule."""

    kind: Name
    severity: Literal["general", "serious", "especially-serious"]
    rule: Name = Field(description="The edition of the rulebook's rules of leads.")
    fact: EventRef = Field(description="The submission that is the finding.")
    evidence: tuple[Name, ...] | None = Field(default=None, description="SHA-256 of each document.")


class CaseOpened(CaseEvent):
    """立案线索: a limit was missed, or a `lead` says what else happened: then `clock` is `lead:` and its kind, `due`
    the instant of the act and `miss` the finding. `limits` are the case's own, for its first answer; the deadline
    service folds them.
    """

    TYPE = "case.opened"
    clock: Name
    subject: str = ""
    item: Name | None = None
    unit: Name | None = None
    due: When
    late_from: Instant
    detected_at: Instant
    miss: EventRef
    rulebook: Name
    responsible: tuple[Responsible, ...]
    ladder: tuple[Rung, ...]
    limits: tuple[LimitTerms, ...]
    addressee: Addressee
    lead: CaseLead | None = None
    shares: tuple[Share, ...] | None = None
    external: External | None = None
    team: Team | None = None


class CaseRevised(CaseEvent):
    """A fact learned later changes the proposal; earlier proposals are kept (D18)."""

    TYPE = "case.revised"
    MOVES_CLOCKS = False
    responsible: tuple[Responsible, ...]
    reason: Literal["miss-republished", "directory-fact"]
    shares: tuple[Share, ...] | None = None
    external: External | None = None
    team: Team | None = None


class CaseEscalated(CaseEvent):
    """Nobody answered within the rung's limit: the case climbs one rung."""

    TYPE = "case.escalated"
    MOVES_CLOCKS = False
    rung: int = Field(ge=1)
    addressee: Addressee
    miss: EventRef
    last: bool = Field(description="There is no rung above; operators are alerted (D17).")
    responsible: tuple[Responsible, ...]
    due: When
    unit: Name | None = None
    item: Name | None = None
    limits: tuple[LimitTerms, ...] = Field(
        default=(), exclude_if=_empty, description="Of the overseers, who take the case up after the last rung."
    )
    team: Team | None = None


class CaseAnswered(CaseEvent):
    """The first answer; it stops the case's own clocks. Its text is read under access control, not here."""

    TYPE = "case.answered"
    answered_by: PersonId
    limits: tuple[LimitTerms, ...] = Field(
        default=(), exclude_if=_empty, description="Of the overseers, who take the case up after its answer."
    )


class CaseWithdrawn(CaseEvent):
    """撤案: the miss it rests on is untrue. `told` are all who were told of the case."""

    TYPE = "case.withdrawn"
    reason: Literal["met", "due-moved", "voided", "revoked"]
    cause: EventRef
    told: tuple[PersonId, ...]
    due: When
    unit: Name | None = None
    item: Name | None = None


class CaseReinstated(CaseEvent):
    """The same miss is true again (D2); the case's limits start anew from `occurred_at`."""

    TYPE = "case.reinstated"
    miss: EventRef
    limits: tuple[LimitTerms, ...]
    responsible: tuple[Responsible, ...]
    addressee: Addressee
    due: When
    unit: Name | None = None
    item: Name | None = None
    shares: tuple[Share, ...] | None = None
    external: External | None = None
    team: Team | None = None


class CaseWentLive(CaseEvent):
    """D9: its source goes live, and from `occurred_at` on the ladder of this imported case climbs. Whoever it is
    addressed to is told by one digest of all their cases.
    """

    TYPE = "case.went_live"
    source: Name = Field(description="The publisher whose history it was.")
    called_by: PersonId
    limits: tuple[LimitTerms, ...]
    addressee: Addressee
    due: When
    unit: Name | None = None
    item: Name | None = None


class SourceWentLive(Event):
    """D9: what happens from `occurred_at` on in matters that this source imported is live: it warns, has cards and is
    told. Its key is `duban` and the source; the envelope's revision counts the source's calls.
    """

    TYPE = "source.went_live"
    source: Name
    occurred_at: Instant
    called_by: PersonId


Level = Literal["reminder", "warning", "yellow", "red"]
Ground = Literal["warned", "promised-passed", "statutory-passed", "overdue", "deemed", "repeated"]


class CardEvent(Event):
    """Of every event of a card (R21, R22): one for each limit of a matter and each level. The envelope's revision
    counts the card's own events. `person` is who had the matter in hand when the limit passed, or when the warning
    was due; absent: nobody by name.
    """

    card_id: Name
    authority: Name
    matter: Name
    occurred_at: Instant
    origin: Origin = "live"
    level: Level
    rule: Literal["limit", "repetition"] = Field(
        description="A limit's own card, or the red one for several yellow cards of one person in a quarter, which"
        " stands at the limit that made the number full."
    )
    clock: Name
    subject: str = ""
    item: Name | None = None
    unit: Name | None = None
    person: PersonId | None = None
    due: When
    cause: EventRef


class CardIssued(CardEvent):
    """A card stands. The same card with a higher revision replaces what this one said, a revocation too."""

    TYPE = "card.issued"
    late_from: Instant
    grounds: tuple[Ground, ...]
    rulebook: Name
    counted: tuple[Name, ...] | None = Field(default=None, description="Of a repetition: the yellow cards.")


class CardRevoked(CardEvent):
    """No ground of the card holds any more. It stays on record."""

    TYPE = "card.revoked"
    reason: Literal["met", "due-moved", "voided", "deemed-revoked", "done-earlier", "overtaken", "fewer-cards"]


GOING_LIVE_EVENTS: tuple[type[Event], ...] = (CaseWentLive, SourceWentLive)
CASE_EVENTS: tuple[type[Event], ...] = (
    CaseOpened, CaseRevised, CaseEscalated, CaseAnswered, CaseWithdrawn, CaseReinstated,
    CardIssued, CardRevoked,
)  # fmt: skip
