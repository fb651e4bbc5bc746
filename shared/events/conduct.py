"""Facts of a matter about who decided what, and who follows it (R25): opinions, orders, collective decisions, its team.

They stop no clock and put the matter in nobody's hands. What they say up to the due instant decides who is responsible
for a miss.
"""

from typing import Literal

from pydantic import Field, model_validator

from shared.events.base import EventRef, Name, PersonId
from shared.events.facts import Acted, Fact

Stance = Literal["grant", "refuse", "hold"]
"""`grant` and `refuse` end the matter, `hold` keeps it open: it is sent back, put off, left lying."""
Office = Literal["handler", "reviewer", "approver"]


class OpinionGiven(Acted):
    """审查意见: what somebody who examines the matter holds of it, in the office that they exercise."""

    TYPE = "opinion.given"
    person: PersonId
    role: Office
    stance: Stance
    overrides: EventRef | None = Field(default=None, description="The opinion that it sets aside.")
    bypasses: Literal["handler", "reviewer"] | None = Field(
        default=None, description="Whose opinion should have come first, and was not asked for."
    )


class OrderGiven(Acted):
    """A superior orders what is to become of the matter."""

    TYPE = "order.given"
    person: PersonId
    stance: Stance


class DecisionTaken(Acted):
    """集体研究: several decide together. `dissented` are those who were against it."""

    TYPE = "decision.taken"
    stance: Stance
    members: tuple[PersonId, ...] = Field(min_length=1, max_length=50, description="Who voted for it.")
    dissented: tuple[PersonId, ...] | None = Field(default=None, max_length=50)

    @model_validator(mode="after")
    def _one_vote_each(self) -> "DecisionTaken":
        voted = (*self.members, *(self.dissented or ()))
        if len(set(voted)) < len(voted):
            raise ValueError("somebody is named twice: a member votes once")
        return self


class TeamNamed(Fact):
    """Who belongs to the matter from now on; what is absent stays as it was."""

    TYPE = "team.named"
    lead_unit: Name | None = Field(default=None, description="主办单位.")
    assisting_units: tuple[Name, ...] | None = Field(default=None, max_length=50, description="协办单位.")
    project_manager: PersonId | None = Field(default=None, description="项目经理: gets every alert.")
    first_contact: PersonId | None = Field(default=None, description="首问责任人, in place of the registration's.")

    @model_validator(mode="after")
    def _names_somebody(self) -> "TeamNamed":
        if (self.lead_unit, self.assisting_units, self.project_manager, self.first_contact) == (None,) * 4:
            raise ValueError("names nobody")
        return self


CONDUCT_FACTS: tuple[type[Fact], ...] = (OpinionGiven, OrderGiven, DecisionTaken, TeamNamed)
