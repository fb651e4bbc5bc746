"""Who must know of an event, and what becomes of the notice: a pure function of the event and what is known.

                 ┌─ origin import ──────► suppressed   decided and listed, told to nobody (D9)
    event ─plan─►├─ nobody to tell ─────► failed       reason `vacant`; recipient `vacant`
                 └─ else ───────────────► sent         at most once for each (event, recipient, channel) (I13)

A notice is decided on what is known when its event arrives, and stands: a directory fact that arrives later than the
warning that needed it does not send the warning again. That the directory was incomplete is on record as `failed`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from services.notification.rules.directory import Reach

NAMESPACE = UUID("0b1f6c52-9d3c-5e0e-8a27-5f7c1d4e9a36")
VACANT = "vacant"
"""The recipient and the reason of a notice that found nobody: every rung it could reach was vacant."""
IMPORTED = "imported-history"

State = Literal["sent", "suppressed", "failed"]
Why = Literal[
    "handles", "had", "holds", "addressed", "told", "named", "unnamed", "follows", "oversees", "assigned", "rectifies",
]  # fmt: skip
"""Handles the matter; had it when the limit passed; holds a post; the case's rung reached them; was told before; is
proposed as responsible; is proposed no longer; follows the matter to its end; oversees cases; was told to answer; must
rectify."""


@dataclass(frozen=True, slots=True)
class Ref:
    """An event's identity (D1)."""

    source: str
    id: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One person to tell of one event. `skipped` are vacant roles whose turn went up to this person."""

    about: Ref
    kind: str
    recipient: str
    why: Why
    role: str | None = None
    skipped: tuple[str, ...] = ()
    state: State = "sent"
    reason: str | None = None
    gathered: datetime | None = None
    """Told by one digest with all that are gathered since then, and never by itself."""


@dataclass(frozen=True, slots=True)
class Text:
    """A subject, one line, and a body."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Case:
    """What this service remembers of a case, because case.revised says only who is named now. `named` are (role,
    person); `revision` is that of the last event heard (D3)."""

    key: str
    id: str
    revision: int
    named: tuple[tuple[str, str], ...] = ()
    item: str | None = None
    unit: str | None = None
    clock: str | None = None
    due: str | None = None


def notice_id(about: Ref, recipient: str, kind: str, channel: str) -> str:
    """The same notice has the same id however often its event arrives."""
    return str(uuid5(NAMESPACE, "\n".join((about.source, about.id, recipient, kind, channel))))


def to_handler(
    about: Ref, kind: str, origin: str, person: str | None, reach: Reach, why: Why = "handles"
) -> Sequence[Notice]:
    """A warning or a slip goes to whoever handles the matter, else to the holder that the directory reaches."""
    if person is not None:
        return (_stated(Notice(about, kind, person, why), origin),)
    return _reached(about, kind, origin, reach, "holds")


def to_addressee(about: Ref, kind: str, origin: str, reach: Reach) -> Sequence[Notice]:
    """A case goes to the rung that accountability addressed."""
    return _reached(about, kind, origin, reach, "addressed")


def with_followers(
    notices: Sequence[Notice], about: Ref, kind: str, origin: str, followers: Iterable[str | None]
) -> Sequence[Notice]:
    """Besides, whoever follows the matter: its project manager, and whoever it came to first. Nobody is told twice."""
    told = {notice.recipient for notice in notices}
    more = [person for person in dict.fromkeys(followers) if person is not None and person not in told]
    return (
        (*notices, *(_stated(Notice(about, kind, person, "follows"), origin) for person in more)) if more else notices
    )


def to_live(about: Ref, kind: str, origin: str, reach: Reach, since: datetime) -> Sequence[Notice]:
    """An imported case goes live: whoever it is addressed to is told of all theirs by one digest (D9)."""
    return tuple(replace(notice, gathered=since) for notice in _reached(about, kind, origin, reach, "addressed"))


def to_charged(about: Ref, kind: str, origin: str, reach: Reach, why: Why) -> Sequence[Notice]:
    """A duty, or one that was not done, reaches whoever has it or stands above it."""
    return _reached(about, kind, origin, reach, why)


def to_told(about: Ref, kind: str, origin: str, told: Iterable[str]) -> Sequence[Notice]:
    """A withdrawal reaches everybody who was told of the case."""
    return tuple(_stated(Notice(about, kind, person, "told"), origin) for person in dict.fromkeys(told))


def to_revised(about: Ref, kind: str, origin: str, before: Case | None, after: Case) -> Sequence[Notice]:
    """A revised proposal reaches those it newly names and those it names no longer. Whoever stays named, in whatever
    role, was told; an event older than what is held says nothing new (D3)."""
    if before is not None and after.revision <= before.revision:
        return ()
    old = _roles(before.named if before is not None else ())
    new = _roles(after.named)
    changed = [Notice(about, kind, person, "named", role) for person, role in new.items() if person not in old]
    changed += [Notice(about, kind, person, "unnamed", role) for person, role in old.items() if person not in new]
    return tuple(_stated(notice, origin) for notice in changed)


def learn(held: Case | None, heard: Case) -> Case:
    """What is known of a case after an event: what the event does not say stays as it was."""
    if held is None:
        return heard
    if heard.revision <= held.revision:
        return held
    return replace(
        heard,
        named=heard.named or held.named,
        item=heard.item or held.item,
        unit=heard.unit or held.unit,
        clock=heard.clock or held.clock,
        due=heard.due or held.due,
    )


def _roles(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each person with the first, most direct role."""
    found: dict[str, str] = {}
    for role, person in named:
        found.setdefault(person, role)
    return found


def _reached(about: Ref, kind: str, origin: str, reach: Reach, why: Why) -> Sequence[Notice]:
    notice = Notice(about, kind, reach.person or VACANT, why, reach.role, reach.skipped)
    if reach.person is None and origin != "import":
        return (replace(notice, state="failed", reason=VACANT),)
    return (_stated(notice, origin),)


def _stated(notice: Notice, origin: str) -> Notice:
    return replace(notice, state="suppressed", reason=IMPORTED) if origin == "import" else notice
