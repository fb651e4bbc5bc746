"""The circumstances of a miss as `deadline.missed` writes them, as they are kept, and as a case tells them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from services.accountability.rules.circumstances import (
    NOTHING,
    Act,
    Circumstances,
    Hand,
    Office,
    Paused,
    Stance,
    Team,
)
from services.accountability.rules.named import Ref
from services.accountability.rules.timeline import external, shares


class RefText(TypedDict):
    source: str
    id: str


class HoldingText(TypedDict):
    since: str
    until: NotRequired[str | None]
    unit: NotRequired[str | None]
    person: NotRequired[str | None]
    net_minutes: NotRequired[int | None]


class ActText(TypedDict):
    kind: Literal["opinion", "order", "decision"]
    at: str
    stance: Stance
    fact: RefText
    event: str
    known_since: str
    person: NotRequired[str | None]
    role: NotRequired[Office | None]
    overrides: NotRequired[RefText | None]
    bypasses: NotRequired[str | None]
    members: NotRequired[list[str] | None]
    dissented: NotRequired[list[str] | None]


class TeamText(TypedDict):
    lead_unit: NotRequired[str | None]
    assisting_units: NotRequired[list[str] | None]
    project_manager: NotRequired[str | None]
    first_contact: NotRequired[str | None]


class PausedText(TypedDict):
    ground: str
    since: str
    until: str
    assumed: bool


def circumstances_of(
    holdings: Sequence[HoldingText],
    acts: Sequence[ActText] | None,
    team: TeamText | None,
    pauses: Sequence[PausedText] | None,
) -> Circumstances:
    """NOTHING where nothing is said."""
    shared = len(holdings) > 1
    if not shared and acts is None and team is None and pauses is None:
        return NOTHING
    return Circumstances(
        tuple(
            Hand(
                _instant(h["since"]), None if (until := h.get("until")) is None else _instant(until), h.get("unit"),
                h.get("person"), net,
            )
            for h in holdings
            if (net := h.get("net_minutes")) is not None
        ),
        tuple(map(_act, acts or ())),
        Team() if team is None else _team(team),
        tuple(Paused(p["ground"], p["since"], p["until"], p["assumed"]) for p in pauses or ()),
    )  # fmt: skip


def _act(said: ActText) -> Act:
    overrides = said.get("overrides")
    return Act(
        said["kind"], _instant(said["at"]), said["stance"], Ref(**said["fact"]), said["event"],
        _instant(said["known_since"]), said.get("person"), said.get("role"),
        None if overrides is None else Ref(**overrides), said.get("bypasses"), tuple(said.get("members") or ()),
        tuple(said.get("dissented") or ()),
    )  # fmt: skip


def _team(said: TeamText) -> Team:
    units = said.get("assisting_units")
    return Team(
        said.get("lead_unit"), None if units is None else tuple(units), said.get("project_manager"),
        said.get("first_contact"),
    )  # fmt: skip


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def kept(of: Circumstances) -> dict[str, Any]:
    """As it is kept: what `circumstances_of` reads."""
    return _present({
        "holdings": [_present(h._asdict() | {"since": h.since.isoformat(), "until": _told(h.until)}) for h in of.hands],
        "acts": [_act_text(act) for act in of.acts] or None,
        "team": team_text(of.team),
        "pauses": [pause._asdict() for pause in of.pauses] or None,
    })  # fmt: skip


def of_kept(text: dict[str, Any]) -> Circumstances:
    """What was kept."""
    return circumstances_of(text["holdings"], text.get("acts"), text.get("team"), text.get("pauses"))


def told(of: Circumstances, unit: str | None) -> dict[str, Any]:
    """What a case says of them: shares of time, what others had to do with it, and the team. Nothing of nothing."""
    if of is NOTHING:
        return {}
    found = external(of, unit)
    causes = {
        "pauses": [pause._asdict() for pause in found.pauses] or None,
        "units": [{"unit": each, "net_minutes": minutes} for each, minutes in found.units] or None,
    }
    return _present({
        "shares": [_present(share._asdict()) for share in shares(of.hands)] or None,
        "external": _present(causes) or None,
        "team": team_text(of.team),
    })  # fmt: skip


def team_text(team: Team) -> dict[str, Any] | None:
    """None where nobody was named."""
    return _present(team._asdict()) or None


def _act_text(act: Act) -> dict[str, Any]:
    return _present({
        **act._asdict(), "at": act.at.isoformat(), "known_since": act.known_since.isoformat(),
        "fact": act.fact._asdict(), "overrides": None if act.overrides is None else act.overrides._asdict(),
        "members": list(act.members) or None, "dissented": list(act.dissented) or None,
    })  # fmt: skip


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _told(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
