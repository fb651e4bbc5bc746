"""Leads at intake: what each begins with, what limits it is given, and who may see an inspection."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.intake.catalogue import load
from services.intake.config import DEFAULT
from services.intake.parsing import Raw, parse
from services.intake.rules.judge import Margins, Submission, judge
from services.intake.rules.refusal import Refused
from services.intake.rules.stamps import Stamp, limits_of
from services.intake.rules.topics import REGISTERING
from shared.events.leads import REGISTRATIONS

CATALOGUE = load([DEFAULT], calendar="CN")
ABOUT = {"unit": "planning"}


def submitted(type_: str, **data: Any) -> Submission:
    said = {"occurred_at": "2026-03-02T10:00:00+08:00", **data}
    event = {
        "specversion": "1.0", "id": "1", "source": "/x", "type": type_, "subject": "a/m", "version": 1,
        "time": "2026-03-02T10:00:00+08:00", "data": said,
    }  # fmt: skip
    found = parse(Raw("http", (), None, parsed=event, is_parsed=True))
    assert isinstance(found, Submission), found
    return found


def clocks(type_: str, **data: Any) -> list[str]:
    fact = submitted(type_, unit="office", **data).fact
    assert fact is not None
    stamp = limits_of(fact, CATALOGUE)
    assert isinstance(stamp, Stamp)
    limits = () if stamp.version is None else stamp.version.limits
    return [limit.clock for limit in (*limits, *([stamp.recorded] if stamp.recorded else []))]


def test_every_lead_is_a_registration() -> None:
    assert {"matter.submitted", *(lead.TYPE for lead in REGISTRATIONS)} == REGISTERING


@pytest.mark.parametrize(("level", "named", "held"), [(1, True, 2), (2, True, 2), (3, True, 0), (1, False, 0)])
def test_only_a_bad_rating_by_a_named_person_has_limits(level: int, named: bool, held: int) -> None:
    assert len(clocks("rating.given", level=level, named=named, about=ABOUT)) == held


def test_each_lead_has_the_limits_of_its_item() -> None:
    evidence = [{"sha256": "0" * 64, "bytes": 1}]
    assert clocks("complaint.lodged", about=ABOUT) == ["acceptance", "handling", "feedback"]
    assert clocks("inspection.recorded", about=ABOUT, evidence=evidence) == ["publication"]
    assert clocks("contact.made", person="p") == ["transfer"]
    assert clocks("directive.issued", due="2026-03-31", zone="Asia/Shanghai") == ["recorded"]
    assert clocks("commitment.published", due="2026-03-31", zone="Asia/Shanghai", text_sha256="0" * 64) == ["recorded"]


def test_amending_a_commitment_needs_a_reason_and_warns_as_before() -> None:
    fact = submitted("commitment.amended", due="2026-04-30", zone="Asia/Shanghai", reason="flood").fact
    assert fact is not None
    stamp = limits_of(fact, CATALOGUE)
    assert isinstance(stamp, Stamp) and stamp.recorded is not None
    assert stamp.recorded.warnings == ("10d", "3d")
    with pytest.raises(AssertionError, match="missing"):
        submitted("commitment.amended", due="2026-04-30", zone="Asia/Shanghai")


def test_a_finding_names_facts_that_there_are(tmp_path: Path) -> None:
    text = "items: [{code: own, zone: Etc/UTC, calendar: CN, limits: [{amount: 3wd, finds: [{code: x, on: x.y}]}]}]"
    file = tmp_path / "own.yaml"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"finds/0/on: .*is not a fact on matter-events"):
        load([file], calendar="CN")


@pytest.mark.parametrize(
    ("about", "at"),
    [
        ({"unit": "planning"}, []),
        ({"unit": "office"}, ["/data/unit"]),
        ({"unit": "planning", "person": "p-inspector"}, ["/data/person"]),
    ],
)
def test_an_inspection_is_in_nobody_s_hands_who_is_inspected(about: dict[str, str], at: list[str]) -> None:
    """Its own limit is warned of: whoever has it in hand learns of it."""
    data = {"unit": "office", "person": "p-inspector", "about": about, "evidence": [{"sha256": "0" * 64, "bytes": 1}]}
    now, margin = datetime(2026, 3, 2, 12, tzinfo=UTC), timedelta(minutes=5)
    found = judge(submitted("inspection.recorded", **data), CATALOGUE, now, Margins(margin, margin))
    told = [(r.code, r.pointer) for r in found.reasons] if isinstance(found, Refused) else []
    assert told == [("inspects-itself", pointer) for pointer in at]
