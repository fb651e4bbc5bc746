"""What the routes of cases are asked for: ids, words and places in a list, alike on each of them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import TypeAdapter

from shared.events.base import Instant
from shared.http import ProblemError, read_cursor

Word = Annotated[str | None, Query(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
"""Something to select by."""
Position = tuple[datetime, UUID]
"""A place in a list that is in order of time."""
_POSITION: TypeAdapter[tuple[Instant, UUID]] = TypeAdapter(tuple[Instant, UUID])


def unknown(what: str = "case") -> ProblemError:
    """404: there is none of this id, or none that the caller may know of."""
    return ProblemError(404, f"no-such-{what}", f"There is no {what} of this id")


def id_of(text: str, what: str = "case") -> UUID:
    """An id in a path. Raises ProblemError."""
    try:
        return UUID(text)
    except ValueError:
        raise unknown(what) from None


def position_of(cursor: str) -> Position:
    """Where the next page begins. Raises ProblemError."""
    at, id = read_cursor(cursor, 2)
    try:
        return _POSITION.validate_python((at, UUID(id)))
    except ValueError:
        raise ProblemError(400, "bad-cursor", "The cursor is not one that this list gave out") from None
