"""What government systems publish about organisations: units as a tree, posts, who holds them, who is on leave.

The subject names whom or what a fact is about: `authority/unit`, `authority/post`, `authority/person`. Whatever has an
end has it as the first instant or day at which it no longer holds: [occurred_at, until). Persons are pseudonyms (D19).
"""

from pydantic import Field, model_validator

from shared.events.base import Name, PersonId, Role, Text, When
from shared.events.facts import Fact, ends_in_a_zone
from shared.events.submissions import HolderAssigned, HolderEnded


class UnitPlaced(Fact):
    """From `occurred_at` the unit (subject `authority/unit`) stands under `parent`: first it is set up, later moved."""

    TYPE = "unit.placed"
    parent: Name | None = Field(default=None, description="Absent: it stands at the top of its authority.")
    kind: Name | None = Field(default=None, description="bureau, section, window … as the place calls it.")
    title: Text | None = None


class UnitDissolved(Fact):
    """From `occurred_at` there is no such unit."""

    TYPE = "unit.dissolved"


class PostEstablished(Fact):
    """From `occurred_at` there is the post (subject `authority/post`), with a role in a unit, or in all units."""

    TYPE = "post.established"
    role: Role
    unit: Name | None = Field(default=None, description="Absent: the post serves the whole authority.")


class PostAbolished(Fact):
    """From `occurred_at` there is no such post: whoever held it holds it no more."""

    TYPE = "post.abolished"


class LeaveTaken(Fact):
    """From `occurred_at` a person (subject `authority/person`) is on leave, and the deputy stands in."""

    TYPE = "leave.taken"
    until: When | None = Field(default=None, description="Back from then on. Absent: until leave.ended says so.")
    deputy: PersonId | None = Field(default=None, description="Who stands in. Absent: nobody does.")
    post: Name | None = Field(default=None, description="For this post alone. Absent: for all that the person holds.")

    @model_validator(mode="after")
    def _ends_in_a_zone(self) -> "LeaveTaken":
        ends_in_a_zone(self.until, self.zone)
        return self


class LeaveEnded(Fact):
    """From `occurred_at` that person is back."""

    TYPE = "leave.ended"
    post: Name | None = Field(default=None, description="The leave from this post alone. Absent: every leave.")


ORGANISATION_FACTS: tuple[type[Fact], ...] = (
    UnitPlaced, UnitDissolved, PostEstablished, PostAbolished, LeaveTaken, LeaveEnded,
)  # fmt: skip
DIRECTORY_FACTS: tuple[type[Fact], ...] = (HolderAssigned, HolderEnded, *ORGANISATION_FACTS)
