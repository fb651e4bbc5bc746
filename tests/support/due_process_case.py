"""The case of which the stateful test of due process is: three people are named in it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.accountability import rulebook
from services.accountability.config import SHIPPED
from services.accountability.rules.case import on_missed
from services.accountability.rules.ladder import Rulebook
from services.accountability.rules.model import Case, CaseKey, Missed, Ref, Responsible
from tests.support.due_process import NAMED

START = datetime(2026, 3, 11, 1, tzinfo=UTC)
BOOK: Rulebook = rulebook.load(SHIPPED)
EDITION = BOOK.proceedings[0]


def opened() -> Case:
    """As the miss of a promised limit opens it."""
    key = CaseKey("licheng", "M1", UUID(int=1))
    miss = Missed(
        key, Ref("/deadline", "m1"), 1, "promised", "", "2026-03-10", START - timedelta(hours=9), START, None, "window",
        None, "live", "Asia/Shanghai", "CN",
    )  # fmt: skip
    proposal = tuple(Responsible(role, person, "R25", "held it") for person, role in NAMED.items())
    found = on_missed(None, miss, proposal, BOOK, START).known
    assert isinstance(found, Case)
    return found
