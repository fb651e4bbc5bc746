"""A stamped limit as the rules see it."""

from services.deadline.rules.limits import (
    Amount,
    AtLongest,
    Expiry,
    ExtensionTerms,
    Finds,
    Limit,
    PauseTerms,
    Roll,
    Second,
    StartRule,
)
from shared.events.limits import ExtensionTerms as ExtensionText
from shared.events.limits import LimitTerms, SecondTerms
from shared.events.limits import PauseTerms as PauseText


def limit_of(terms: LimitTerms) -> Limit:
    """A stamped limit as the rules see it."""
    return Limit(
        clock=terms.clock,
        amount=None if terms.amount is None else Amount.parse(terms.amount),
        at=terms.at,
        start_rule=StartRule(terms.start_rule),
        roll=Roll(terms.roll),
        zone=terms.zone,
        day_ends=terms.day_ends,
        calendar=terms.calendar,
        starts_on=terms.starts_on,
        stops_on=terms.stops_on,
        warnings=terms.warnings,
        source=terms.source,
        kind=terms.kind,
        per=terms.per,
        stage=terms.stage,
        cut_off=terms.cut_off,
        second=second_of(terms.second, later=terms.choose == "later"),
        pauses=tuple(_pause(each) for each in terms.pauses),
        extension=_extension(terms.extension),
        restarts_on=terms.restarts_on,
        on_expiry=None if terms.on_expiry is None else Expiry(terms.on_expiry.outcome, terms.on_expiry.legal_basis),
        overdue=tuple(Amount.parse(each) for each in terms.overdue),
        finds=tuple(Finds(each.code, each.on, each.result, each.before, each.returned) for each in terms.finds),
    )


def second_of(terms: SecondTerms | None, *, later: bool) -> Second | None:
    """The other of two limits."""
    if terms is None:
        return None
    return Second(amount_of(terms.amount), terms.at, StartRule(terms.start_rule), Roll(terms.roll), later)


def _pause(terms: PauseText) -> PauseTerms:
    return PauseTerms(terms.ground, amount_of(terms.longest), AtLongest(terms.then), terms.times)


def _extension(terms: ExtensionText | None) -> ExtensionTerms | None:
    if terms is None:
        return None
    return ExtensionTerms(
        most=amount_of(terms.most),
        times=terms.times,
        rolled=terms.base == "rolled",
        late=terms.after_expiry == "taken",
        approver=terms.approver,
        reason=terms.reason,
    )


def amount_of(text: str | None) -> Amount | None:
    """An amount as it is written, such as `20wd`."""
    return None if text is None else Amount.parse(text)
