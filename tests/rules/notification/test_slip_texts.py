"""What is told of a slip (R23), to whom, in English and in Chinese."""

from datetime import date, datetime
from typing import Any, get_args

import orjson
import pytest

from services.notification.handlers import plan
from services.notification.reading import told
from services.notification.rules.directory import Directory
from services.notification.rules.notices import Notice, Text
from services.notification.texts import render
from services.notification.texts.facts import facts_of, kept
from shared.events.base import Event, EventRef
from shared.events.slips import SlipIssued, SlipRevoked
from tests.support import notice_world as world


def said(**more: Any) -> dict[str, Any]:
    return {
        "card_id": "C1", "authority": "licheng", "matter": "D-1", "level": "orange", "clock": "recorded",
        "occurred_at": datetime.fromisoformat("2026-04-07T00:00:01+08:00"), "item": "directive", "unit": "planning",
        "person": "li", "due": date(2026, 3, 31), "late_from": datetime.fromisoformat("2026-04-01T00:00:00+08:00"),
        "cause": EventRef(source="/duban/deadline", id="e1"), **more,
    }  # fmt: skip


def issued(**more: Any) -> SlipIssued:
    return SlipIssued(**said(**{"grounds": ("overdue",), "rulebook": "default/cards-1", **more}))


def noticed(event: Event) -> tuple[Notice, Text, Text]:
    (heard,) = told([world.delivered(event, id="e1")], lambda _: None)
    (notice,) = plan(heard, None, Directory(()))
    facts = orjson.loads(kept(facts_of(heard, None), notice))
    return notice, render(facts, notice, "en"), render(facts, notice, "zh")


def test_a_slip_tells_whoever_had_the_directive_in_hand() -> None:
    notice, en, zh = noticed(issued())
    assert (notice.recipient, notice.why, notice.state) == ("li", "had", "sent")
    assert en.subject == 'Orange slip: matter D-1, limit "recorded" due Tuesday, 31 March 2026'
    assert "has passed and the matter is still not done" in en.body and "a higher slip follows" in en.body
    assert "rulebook default/cards-1" in en.body
    assert zh.subject == "【橙单】办件 D-1：“登记”时限，2026年3月31日星期二到期"
    assert "至今仍未办结" in zh.body and "届时该办件由您承办" in zh.body


def test_an_urgent_red_one_says_so_and_that_it_is_the_last() -> None:
    _, en, zh = noticed(issued(level="red", urgent=True))
    assert en.subject.startswith("Red slip, urgent:") and "no higher slip" in en.body
    assert zh.subject.startswith("【红单】急件") and "最高一级" in zh.body


def test_of_imported_history_nobody_is_told_and_of_a_vacant_post_it_is_on_record() -> None:
    assert noticed(issued(origin="import"))[0].state == "suppressed"
    assert noticed(issued(person=None))[0].recipient == "vacant"


@pytest.mark.parametrize("reason", get_args(SlipRevoked.model_fields["reason"].annotation))
def test_every_reason_of_a_revocation_has_its_words(reason: str) -> None:
    _, en, zh = noticed(SlipRevoked(**said(reason=reason)))
    assert en.subject == "Orange slip revoked: matter D-1" and zh.subject == "【橙单撤销】办件 D-1"
    assert "Nothing is asked of you" in en.body and "您无须因此单再作处理" in zh.body


@pytest.mark.parametrize("ground", ["promised-passed", "statutory-passed", "overdue", "warned", "deemed"])
def test_no_text_holds_an_unprinted_value(ground: str) -> None:
    for event in (issued(grounds=(ground,), subject="report"), SlipRevoked(**said(reason="met"))):
        for text in noticed(event)[1:]:
            assert "\n" not in text.subject and text.subject.strip() == text.subject != ""
            assert not any(word in text.subject + text.body for word in ("None", "{", "}", "  ", "\n\n\n"))
