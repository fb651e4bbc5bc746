"""明察暗访: what was found leaves with the publication and not before, in whatever order facts come."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from services.intake.publishing import body_of
from services.intake.rules.facts import Fact
from services.intake.rules.hidden import DISCLOSED, REASON, Inspections, to_disclose
from services.intake.rules.judge import Accepted, Submission
from services.intake.rules.settle import Aggregate, Entered

NOW = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
MATTER: Aggregate = ("a", "I-1", "matter-events")
FOUND = {"about": {"unit": "planning"}, "evidence": [{"sha256": "0" * 64, "bytes": 1}], "title": "asleep"}
RECORDED = {"occurred_at": "2026-03-02", "unit": "office", **FOUND, "note": "seen twice"}


def entered(type_: str, id_: str, data: Mapping[str, Any], *, corrects: str | None = None) -> Entered:
    fact = Fact(type_, NOW, None, None, None, data)
    said = data if corrects is None else {"fact": {"type": type_, "data": data}, "note": "a typing error: asleep"}
    s = Submission(
        "/s", id_, type_ if corrects is None else "fact.corrected", 1, "a", "I-1", "a/I-1", NOW, said, fact,
        None if corrects is None else ("/s", corrects), "{}", b"",
    )  # fmt: skip
    return Entered(Accepted(s, "matter-events", "t", type_ if corrects else None, None, NOW), f"event-{id_}", 1)


RECORDING = entered("inspection.recorded", "1", RECORDED)
CORRECTION = entered("inspection.recorded", "2", {**RECORDED, "about": {"unit": "archive"}}, corrects="1")
EXTENSION = entered("matter.extended", "3", {"occurred_at": "2026-03-03", "by": "5wd", "reason": "asleep", "note": "x"})
PUBLICATION = entered("inspection.published", "4", {"occurred_at": "2026-03-04"})


def told(*facts: Entered, known: Inspections | None = None) -> list[dict[str, Any]]:
    inspections = known or Inspections()
    return [orjson.loads(body_of(each.accepted, NOW, inspections.show(each))) for each in facts]


def test_before_the_publication_facts_travel_without_their_content() -> None:
    recorded, corrected, extended = told(RECORDING, CORRECTION, EXTENSION)
    assert recorded.items() >= {"occurred_at": "2026-03-02", "unit": "office", "withheld": True}.items()
    assert not set(recorded) & {*FOUND, "note"}
    assert corrected["fact"]["data"] == {"occurred_at": "2026-03-02", "unit": "office", "withheld": True}
    assert "note" not in corrected and (extended["by"], extended["reason"]) == ("5wd", REASON)
    assert "asleep" not in str((recorded, corrected, extended))


def test_the_publication_says_what_was_withheld_of_each_fact_in_order() -> None:
    *_, publication = told(RECORDING, CORRECTION, EXTENSION, PUBLICATION)
    assert publication["disclosed"] == [
        {"fact": {"source": "/s", "id": "1"}, "title": "asleep", "about": {"unit": "planning"},
         "evidence": FOUND["evidence"]},
        {"fact": {"source": "/s", "id": "2"}, "title": "asleep", "about": {"unit": "archive"},
         "evidence": FOUND["evidence"]},
    ]  # fmt: skip


def test_what_was_withheld_in_a_former_batch_is_read_only_for_its_publication() -> None:
    assert to_disclose([RECORDING, PUBLICATION], {MATTER: "hidden"}) == [MATTER]
    assert to_disclose([RECORDING, EXTENSION], {MATTER: "hidden"}) == []
    assert to_disclose([PUBLICATION], {MATTER: "published"}) == to_disclose([PUBLICATION], {}) == []
    former = Inspections({MATTER: "hidden"}, {MATTER: [(("/s", "1"), {"title": "asleep"})]})
    assert told(PUBLICATION, known=former)[0]["disclosed"] == [{"fact": {"source": "/s", "id": "1"}, "title": "asleep"}]
    assert former.changed == {MATTER: "published"}


def test_what_comes_after_the_publication_is_told_in_full() -> None:
    publication, recorded, corrected = told(PUBLICATION, RECORDING, CORRECTION)
    assert "disclosed" not in publication and "withheld" not in recorded
    assert recorded.items() >= RECORDED.items()
    assert corrected["fact"]["data"]["about"] == {"unit": "archive"}


def test_a_correction_that_comes_before_what_it_corrects_is_hidden_too() -> None:
    inspections = Inspections()
    assert not set(told(CORRECTION, known=inspections)[0]["fact"]["data"]) & set(DISCLOSED)
    assert inspections.changed == {MATTER: "hidden"}


def test_other_matters_are_published_as_they_were_submitted() -> None:
    lodged = entered("complaint.lodged", "5", {"occurred_at": "2026-03-02", **FOUND})
    inspections = Inspections()
    assert told(lodged, EXTENSION, known=inspections)[0].items() >= FOUND.items()
    assert inspections.changed == {}
