"""A what-if, asked for over HTTP: what a limit would come to. Nothing is stored."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import model_validator

from services.deadline.explanation_texts import text_en, text_zh
from services.deadline.in_force import CalendarOf
from services.deadline.rules.count import Start
from services.deadline.rules.explain import Explanation
from services.deadline.rules.limits import Amount, ExtensionTerms, Limit, Roll, StartRule, Unit
from services.deadline.rules.points import Point, point_of
from services.deadline.rules.span import zone_of
from services.deadline.rules.whatif import what_if
from services.deadline.stamped import second_of
from shared.events.base import LocalTime, Model, Span, Text, Warned, When, Zone, instant_of
from shared.events.limits import SecondTerms


class PauseGiven(Model):
    """(since, until] by days, [since, until) by hours."""

    since: When
    until: When


class Calculation(Model):
    """A what-if: nothing is stored. Exactly one of `limit` (20wd, 30d, 3m, 24h, 16wh, 90min) and `at`. Each extension
    is granted in time.
    """

    calendar: Text
    start: When
    limit: Text | None = None
    at: When | None = None
    start_rule: Literal["day0", "roll", "inclusive"] = "day0"
    roll: Literal["next", "previous", "none"] | None = None
    zone: Zone | None = None
    day_ends: LocalTime | None = None
    cut_off: LocalTime | None = None
    choose: Literal["earlier", "later"] | None = None
    second: SecondTerms | None = None
    pauses: tuple[PauseGiven, ...] = ()
    extend: tuple[Span, ...] = ()
    extension_base: Literal["nominal", "rolled"] = "nominal"
    warnings: tuple[Warned, ...] = ()
    source: Text = "not verified"

    @model_validator(mode="after")
    def _second_and_choice(self) -> "Calculation":
        if (self.choose is None) != (self.second is None):
            raise ValueError("`choose` and `second` come together")
        return self


def calculated(wanted: Calculation, calendar_of: CalendarOf) -> dict[str, Any]:
    """The due and its explanation. Raises DeadlineError or ValueError where there is none."""
    calendar = calendar_of(wanted.calendar)
    zone = wanted.zone or calendar.zone
    amount = Amount.parse(wanted.limit) if wanted.limit else None
    rolls = amount is not None and amount.unit in (Unit.NATURAL_DAYS, Unit.MONTHS)
    limit = Limit(
        clock="what-if",
        amount=amount,
        at=wanted.at,
        start_rule=StartRule(wanted.start_rule),
        roll=Roll(wanted.roll) if wanted.roll else (Roll.NEXT if rolls else Roll.NONE),
        zone=zone,
        day_ends=wanted.day_ends,
        calendar=calendar.code,
        starts_on=("start",),
        stops_on=(),
        warnings=wanted.warnings,
        source=wanted.source,
        cut_off=wanted.cut_off,
        second=second_of(wanted.second, later=wanted.choose == "later"),
        extension=ExtensionTerms(rolled=wanted.extension_base == "rolled"),
    )
    day = None if isinstance(wanted.start, datetime) else wanted.start
    start = Start(instant_of(wanted.start, zone), day, "start")
    pauses = [(_point(pause.since, zone), _point(pause.until, zone)) for pause in wanted.pauses]
    why = what_if(limit, start, calendar, pauses, [Amount.parse(each) for each in wanted.extend])
    return {"due": why["due"], "late_from": why["late_from"], "explanation": why, "text": texts_of(why)}


def _point(when: date | datetime, zone: str) -> Point:
    return point_of(when, zone_of(zone))


def texts_of(why: Explanation) -> dict[str, str]:
    """An explanation in words."""
    return {"en": text_en(why), "zh": text_zh(why)}
