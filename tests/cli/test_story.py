"""What the demo says: in words, and in numbers that were counted without the services."""

import csv
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.cli.story.demo import LOG
from services.cli.story.expected import due_of, federal_holidays, requests
from services.cli.story.words import COUNTED, ORDER, counts_of, line_of
from services.cli.told import case_text, deadlines_text, explanation_text
from shared.events import accountability as a
from shared.events import deadline as d
from shared.events.base import Event
from shared.events.catalog import EVENTS

AT = datetime(2017, 5, 2, 4, tzinfo=UTC)
CLOCK: dict[str, Any] = {"authority": "us-doj", "matter": "1", "clock": "determination", "unit": "Office A"}
DUE: dict[str, Any] = {"due": date(2017, 5, 1), "late_from": AT}


def test_what_is_expected_is_what_others_computed(handout: Path) -> None:
    with (handout / "data" / "doj_foia" / "truth.csv").open() as file:
        truth = {row["case_id"]: (row["due"], row["late"] == "1") for row in csv.DictReader(file)}
    assert {r.id: (r.due.isoformat(), r.late) for r in requests(LOG)} == truth


def test_the_demo_has_244_requests_158_of_them_late() -> None:
    log = requests(LOG)
    assert (len(log), sum(request.late for request in log)) == (244, 158)
    assert len({request.unit for request in log}) == 7


def test_twenty_days_without_weekends_and_holidays() -> None:
    assert due_of(date(2012, 3, 26)) == date(2012, 4, 23)
    assert due_of(date(2016, 12, 9)) == date(2017, 1, 10)
    assert date(2017, 1, 2) in federal_holidays(date(2016, 12, 30))
    assert date(2017, 5, 29) in federal_holidays(date(2017, 5, 1))


def test_every_event_of_the_topics_told_has_its_place_in_the_order() -> None:
    told = {event for topic in ("deadline-events", "case-events", "notification-events") for event in EVENTS[topic]}
    assert told == set(ORDER)
    assert set(COUNTED) <= told


def test_an_event_in_one_line() -> None:
    event = d.DeadlineWarned(**CLOCK, **DUE, warning="5wd", holding=d.Holding(since=AT))
    assert line_of(event, ["officer"]) == "warning: 5wd left until 2017-05-01 → told: officer"
    met = d.DeadlineMet(**CLOCK, **DUE, done_at=date(2017, 5, 1), facts=())
    assert line_of(met, []) == "done on 2017-05-01, in time (due 2017-05-01)"


def test_a_month_in_one_line() -> None:
    counts: Counter[type[Event]] = Counter({d.DeadlineMissed: 2, a.CaseOpened: 1, a.CaseRevised: 4})
    assert counts_of(counts) == "2 missed, 1 case opened"


def case_that(state: str, **more: Any) -> dict[str, Any]:
    instant = "2017-05-02T04:00:00+00:00"
    return {
        "case_id": "c-1", "state": state, "authority": "us-doj", "matter": "1", "clock": "determination",
        "due": "2017-05-01", "unit": "Office A", "answers": [],
        "responsible": [{"role": "direct", "person": None, "rule": "R25", "because": "nobody held it"}],
        "history": [
            {"type": "case.opened", "occurred_at": instant, "says": {"addressee": {"role": "leading", "person": "p"}}}
        ],
        "chain": [
            {"type": "case.opened", "event": {"id": "e3"}},
            {"type": "deadline.missed", "event": {"id": "e2"}, "due": "2017-05-01", "late_from": instant,
             "limit": {"zone": "America/New_York", "source": "5 U.S.C."}},
            {"type": "matter.registered", "event": {"id": "e1"}, "occurred_at": "2017-04-03",
             "submission": {"source": "/log", "id": "1/received"}},
        ],
        **more,
    }  # fmt: skip


def test_a_case_down_to_its_submission() -> None:
    case = case_that("standing")
    assert case_text(case).splitlines() == [
        "case c-1: standing",
        "  us-doj/1, determination due 2017-05-01; Office A",
        "  responsible, as held at the due:",
        "    direct 直接责任人: vacant (R25: nobody held it)",
        "  what happened:",
        "    2017-05-02 00:00-04:00 case.opened, to p",
        "  why, down to what was submitted:",
        "    case.opened (event e3)",
        "      deadline.missed (event e2): due 2017-05-01, late from 2017-05-02 00:00-04:00, 5 U.S.C.",
        "        matter.registered (event e1): 2017-04-03, submitted as /log 1/received",
    ]


def test_a_case_that_no_longer_stands_says_why() -> None:
    cause = {"source": "/duban/deadline", "id": "e9"}
    fact = {"occurred_at": "2017-04-20T13:30:00+00:00", "type": "matter.closed", "source": "/log", "id": "1/closed"}
    case = case_that("withdrawn", withdrawn_because="met", verdicts=[{"event": cause, "facts": [fact]}])
    case["history"].append(
        {"type": "case.withdrawn", "occurred_at": "2017-05-03T16:00:00+00:00", "says": {}, "cause": cause}
    )
    assert case_text(case).splitlines()[2:7] == [
        "  withdrawn because: it was done in time (met, event e9)",
        "    2017-04-20 09:30-04:00 matter.closed, submitted as /log 1/closed",
        "  was proposed, no longer stands:",
        "    direct 直接责任人: vacant (R25: nobody held it)",
        "  what happened:",
    ]


def test_a_matter_without_a_clock_says_so() -> None:
    text = deadlines_text({"matter": "a/1", "deadlines": []})
    assert text.splitlines()[1] == "  no clock: it was never submitted, or its item has no limit"


def test_an_explanation_names_its_facts() -> None:
    fact = {"occurred_at": "2017-04-03", "type": "matter.registered", "source": "/log", "id": "1/received"}
    answer = {"matter": "us-doj/1", "clock": "c", "state": "met", "text": {"en": "Due", "zh": "到期"}, "facts": [fact]}
    assert explanation_text(answer, "zh").splitlines() == [
        "us-doj/1 c: met",
        "到期",
        "Fact: 2017-04-03 matter.registered (/log 1/received)",
    ]


@pytest.mark.parametrize(("arguments", "out"), [((), ""), (("--json",), '{"right": false, "counts": {}}')])
def test_the_demo_ends_with_one_object_for_machines_where_asked(
    arguments: tuple[str, ...], out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tell(*, stay: bool, aside: bool, summarised: Callable[[dict[str, Any]], None]) -> bool:
        assert (stay, aside) == (False, bool(arguments))
        summarised({"right": False, "counts": {}})
        return False

    monkeypatch.setattr("services.cli.story.demo.tell", tell)
    found = CliRunner().invoke(app, ["demo", "--exit", *arguments])
    assert (found.exit_code, found.stdout.strip()) == (1, out)
