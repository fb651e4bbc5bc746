"""An explanation in words, English or 简体中文, for a reader with a wall calendar and no knowledge of Duban.

Says what `services.deadline.rules.explain` found and nothing else; holidays keep the names their calendar gives them.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from services.deadline.rules.calendar import WEEKEND
from services.deadline.rules.explain import Explanation
from services.deadline.rules.steps import PAUSED

WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEKDAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")

UNITS_ZH = {
    "wd": "个工作日",
    "d": "个自然日",
    "m": "个月",
    "h": "小时",
    "wh": "个工作小时",
    "min": "个工作分钟",
}

START_RULES_EN = {
    "day0": "the day of receipt does not count",
    "roll": "a rest day first rolls to the next working day, which does not count",
    "inclusive": "the day of receipt is day 1",
}
START_RULES_ZH = {
    "day0": "收件当日不计入",
    "roll": "休息日收件的，先顺延至下一工作日，该日不计入",
    "inclusive": "收件当日为第1日",
}
COUNTS_EN = {
    "d": "every day counts, rest days too",
    "m": "the corresponding day of the month, else the month's last day",
    "h": "every hour counts, day and night",
}
COUNTS_ZH = {"d": "每日均计入，含休息日", "m": "期满月的对应日，无对应日的为该月末日", "h": "昼夜连续计算"}
DAY_UNITS = frozenset({"wd", "d", "m"})
REFUSED_ZH = {
    "extension-after-expiry": "逾期后申请延期",
    "extension-too-often": "延期次数已用完",
    "extension-over-cap": "超过延期上限",
    "extension-without-approver": "未载明批准人",
    "extension-without-reason": "未说明理由",
    "extension-not-provided": "该时限不得延长",
    "extension-shortens": "并未延后到期日",
    "extension-unit": "延期单位与时限不符",
}
ROLLS_EN = {"next": "the next working day", "previous": "the working day before"}
ROLLS_ZH = {"next": "顺延至下一工作日", "previous": "提前至前一工作日"}


def text_en(explanation: Explanation) -> str:
    """The explanation in English; the first line is the due date."""
    limit, start, calendar = explanation["limit"], explanation["start"], explanation["calendar"]
    unit = limit["unit"]
    lines = [f"Due {_due(explanation, _day_en)}"]
    if _is_day(explanation):
        lines.append(
            f"  The day ends at {limit['day_ends']}, {limit['zone']}; late from {_clock(explanation['late_from'])}."
        )
    stated = limit["amount"] is None
    lines.append(f"Limit {limit['text']}" + (", as stated" if stated else f", {limit['amount']} {limit['unit_name']}"))
    lines.append(f"  Source: {limit['source']}")
    received = (
        _day_en(start["date"]) if start["date_only"] else f"{_clock(start['at'])} ({_weekday_en(start['at'][:10])})"
    )
    lines.append(f"Start: {start['fact']} {received}")
    if cut_off := _cut_off(explanation):
        lines.append(f"  At or after {cut_off} is received on the next working day, {_day_en(start['date'])}.")
    if start["counted_as"] is not None:
        lines.append(f"  Start rule {limit['start_rule']}: {START_RULES_EN[limit['start_rule']]}.")
    lines += [f"  {_day_en(day['date'])}: {day['reason']}, passed over" for day in start["passed_over"]]
    if start["counted_as"] is not None:
        lines.append(f"  {_day_en(start['counted_from'])} is day {start['counted_as']}.")
    elif start["passed_over"]:
        lines.append(f"  The count begins on the next working day, {_day_en(start['counted_from'])}, at 00:00.")
    if explanation["days"] and unit == "wd":
        lines.append("Day by day:")
        lines += [f"  {_run_en(run)}" for run in explanation["days"]]
    elif explanation["worked"]:
        lines.append("Working time counted:")
        lines += [f"  {_clock(worked['from'])} to {_clock(worked['to'])}" for worked in explanation["worked"]]
        lines += [f"  {_day_en(day['date'])}: {day['reason']}, not counted" for day in explanation["skipped"]]
    elif unit in COUNTS_EN:
        lines.append(f"Count: {COUNTS_EN[unit]}.")
    lines += [_pause_en(pause, unit) for pause in explanation["pauses"]]
    lines += [_extension_en(extension) for extension in explanation["extensions"]]
    lines += [f"Refused: {each['detail']} (fact {each['fact']})." for each in explanation["refused"]]
    if explanation["nominal_end"] and unit != "wd":
        lines.append(f"  The last day is {_day_en(explanation['nominal_end'])}.")
    lines += [f"  {_day_en(day['date'])}: {day['reason']}" for day in explanation["rolled_over"]]
    if explanation["rolled_over"]:
        lines.append(f"  So it rolls to {ROLLS_EN[limit['roll']]}, {_day_en(explanation['due'])}.")
    lines += [f"Warning at {_clock(warning['at'])}, {warning['left']} left" for warning in explanation["warnings"]]
    lines.append(f"Calendar {calendar['code']}, version {calendar['version']}, published to {calendar['published_to']}")
    if explanation["provisional"]:
        lines.append(
            f"PROVISIONAL: the official calendar from {_day_en(explanation['provisional_from'])} is not published; "
            "the date will be computed again when it is."
        )
    if explanation["facts"]:
        lines.append(f"Facts used: {', '.join(explanation['facts'])}")
    return "\n".join(lines)


def text_zh(explanation: Explanation) -> str:
    """The explanation in 简体中文; the first line is the due date."""
    limit, start, calendar = explanation["limit"], explanation["start"], explanation["calendar"]
    unit = limit["unit"]
    lines = [f"到期：{_due(explanation, _day_zh)}"]
    if _is_day(explanation):
        lines.append(
            f"  当日截止于 {limit['day_ends']}（{limit['zone']}），自 {_clock(explanation['late_from'])} 起为逾期。"
        )
    stated = limit["amount"] is None
    lines.append(f"时限：{limit['text']}" + ("，为指定时间" if stated else f"，即{limit['amount']}{UNITS_ZH[unit]}"))
    lines.append(f"  依据：{limit['source']}")
    received = (
        _day_zh(start["date"]) if start["date_only"] else f"{_clock(start['at'])}（{_weekday_zh(start['at'][:10])}）"
    )
    lines.append(f"起算：{start['fact']}，{received}")
    if cut_off := _cut_off(explanation):
        lines.append(f"  {cut_off} 及以后收件的，视为次一工作日 {_day_zh(start['date'])}收件。")
    if start["counted_as"] is not None:
        lines.append(f"  起算规则 {limit['start_rule']}：{START_RULES_ZH[limit['start_rule']]}。")
    lines += [f"  {_day_zh(day['date'])}：{_reason_zh(day['reason'])}，顺延" for day in start["passed_over"]]
    if start["counted_as"] is not None:
        lines.append(f"  {_day_zh(start['counted_from'])}为第{start['counted_as']}日。")
    elif start["passed_over"]:
        lines.append(f"  自下一工作日{_day_zh(start['counted_from'])}零时起算。")
    if explanation["days"] and unit == "wd":
        lines.append("逐日计算：")
        lines += [f"  {_run_zh(run)}" for run in explanation["days"]]
    elif explanation["worked"]:
        lines.append("计入的工作时间：")
        lines += [f"  {_clock(worked['from'])} 至 {_clock(worked['to'])}" for worked in explanation["worked"]]
        lines += [f"  {_day_zh(day['date'])}：{_reason_zh(day['reason'])}，不计入" for day in explanation["skipped"]]
    elif unit in COUNTS_ZH:
        lines.append(f"计算：{COUNTS_ZH[unit]}。")
    lines += [_pause_zh(pause, unit) for pause in explanation["pauses"]]
    lines += [_extension_zh(extension) for extension in explanation["extensions"]]
    lines += [f"未予采纳：{REFUSED_ZH[each['code']]}（事实 {each['fact']}）。" for each in explanation["refused"]]
    if explanation["nominal_end"] and unit != "wd":
        lines.append(f"  最后一日为{_day_zh(explanation['nominal_end'])}。")
    lines += [f"  {_day_zh(day['date'])}：{_reason_zh(day['reason'])}" for day in explanation["rolled_over"]]
    if explanation["rolled_over"]:
        lines.append(f"  因此{ROLLS_ZH[limit['roll']]}，即{_day_zh(explanation['due'])}。")
    lines += [f"预警：{_clock(warning['at'])}，剩余 {warning['left']}" for warning in explanation["warnings"]]
    lines.append(f"日历：{calendar['code']}，版本 {calendar['version']}，已公布至{calendar['published_to']}年")
    if explanation["provisional"]:
        lines.append(f"暂定：{_day_zh(explanation['provisional_from'])}起的放假安排尚未公布，公布后重新计算。")
    if explanation["facts"]:
        lines.append(f"所用事实：{'、'.join(explanation['facts'])}")
    return "\n".join(lines)


def _cut_off(explanation: Explanation) -> str | None:
    """The hour by which something was received too late for its day; None where it was not."""
    start = explanation["start"]
    hour: str | None = explanation["terms"].get("cut_off")
    return hour[:5] if hour is not None and start["date"] != start["at"][:10] else None


def _pause_en(pause: Mapping[str, Any], unit: str) -> str:
    end = "expected to end" if pause["assumed"] else "to"
    added = f"{pause['added']:g} {'days' if unit in DAY_UNITS else 'minutes'} are added"
    counts = ": the first day counts, the last does not" if unit in DAY_UNITS else ""
    return (
        f"Paused ({pause['ground']}) from {_when_en(pause['since'])} {end} {_when_en(pause['until'])}{counts}; {added}."
    )


def _pause_zh(pause: Mapping[str, Any], unit: str) -> str:
    end = "预计至" if pause["assumed"] else "至"
    added = f"顺延{pause['added']:g}{'日' if unit in DAY_UNITS else '分钟'}"
    counts = "（起日计入，止日不计入）" if unit in DAY_UNITS else ""
    return f"暂停（{pause['ground']}）：自{_when_zh(pause['since'])}{end}{_when_zh(pause['until'])}{counts}，{added}。"


def _extension_en(extension: Mapping[str, Any]) -> str:
    by = f"by {extension['by']}" if "by" in extension else f"until {_when_en(extension['until'])}"
    who = f", approved by {extension['approver']}" if "approver" in extension else ""
    moved = f"from {_when_en(extension['from'])} to {_when_en(extension['to'])}"
    return f"Extended {by} on {_clock(extension['asked_at'])}{who}: {moved}."


def _extension_zh(extension: Mapping[str, Any]) -> str:
    by = f"延长{extension['by']}" if "by" in extension else f"延长至{_when_zh(extension['until'])}"
    who = f"，批准人 {extension['approver']}" if "approver" in extension else ""
    moved = f"由{_when_zh(extension['from'])}至{_when_zh(extension['to'])}"
    return f"延期：{_clock(extension['asked_at'])} {by}{who}，{moved}。"


def _when_en(when: str) -> str:
    return _clock(when) if "T" in when else _day_en(when)


def _when_zh(when: str) -> str:
    return _clock(when) if "T" in when else _day_zh(when)


def _is_day(explanation: Explanation) -> bool:
    return bool(explanation["due"] != explanation["due_at"])


def _due(explanation: Explanation, day: Callable[[str], str]) -> str:
    return day(explanation["due"]) if _is_day(explanation) else _clock(explanation["due"])


def _clock(at: str) -> str:
    """An instant as a person writes it: seconds and their fractions only where there are any."""
    instant = datetime.fromisoformat(at)
    precision = "microseconds" if instant.microsecond else "seconds" if instant.second else "minutes"
    return instant.isoformat(" ", precision)


def _run_en(run: Mapping[str, Any]) -> str:
    span = _span(run, _day_en, " to ")
    if run["first"] is None:
        return f"{span}: not counted, {run['note']}"
    numbers = f"day {run['first']}" if run["first"] == run["last"] else f"days {run['first']} to {run['last']}"
    return f"{span}: {numbers}" + (f", {run['note']}" if run["note"] else "")


def _run_zh(run: Mapping[str, Any]) -> str:
    span = _span(run, _day_zh, "至")
    if run["first"] is None:
        return f"{span}：不计入，{_reason_zh(run['note'])}"
    numbers = f"第{run['first']}日" if run["first"] == run["last"] else f"第{run['first']}至{run['last']}日"
    return f"{span}：{numbers}" + (f"，{run['note']}" if run["note"] else "")


def _span(run: Mapping[str, Any], day: Callable[[str], str], to: str) -> str:
    return day(run["from"]) if run["from"] == run["to"] else f"{day(run['from'])}{to}{day(run['to'])}"


def _weekday_en(day: str) -> str:
    return WEEKDAYS_EN[date.fromisoformat(day).weekday()]


def _weekday_zh(day: str) -> str:
    return WEEKDAYS_ZH[date.fromisoformat(day).weekday()]


def _day_en(day: str) -> str:
    return f"{day} {_weekday_en(day)}"


def _day_zh(day: str) -> str:
    return f"{day}（{_weekday_zh(day)}）"


def _reason_zh(reason: str) -> str:
    if reason.startswith(PAUSED):
        return f"暂停（{reason.removeprefix(PAUSED)}）"
    return "周末" if reason == WEEKEND else reason
