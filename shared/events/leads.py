"""Leads other than a missed limit: complaints, ratings, inspections, commitments, directives, first contacts.

Each begins as a matter of its own with the limits of its item, so that it rides the same chain as any other: intake
publishes its registration as matter.registered. What else happens in it are facts of a matter; which of them is a
finding is said by the item's limits (`finds`), and which finding opens a case by the rulebook (`leads:`).
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.events.base import EventRef, Instant, Model, Name, PersonId, Text, When
from shared.events.facts import Acted, Fact, Handled

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""Of a document that is kept elsewhere: it can be proved, and is not shown."""
Result = Literal["substantiated", "partly", "unsubstantiated"]
Channel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


class Evidence(Model):
    """A document, by its hash and size."""

    sha256: Sha256
    bytes: int = Field(ge=0)


class About(Model):
    """Whose conduct it is about, which is hardly ever whoever has the lead in hand."""

    unit: Name
    person: PersonId | None = Field(default=None, description="Absent: who held the unit's post then.")
    at: Instant | None = Field(default=None, description="When they acted. Absent: when the fact occurred.")
    matter: Name | None = Field(default=None, description="The matter in which they did.")


class Lead(Handled):
    """A lead is registered; `unit` has it in hand, and is held to its limits."""

    item: Name
    unit: Name
    title: Text | None = None
    due: When | None = None


class ComplaintLodged(Lead):
    """效能投诉."""

    TYPE = "complaint.lodged"
    item: Name = "efficiency-complaint"
    channel: Channel | None = Field(default=None, description="hotline, window, letter, website …")
    about: About


class RatingGiven(Lead):
    """好差评. Only a bad rating by a named person has limits (R20); any other is on record and has none."""

    TYPE = "rating.given"
    item: Name = "bad-rating"
    level: int = Field(ge=1, le=5, description="1 very bad, 2 bad, 3 fair, 4 good, 5 very good.")
    named: bool = Field(description="Whether whoever rates said who they are: nobody can contact anybody else.")
    about: About


class InspectionRecorded(Lead):
    """明察暗访: what was found, on record and hidden from the inspected until it is published."""

    TYPE = "inspection.recorded"
    item: Name = "inspection"
    about: About
    evidence: tuple[Evidence, ...] = Field(min_length=1, max_length=50)


class CommitmentPublished(Lead):
    """公开承诺: `unit`, and `person` where one is named, own it; its text is known by its hash."""

    TYPE = "commitment.published"
    item: Name = "commitment"
    text_sha256: Sha256
    due: When


class DirectiveIssued(Lead):
    """政令督查: a superior's order, to be carried out by a day. A report on the way is a task with a due of its own."""

    TYPE = "directive.issued"
    item: Name = "directive"
    due: When
    urgent: bool | None = Field(default=None, description="急件: its slips start higher (R23).")


class FirstContactMade(Lead):
    """首问: somebody came to `person` with what is not for this unit to do; it is theirs to hand it on in time."""

    TYPE = "contact.made"
    item: Name = "first-contact-transfer"
    person: PersonId


class Disclosed(Model):
    """What was withheld of one fact of an inspection until its publication."""

    fact: EventRef = Field(description="Its submission.")
    title: Text | None = None
    about: About | None = None
    evidence: tuple[Evidence, ...] | None = None


class LeadTold(Model):
    """What a registration says of the lead that it is. `withheld`: an inspection, of which neither `about` nor
    `evidence`, title or notes are told before its publication tells them.
    """

    channel: Channel | None = None
    level: int | None = Field(default=None, ge=1, le=5)
    named: bool | None = None
    about: About | None = None
    evidence: tuple[Evidence, ...] | None = None
    text_sha256: Sha256 | None = None
    urgent: bool | None = None
    withheld: bool | None = None


class ComplaintConcluded(Fact):
    """查实与否: what the investigation of a complaint came to. `about` replaces that of the complaint."""

    TYPE = "complaint.concluded"
    result: Result
    about: About | None = None


class ComplaintFedBack(Acted):
    """反馈: the complainant has been told what came of it. Before that a complaint cannot be closed."""

    TYPE = "complaint.fed_back"


class RatingContacted(Acted):
    """Whoever gave the bad rating has been spoken to."""

    TYPE = "rating.contacted"


class RatingRectified(Acted):
    """What the bad rating was about is put right."""

    TYPE = "rating.rectified"


class InspectionPublished(Fact):
    """The inspected learn of it: from now on it is hidden from nobody, and may open a case."""

    TYPE = "inspection.published"
    about: About | None = None


class CommitmentAmended(Fact):
    """A commitment says something else from now on, and why. Its date moves only while it is still ahead."""

    TYPE = "commitment.amended"
    reason: Text
    due: When | None = None
    text_sha256: Sha256 | None = None


REGISTRATIONS: tuple[type[Lead], ...] = (
    ComplaintLodged, RatingGiven, InspectionRecorded, CommitmentPublished, DirectiveIssued, FirstContactMade,
)  # fmt: skip
LEAD_FACTS: tuple[type[Fact], ...] = (
    ComplaintConcluded, ComplaintFedBack, RatingContacted, RatingRectified, InspectionPublished, CommitmentAmended,
)  # fmt: skip
