"""What the calculus refuses. It never guesses: each refusal has a name, and its message says what to correct."""


class DeadlineError(ValueError):
    """A limit cannot be counted as it stands."""


class YearNotCovered(DeadlineError):
    """The count needs a year the calendar has no data for."""

    def __init__(self, calendar: str, year: int, covers: tuple[int, int]) -> None:
        super().__init__(f"calendar {calendar} covers {covers[0]} to {covers[1]}, the count needs the year {year}")
        self.calendar = calendar
        self.year = year
        self.covers = covers


class DateOutOfRange(DeadlineError):
    """The count leaves the years 1 to 9999, or those that business time may lie in."""


class BadCalendar(DeadlineError):
    """A calendar that contradicts itself, or lacks what the unit needs."""


class BadLimit(DeadlineError):
    """A limit with neither amount nor stated time, with both, or with an unknown zone."""


class BadWarning(BadLimit):
    """A warning that is neither an amount such as `5wd` nor a share such as `25%`."""


class NaiveInstant(DeadlineError):
    """An instant without its offset from UTC: it names no point in time."""
