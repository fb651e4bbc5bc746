"""What overseers, assignees and those who must rectify read: made of the golden examples, in English and in Chinese."""

import json
from dataclasses import replace
from typing import Any

import orjson
import pytest

from services.notification.handlers import plan
from services.notification.reading import told
from services.notification.rules import notices as rules
from services.notification.rules.directory import Directory
from services.notification.rules.notices import VACANT, Case, Notice, Ref, Text
from services.notification.texts import render
from services.notification.texts.facts import facts_of, kept
from shared.events import generate
from shared.events.base import Event
from shared.events.catalog import UnknownVersion, model_of
from tests.support import notice_world as world

ABOUT = Ref("/duban/accountability", "event-1")
HELD = Case("k", "C1", 1, (("direct", "p-1"),), "general-licence", "受理科", "decision", "2026-03-03")


def example(type_: str, **changes: Any) -> Event:
    """The golden example, with changes."""
    said = json.loads((generate.HERE / f"examples/case-events/{type_}.v1.json").read_text())["data"] | changes
    model = model_of("case-events", type_, 1)
    assert model is not None and not isinstance(model, UnknownVersion)
    return model.model_validate_json(orjson.dumps(said))


def read(event: Event) -> tuple[Notice, Text, Text]:
    """The notice, and what it says."""
    (heard,) = told([world.delivered(event, revision=9)], lambda _: None)
    assert heard.case is not None
    known = rules.learn(HELD, heard.case)
    (notice,) = plan(heard, HELD, Directory(()))
    notice = replace(notice, about=ABOUT)
    facts = orjson.loads(kept(facts_of(heard, known), notice))
    return notice, render(facts, notice, "en"), render(facts, notice, "zh")


def test_the_overseer_reads_which_duty_is_late_and_which_post_is_vacant() -> None:
    notice, en, zh = read(example("case.overseer_late"))
    assert (notice.recipient, notice.why, notice.role) == ("p-0c4d77", "oversees", "supervisor")
    assert "taking the case up was due Thursday, 19 March 2026" in en.body
    assert "the post of head of the efficiency office was vacant" in en.body
    assert zh.subject.startswith("【督办提醒】") and "初核" in zh.subject
    assert "效能办负责人岗位空缺，由您作为监察负责人接收" in zh.body


def test_a_duty_that_reaches_nobody_says_which_posts_are_vacant() -> None:
    notice, en, _ = read(example("case.overseer_late", addressee={"office": "supervisor", "skipped": ["office"]}))
    assert (notice.recipient, notice.state) == (VACANT, "failed")
    assert "head of the efficiency office and head of the supervision" in en.body


def test_who_is_assigned_reads_that_the_answer_is_theirs() -> None:
    notice, en, zh = read(example("case.assigned"))
    assert (notice.recipient, notice.why) == ("p-77c0d5", "assigned")
    assert "Why you: it was assigned to you." in en.body
    assert "请您答复" in zh.subject


@pytest.mark.parametrize("type_", ["rectification.ordered", "rectification.opened", "rectification.rejected"])
def test_who_must_rectify_reads_within_what(type_: str) -> None:
    notice, en, zh = read(example(type_))
    assert (notice.recipient, notice.why) == ("p-3b91aa", "rectifies")
    assert "within 15 working days" in en.subject and "15个工作日" in zh.subject
    assert "3f0f6c1a" in en.body and "受理科" in zh.body


def test_an_overdue_rectification_says_since_when() -> None:
    _, en, zh = read(example("rectification.overdue"))
    assert "was to be reported by Wednesday, 6 May 2026" in en.body
    assert "2026年5月6日" in zh.body


@pytest.mark.parametrize(
    "type_",
    [
        "case.overseer_late", "case.assigned", "rectification.ordered", "rectification.opened",
        "rectification.rejected", "rectification.overdue", "rectification.not_overdue", "case.answer_served",
    ],
)  # fmt: skip
def test_no_text_holds_an_unprinted_value_or_another_persons_id(type_: str) -> None:
    _, en, zh = read(example(type_))
    for text in (en, zh):
        for word in ("None", "{{", "p-", "9f2c4b8e"):
            assert word not in text.subject + text.body, (type_, word)
        assert text.subject and text.subject.isprintable()


def test_what_is_known_of_the_case_is_not_overwritten_by_a_duty() -> None:
    (heard,) = told([world.delivered(example("case.overseer_late"), revision=9)], lambda _: None)
    assert heard.case is not None
    known = rules.learn(HELD, heard.case)
    assert (known.clock, known.due, known.named) == (HELD.clock, HELD.due, HELD.named)
