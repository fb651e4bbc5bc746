"""On which topic a fact is published, and as which type."""

MATTER_EVENTS = "matter-events"
DIRECTORY_EVENTS = "directory-events"
CALENDAR_EVENTS = "calendar-events"
ORGANISATION = frozenset(
    {
        "holder.assigned", "holder.ended", "unit.placed", "unit.dissolved", "post.established", "post.abolished",
        "leave.taken", "leave.ended",
    }
)  # fmt: skip
"""About units, posts and persons: they may be announced ahead, and travel on a topic of their own."""
WITH_AN_END = frozenset({"holder.assigned", "leave.taken"})
"""Of these, what may say until when it holds."""
CALENDAR = "calendar.published"
RATED = "rating.given"
REGISTERING = frozenset(
    {
        "matter.submitted", "complaint.lodged", RATED, "inspection.recorded", "commitment.published",
        "directive.issued", "contact.made",
    }
)  # fmt: skip
"""What a matter begins with: an application, or a lead. Whatever it is, it is published as a registration."""


def topic_of(type_: str) -> str:
    """Whatever is neither of the directory nor a calendar is about a matter."""
    if type_ in ORGANISATION:
        return DIRECTORY_EVENTS
    return CALENDAR_EVENTS if type_ == CALENDAR else MATTER_EVENTS


def published_as(type_: str) -> str:
    """A fact keeps its type, but for what a matter begins with."""
    return "matter.registered" if type_ in REGISTERING else type_
