"""Entries of the directory as JSON."""

from datetime import datetime
from typing import Any

from services.accountability.directory_view_store import Held
from services.accountability.rules.directory_model import PostTerms, UnitPlace


def held_text(held: Held) -> dict[str, Any]:
    """A person in a post. `since` and `until` are when it held; `known_since` is when the fact by which it began was
    recorded here (with whom a unit's miss names: all facts that say so), `learned_at` the last that shaped it."""
    holding, leave = held.holding, held.leave
    content: dict[str, Any] = {
        "authority": holding.post.authority,
        "post": holding.post.post,
        "person": holding.person,
        "role": holding.role,
        "unit": holding.unit,
        "acting": holding.acting,
        "since": holding.since.isoformat(),
        "until": _told(holding.until),
        "learned_at": holding.learned_at.isoformat(),
        "known_since": holding.known_since.isoformat(),
    }
    if leave is not None:
        content["leave"] = {
            "since": leave.since.isoformat(), "until": _told(leave.until), "deputy": leave.deputy,
            "post": leave.of_post, "learned_at": leave.learned_at.isoformat(),
            "known_since": leave.known_since.isoformat(),
        }  # fmt: skip
    if holding.stands_in_for is not None:
        content["stands_in_for"] = holding.stands_in_for
    if holding.passed:
        content["vacant_below"] = list(holding.passed)
    return content


def post_text(terms: PostTerms) -> dict[str, Any]:
    """A post as established."""
    return {"role": terms.role, "unit": terms.unit, "since": terms.since.isoformat(), "until": _told(terms.until)}


def place_text(place: UnitPlace) -> dict[str, Any]:
    """A place of a unit."""
    return {
        "parent": place.parent, "kind": place.kind, "since": place.since.isoformat(), "until": _told(place.until),
        "learned_at": place.learned_at.isoformat(), "known_since": place.known_since.isoformat(),
    }  # fmt: skip


def conflict_of(
    authority: str, entry: str, code: str, at: datetime, ref: tuple[str, str] | None, detail: str
) -> dict[str, Any]:
    """A conflict, with the fact that does not fit."""
    source, id = ref or ("", "")
    return {
        "authority": authority, "entry": entry, "code": code, "at": at.isoformat(),
        "fact": {"source": source, "id": id} if source else None, "detail": detail,
    }  # fmt: skip


def _told(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
