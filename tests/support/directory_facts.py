"""Facts of a directory as rules take them: a few posts, units and people, and days counted from one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.accountability.rules.directory_facts import DirectoryFact, FactKind, PostKey
from services.accountability.rules.model import Ref

AUTHORITY = "licheng"
START = datetime(2026, 1, 1, tzinfo=UTC)


def on(day: int) -> datetime:
    return START + timedelta(days=day)


def told(kind: FactKind, entry: str, day: int, id: str = "", **more: Any) -> DirectoryFact:
    """`until` and `learned` are days, too; `replaces` is an id."""
    until, learned, replaces = more.pop("until", None), more.pop("learned", 0), more.pop("replaces", None)
    return DirectoryFact(
        PostKey(AUTHORITY, entry), Ref("/personnel", id or f"{kind}-{entry}-{day}"), f"e-{id}", kind, on(day),
        more.pop("person", None), more.pop("role", None), more.pop("unit", None), on(learned),
        until=None if until is None else on(until), issued_at=on(more.pop("issued", learned)),
        replaces=None if replaces is None else Ref("/personnel", replaces), **more,
    )  # fmt: skip


def came(person: str, day: int, post: str = "deputy", **more: Any) -> DirectoryFact:
    """Somebody takes a post: leading, in the unit u, unless said otherwise."""
    said = {"role": "leading", "unit": "u"} | more
    return told("assigned", post, day, said.pop("id", f"{person}-{post}-{day}"), person=person, **said)


def placed(unit: str, day: int, parent: str | None, **more: Any) -> DirectoryFact:
    return told("placed", unit, day, more.pop("id", f"{unit}-under-{parent}-{day}"), unit=parent, **more)


def away(person: str, day: int, deputy: str | None = None, **more: Any) -> DirectoryFact:
    return told("leave-taken", person, day, more.pop("id", f"{person}-away-{day}"), other=deputy, **more)
