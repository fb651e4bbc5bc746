"""Dates, amounts and the terms of the domain, in English and 简体中文.

An instant is printed in the offset that its event gave it, and says so; a bare date is a day and stays one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.numbers import format_decimal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
LOCALES: Mapping[Language, Locale] = {"en": Locale("en", "GB"), "zh": Locale("zh", "CN", script="Hans")}

ROLES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "direct": "direct handler",
        "leading": "leader in charge",
        "principal": "principal leader",
        "office": "head of the efficiency office",
        "supervisor": "head of the supervision",
    },
    "zh": {
        "direct": "直接责任人",
        "leading": "分管负责人",
        "principal": "主要负责人",
        "office": "效能办负责人",
        "supervisor": "监察负责人",
    },
}
UNITS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "wd": "working day", "d": "day", "m": "month", "h": "hour", "wh": "working hour", "min": "working minute",
    },
    "zh": {"wd": "个工作日", "d": "日", "m": "个月", "h": "小时", "wh": "个工作小时", "min": "个工作分钟"},
}  # fmt: skip
CLOCKS_ZH: Mapping[str, str] = {
    "decision": "决定", "delivery": "送达", "notice": "补正告知", "consent": "并联同意", "verification": "核实",
    "filing": "备案", "rectification": "整改", "transfer": "转办", "answer": "答复", "handling": "办理",
    "contact": "联系", "acceptance": "受理", "call-back": "回访", "forwarding": "转送", "inform": "告知",
    "recorded": "登记", "promised": "承诺办结", "statutory": "法定办结",
}  # fmt: skip
"""The clocks of the shipped catalogue; any other is printed as its catalogue spells it."""
LEAD = "lead:"
"""What stands before the kind of a lead, where a case of a missed limit has its clock."""
LEADS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "repeated-correction-notice": "a second correction notice", "first-contact-refused": "first contact refused",
        "bounced-transfer": "transferred back to a unit that has had it",
        "complaint-substantiated": "complaint substantiated", "closed-without-feedback": "closed without feedback",
        "inspection-finding": "inspection finding", "amended-after-its-date": "commitment amended after its date",
    },
    "zh": {
        "repeated-correction-notice": "未一次性告知", "first-contact-refused": "首问不负责",
        "bounced-transfer": "推诿转办",
        "complaint-substantiated": "效能投诉查实", "closed-without-feedback": "未反馈即办结",
        "inspection-finding": "明察暗访发现问题", "amended-after-its-date": "承诺逾期后变更",
    },
}  # fmt: skip
"""The leads of the shipped rulebook; any other is printed as its catalogue spells it."""
DUTIES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "preliminary-review": "taking the case up", "filing": "filing or dismissing it",
        "investigation": "the investigation", "decision": "the decision", "decision-extended": "the decision",
        "service": "the service of the decision", "review-answer": "the answer to the review",
        "appeal-decision": "the decision on the appeal", "appeal-decision-extended": "the decision on the appeal",
        "revocation": "the proposed revocation", "rectification-check": "looking at a rectification's report",
    },
    "zh": {
        "preliminary-review": "初核", "filing": "立案审批", "investigation": "调查", "decision": "处理决定",
        "decision-extended": "处理决定（延期）", "service": "决定送达", "review-answer": "复核答复",
        "appeal-decision": "申诉处理", "appeal-decision-extended": "申诉处理（延期）", "revocation": "撤销案件",
        "rectification-check": "整改验收",
    },
}  # fmt: skip
SLIPS: Mapping[Language, Mapping[str, str]] = {
    "en": {"blue": "Blue slip", "orange": "Orange slip", "red": "Red slip"},
    "zh": {"blue": "蓝单", "orange": "橙单", "red": "红单"},
}
"""R23, upwards."""
_AMOUNT = re.compile(r"(\d+)(wd|d|m|h|wh|min|%)")


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """Text of others on one line: line breaks, other controls and marks that turn the reading direction become blanks,
    so that nobody writes a second line, or a mail header, into our texts."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def when(moment: datetime | date, language: Language) -> str:
    """Wednesday, 28 January 2026, 17:00 (UTC+08:00); 2026年1月28日星期三17:00（UTC+08:00）; a day: no time."""
    return _when(moment, moment.utcoffset() if isinstance(moment, datetime) else None, language)


@lru_cache(maxsize=16_384)
def _when(moment: datetime | date, offset: timedelta | None, language: Language) -> str:
    """By its offset, too: instants are equal whatever theirs."""
    locale = LOCALES[language]
    pattern = "EEEE, d MMMM y" if language == "en" else "y年M月d日EEEE"
    day = format_date(moment, pattern, locale=locale)
    if not isinstance(moment, datetime):
        return day
    clock = format_time(moment.replace(tzinfo=None), "HH:mm:ss" if moment.second else "HH:mm", locale=locale)
    zone = _offset(offset or timedelta())
    return f"{day}, {clock} ({zone})" if language == "en" else f"{day}{clock}（{zone}）"


def _offset(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


@lru_cache(maxsize=4096)
def amount(written: str, language: Language) -> str:
    """5wd → 5 working days, 5个工作日; 25% → 25% of the time, 25%的时间; anything else as it stands."""
    parts = _AMOUNT.fullmatch(written)
    if parts is None:
        return plain(written)
    number = format_decimal(int(parts[1]), locale=LOCALES[language])
    if parts[2] == "%":
        return f"{number}% of the time" if language == "en" else f"{number}%的时间"
    unit = UNITS[language][parts[2]]
    if language == "zh":
        return f"{number}{unit}"
    return f"{number} {unit}{'' if LOCALES[language].plural_form(int(parts[1])) == 'one' else 's'}"


@lru_cache(maxsize=256)
def roles(codes: Sequence[str], language: Language) -> str:
    """direct handler and leader in charge; 直接责任人和分管负责人."""
    return format_list([role(code, language) for code in codes], locale=LOCALES[language])


def role(code: str, language: Language) -> str:
    return ROLES[language].get(code, code)


def lead(code: str, language: Language) -> str:
    return plain(LEADS[language].get(code, code))


def clock(code: str, language: Language) -> str:
    if code.startswith(LEAD):
        return lead(code.removeprefix(LEAD), language)
    return plain(CLOCKS_ZH.get(code, code) if language == "zh" else code)


def duty(code: str, language: Language) -> str:
    """What overseers have to do; any other clock as it is spelled."""
    return plain(DUTIES[language].get(code, code))


def slip(level: str, language: Language) -> str:
    """Orange slip; 橙单."""
    return plain(SLIPS[language].get(level, level))


def filters(language: Language) -> dict[str, Callable[..., str]]:
    """What the templates of a language use."""
    return {
        "plain": plain,
        "when": lambda moment: when(moment, language),
        "amount": lambda written: amount(written, language),
        "roles": lambda codes: roles(codes, language),
        "role": lambda code: role(code, language),
        "clock": lambda code: clock(code, language),
        "duty": lambda code: duty(code, language),
        "lead": lambda code: lead(code, language),
        "slip": lambda level: slip(level, language),
    }
