"""Times as logs write them, and what they are read as."""

from datetime import date

import pytest

from services.cli.replay.times import read_time


@pytest.mark.parametrize(
    ("text", "formats", "expected"),
    [
        ("2015-01-05", ("iso",), date(2015, 1, 5)),
        ("20150105", ("iso",), date(2015, 1, 5)),
        ("2015-07-05T10:00:00", ("iso",), "2015-07-05T10:00:00-04:00"),
        ("2015-01-05 10:00", ("iso",), "2015-01-05T10:00:00-05:00"),
        ("2015-01-05T10:00:00Z", ("iso",), "2015-01-05T10:00:00+00:00"),
        ("2015-11-01T01:30:00", ("iso",), "2015-11-01T01:30:00-04:00"),
        ("31-12-2015", ("iso", "%d-%m-%Y"), date(2015, 12, 31)),
        ("31-12-2015 7:05:00", ("%d-%m-%Y", "%d-%m-%Y %H:%M:%S"), "2015-12-31T07:05:00-05:00"),
        ("1420470000", ("unix",), "2015-01-05T15:00:00+00:00"),
        ("1420470000500", ("unix_ms",), "2015-01-05T15:00:00.500000+00:00"),
    ],
)
def test_how_times_are_written(text: str, formats: tuple[str, ...], expected: date | str) -> None:
    found = read_time(text, "America/New_York", formats)
    assert (found.isoformat() if isinstance(expected, str) else found) == expected


def test_the_offset_of_an_old_time_is_one_that_can_be_written() -> None:
    assert read_time("1901-01-01T12:00:00", "Europe/Amsterdam").isoformat().endswith("+00:00")
