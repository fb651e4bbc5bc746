"""The order in which the facts of a matter are read: business time, then rank, then identity (D4)."""

from datetime import datetime

_RANKS = {
    "matter.submitted": 0,
    "complaint.lodged": 0,
    "rating.given": 0,
    "inspection.recorded": 0,
    "commitment.published": 0,
    "directive.issued": 0,
    "contact.made": 0,
    "matter.accepted": 1,
    "matter.refused": 1,
    "matter.decided": 1,
    "matter.closed": 1,
    "matter.withdrawn": 1,
    "matter.delivered": 1,
    "stage.finished": 1,
    "task.finished": 1,
    "matter.suspended": 2,
    "correction.requested": 2,
    "matter.resumed": 3,
    "correction.received": 3,
    "matter.extended": 4,
}
_REST = 5

BusinessOrder = tuple[datetime, int, str, str]
INSPECTED, PUBLISHED = "inspection.recorded", "inspection.published"


def business_order(type_: str, known_from: datetime, source: str, id_: str) -> BusinessOrder:
    """The sort key of a fact: registration < stop < pause < resume < extend < the rest within the same instant."""
    return known_from, _RANKS.get(type_, _REST), source, id_
