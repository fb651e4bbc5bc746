"""What intake publishes on `directory-events`: the facts of shared.events.directory, with where they came from and
when they were received, and what corrects or takes them back."""

from shared.events import directory as d
from shared.events.base import Event
from shared.events.intake import FactCorrected, FactRetracted, HolderAssigned, HolderEnded, Recorded


class UnitPlaced(d.UnitPlaced, Recorded):
    """A unit's place in the tree."""


class UnitDissolved(d.UnitDissolved, Recorded):
    """A unit is no more."""


class PostEstablished(d.PostEstablished, Recorded):
    """A post is set up."""


class PostAbolished(d.PostAbolished, Recorded):
    """A post is no more."""


class LeaveTaken(d.LeaveTaken, Recorded):
    """Somebody is on leave, with a deputy."""


class LeaveEnded(d.LeaveEnded, Recorded):
    """Somebody is back."""


DIRECTORY_EVENTS: tuple[type[Event], ...] = (
    HolderAssigned, HolderEnded, UnitPlaced, UnitDissolved, PostEstablished, PostAbolished, LeaveTaken, LeaveEnded,
    FactCorrected, FactRetracted,
)  # fmt: skip
