"""What a person reads: the facts that matter to them, in English and in Chinese."""

from dataclasses import replace
from datetime import UTC, date, datetime

import orjson
import pytest

from services.notification.handlers import plan
from services.notification.reading import told
from services.notification.rules import notices as rules
from services.notification.rules.directory import Directory, Reach
from services.notification.rules.notices import Case, Notice, Ref, Text
from services.notification.texts import render
from services.notification.texts.facts import facts_of, kept
from services.notification.texts.words import amount, plain, roles, when
from shared.events.base import Event
from tests.support import notice_world as world

ABOUT = Ref("/duban/source", "event-1")
HELD = Case("licheng/M1", "C1", 1, (("direct", "li"),), "general-licence", "licensing", "decision", "2026-03-10")


def texts(event: Event, notice: Notice | None = None, case: Case | None = HELD) -> tuple[Text, Text]:
    """In English and in Chinese, by way of what is kept."""
    (heard,) = told([world.delivered(event, revision=2)], lambda _: None)
    known = None if heard.case is None else rules.learn(case, heard.case)
    notice = notice or replace(plan(heard, case, Directory(()))[0], about=ABOUT)
    facts = orjson.loads(kept(facts_of(heard, known), notice))
    return render(facts, notice, "en"), render(facts, notice, "zh")


def test_a_warning_says_what_is_left_of_which_limit_and_when_it_ends() -> None:
    en, zh = texts(world.warned("li"))
    assert en.subject == '5 working days left: matter M1, limit "decision" due Tuesday, 10 March 2026'
    assert "Late from: Wednesday, 11 March 2026, 00:00 (UTC+08:00)" in en.body
    assert "item general-licence, in the hands of unit licensing" in en.body
    assert "Why you: the matter is in your hands." in en.body
    assert zh.subject == "【预警】办件 M1：“决定”时限剩余5个工作日，2026年3月10日星期二到期"
    assert "超期起算：2026年3月11日星期三00:00（UTC+08:00）" in zh.body
    assert "承办单位：licensing" in zh.body
    assert "通知您的原因：该办件现由您承办。" in zh.body


def test_a_warning_to_a_leader_says_which_post_is_vacant() -> None:
    event = world.warned()
    (notice,) = rules.to_handler(ABOUT, event.TYPE, "live", None, Reach("wang", "leading", ("direct",)))
    en, zh = texts(event, notice)
    assert "the post of direct handler is vacant, so this comes to you as leader in charge" in en.body
    assert "直接责任人岗位空缺，由您作为分管负责人接收" in zh.body


def test_a_warning_of_a_stated_instant_and_a_share_is_printed_in_its_own_offset() -> None:
    due = datetime.fromisoformat("2026-03-10T17:30:00-05:00")
    en, zh = texts(world.warned("li", due=due, late_from=due, warning="25%"))
    assert en.subject.startswith("25% of the time left") and "10 March 2026, 17:30 (UTC-05:00)" in en.subject
    assert "剩余25%的时间，2026年3月10日星期二17:30（UTC-05:00）到期" in zh.subject


def test_a_warning_of_a_case_s_own_limit_asks_for_the_answer() -> None:
    en, zh = texts(world.warned("li", clock="rung-1", subject="case:C1"))
    assert "answer to case C1 due" in en.subject and "Please answer the case before then" in en.body
    assert "责任案件 C1" in zh.body and "请在到期前答复本案件" in zh.body


def test_a_new_case_says_what_is_asked_why_and_that_it_is_proposed() -> None:
    en, zh = texts(world.opened())
    assert en.subject == 'Responsibility case: matter M1 missed its limit "decision"; answer within 1 working day'
    assert "you are proposed as direct handler" in en.body
    assert "missed limit: event the-miss; rulebook default/2026" in en.body
    assert "only a person can confirm it" in en.body
    assert zh.subject == "【责任案件】办件 M1“决定”时限超期，请于1个工作日内答复"
    assert "系统拟将您列为直接责任人" in zh.body
    assert "责任规则：default/2026" in zh.body
    assert "未经人工确认，不作为责任追究的结论" in zh.body


def test_a_case_that_reached_nobody_says_which_posts_are_vacant() -> None:
    en, zh = texts(world.opened(world.addressee(None, "principal", ["direct", "leading"])))
    assert "these posts are vacant: direct handler, leader in charge and principal leader" in en.body
    assert "直接责任人、分管负责人和主要负责人岗位均空缺" in zh.body


