"""What a step changes: one event to come, and the proceeding after it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.accountability.rules.model import Case
from services.accountability.rules.process_guards import Asked
from services.accountability.rules.process_model import Proceeding


@dataclass(frozen=True, slots=True)
class Change:
    """One event to come. `told` are those who learn of it; `newly` those whom the case concerns from now on; `party`
    whom of the parties it is about, where it is about one."""

    kind: str
    proceeding: Proceeding
    told: tuple[str, ...] = ()
    newly: tuple[str, ...] = ()
    party: str | None = None

    def case(self, case: Case) -> Case:
        """The case, knowing whom it has told."""
        if not self.newly:
            return case
        return replace(
            case,
            told=tuple(sorted({*case.told, *self.newly})),
            addressed=tuple(sorted({*case.addressed, *self.newly})),
        )


Apply = Callable[[Asked], list[Change]]
