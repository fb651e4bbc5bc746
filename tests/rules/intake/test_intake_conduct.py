"""Facts about who decided what enter as they are meant to be sent; what cannot be meant is refused with its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.intake.parsing import Raw, Unreadable, parse
from shared.events import generate
from shared.events.envelope import STRUCTURED

EXAMPLES = generate.HERE / "examples" / "submissions"
TYPES = ("opinion.given", "order.given", "decision.taken", "team.named")


def sent(name: str, **changes: Any) -> Raw:
    event = json.loads((EXAMPLES / f"{name}.v1.json").read_text())
    event["data"] = {k: v for k, v in (event["data"] | changes).items() if v is not None}
    return Raw("kafka", [("content-type", STRUCTURED.encode())], json.dumps(event).encode())


@pytest.mark.parametrize("name", TYPES)
def test_each_enters_with_what_it_says(name: str) -> None:
    found = parse(sent(name))
    assert not isinstance(found, Unreadable)
    example = json.loads(Path(EXAMPLES / f"{name}.v1.json").read_text())
    assert json.loads(found.canonical)["data"] == {**example["data"], "origin": "live"}


@pytest.mark.parametrize(
    ("name", "changes", "pointer"),
    [
        ("opinion.given", {"stance": "perhaps"}, "/data/stance"),
        ("opinion.given", {"role": "minister"}, "/data/role"),
        ("opinion.given", {"person": None}, "/data/person"),
        ("opinion.given", {"bypasses": "approver"}, "/data/bypasses"),
        ("opinion.given", {"overrides": "fp-1"}, "/data/overrides"),
        ("order.given", {"zone": None}, "/data"),
        ("decision.taken", {"members": []}, "/data/members"),
        ("decision.taken", {"members": ["p-1", "p-2"], "dissented": ["p-2"]}, "/data"),
        ("decision.taken", {"members": "p-1"}, "/data/members"),
        ("team.named", dict.fromkeys(("lead_unit", "assisting_units", "project_manager", "first_contact")), "/data"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(name: str, changes: dict[str, Any], pointer: str) -> None:
    found = parse(sent(name, **changes))
    assert isinstance(found, Unreadable)
    assert pointer in {reason.pointer for reason in found.refused.reasons}