def test_an_escalation_says_that_nobody_answered_and_what_comes_next() -> None:
    en, zh = texts(world.escalated(world.addressee("wang", "leading")))
    assert "Nobody answered the case on matter M1 in time" in en.body and "next person above" in en.body
    assert 'The limit "decision" due Tuesday, 10 March 2026 was missed' in en.body
    assert "【案件升级】" in zh.subject and "（到期时间：2026年3月10日星期二）" in zh.body
    en, zh = texts(world.escalated(world.addressee("qian", "principal"), last=True))
    assert "There is no rung above yours" in en.body and "已无上级负责人" in zh.body


def test_a_withdrawal_gives_its_cause_and_asks_nothing_more() -> None:
    en, zh = texts(world.withdrawn("li"))
    assert "the limit was kept" in en.body and "cause: event the-closure of /licheng/approval" in en.body
    assert "Nothing more is asked of you" in en.body
    assert "【撤案】" in zh.subject and "在时限内办结" in zh.body and "您无须再作答复" in zh.body


@pytest.mark.parametrize("reason", ["met", "due-moved", "voided"])
def test_every_reason_of_a_withdrawal_has_its_words(reason: str) -> None:
    assert all(text.body for text in texts(world.withdrawn("li", reason=reason)))


def test_a_reinstatement_asks_for_an_answer_again() -> None:
    en, zh = texts(world.reinstated(world.addressee("li")))
    assert "Case reinstated" in en.subject and "the case stands again" in en.body
    assert "【案件恢复】" in zh.subject and "重新答复" in zh.body


def test_a_revision_tells_the_one_and_the_other() -> None:
    event = world.revised(direct="zhao")
    after = Case("licheng/M1", "C1", 2, (("direct", "zhao"),))
    now, before = rules.to_revised(ABOUT, event.TYPE, "live", HELD, after)
    en, zh = texts(event, now)
    assert en.subject == "Case on matter M1: you are now proposed as direct handler"
    assert zh.subject == "【责任建议变更】办件 M1：系统现拟将您列为直接责任人"
    en, zh = texts(event, before)
    assert en.subject == "Case on matter M1: you are no longer proposed as direct handler"
    assert "您无须再作答复" in zh.body and "2026年3月10日" in zh.body


def test_a_revision_of_a_case_that_was_never_heard_of_is_still_told() -> None:
    event = world.revised(direct="zhao")
    (notice,) = rules.to_revised(ABOUT, event.TYPE, "live", None, Case("licheng/M1", "C1", 2, (("direct", "zhao"),)))
    assert "you are now proposed" in texts(event, notice, None)[0].subject


def test_no_text_holds_an_unprinted_value_or_names_anybody_but_by_role() -> None:
    for event in (
        world.warned("li"), world.opened(), world.escalated(world.addressee("li")), world.withdrawn("li"),
        world.reinstated(world.addressee("li")),
    ):  # fmt: skip
        for text in texts(event):
            assert "\n" not in text.subject and text.subject.strip() == text.subject != ""
            for said in (text.subject, text.body):
                assert not any(word in said for word in ("None", "wang", "{", "}", "  ", "datetime", "\n\n\n"))


def test_what_others_wrote_stays_on_one_line() -> None:
    assert plain("M1\r\nBcc: all@example\u2028\u202e\x00") == "M1  Bcc: all@example   "


def test_one_instant_is_printed_in_the_offset_of_each_that_is_asked() -> None:
    east, west = (datetime.fromisoformat(t) for t in ("2026-03-11T00:00:00+08:00", "2026-03-10T11:00:00-05:00"))
    assert east == west
    assert [when(t, "en")[-11:] for t in (east, west, east)] == ["(UTC+08:00)", "(UTC-05:00)", "(UTC+08:00)"]


def test_dates_amounts_and_roles_in_both_languages() -> None:
    assert when(date(2026, 1, 28), "en") == "Wednesday, 28 January 2026"
    assert when(date(2026, 1, 28), "zh") == "2026年1月28日星期三"
    assert when(datetime(2026, 1, 28, 9, 30, 5, tzinfo=UTC), "en").endswith("09:30:05 (UTC+00:00)")
    assert [amount(a, "en") for a in ("1wd", "20wd", "1m", "90min")] == [
        "1 working day", "20 working days", "1 month", "90 working minutes",
    ]  # fmt: skip
    assert [amount(a, "zh") for a in ("1wd", "20d", "3m", "24h")] == ["1个工作日", "20日", "3个月", "24小时"]
    assert roles(("direct", "leading"), "en") == "direct handler and leader in charge"
    assert roles(("direct", "leading"), "zh") == "直接责任人和分管负责人"
