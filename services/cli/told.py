"""A deadline's explanation and a case, as the services' HTTP answers tell them, in words for a terminal. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

Answer = dict[str, Any]
ZH = {"direct": "直接责任人", "leading": "分管负责人", "principal": "主要负责人"}


def deadlines_text(answer: Answer) -> str:
    """The clocks of a matter, one line each."""
    lines = [f"{answer['matter']}"]
    for clock in answer["deadlines"]:
        name = clock["clock"] + (f" ({clock['subject']})" if clock["subject"] else "")
        done = f", done {clock['done_at']}" if clock["done_at"] else ""
        lines.append(f"  {name}: {clock['state']}, due {clock['due'] or '-'}{done}; {clock['unit'] or '-'}")
    return "\n".join(lines)


def explanation_text(answer: Answer, language: str) -> str:
    """Why a clock is due when it is, day by day, and the facts it rests on."""
    lines = [f"{answer['matter']} {answer['clock']}: {answer['state']}", answer["text"][language]]
    lines += [f"Fact: {fact['occurred_at']} {fact['type']} ({fact['source']} {fact['id']})" for fact in answer["facts"]]
    return "\n".join(lines)


def case_text(case: Answer) -> str:
    """A case from its head down to the submissions it rests on."""
    return "\n".join(_case_lines(case))


def _case_lines(case: Answer) -> Iterator[str]:
    zone = ZoneInfo(next((link["limit"]["zone"] for link in case["chain"] if "limit" in link), "UTC"))
    yield f"case {case['case_id']}: {case['state']}"
    yield f"  {case['authority']}/{case['matter']}, {case['clock']} due {case['due']}; {case['unit'] or 'no unit'}"
    yield "  responsible, as held at the due:"
    for one in case["responsible"]:
        role = one["role"]
        yield f"    {role} {ZH[role]}: {one.get('person') or 'vacant'} ({one['rule']}: {one['because']})"
    yield "  what happened:"
    for event in case["history"]:
        to = (event["says"].get("addressee") or {}).get("person")
        yield f"    {_local(event['occurred_at'], zone)} {event['type']}" + (f", to {to}" if to else "")
    for answer in case["answers"]:
        yield f"    {_local(answer['answered_at'], zone)} answered by {answer['person']}: {answer['text']}"
    yield "  why, down to what was submitted:"
    for depth, link in enumerate(case["chain"]):
        yield f"    {'  ' * min(depth, 2)}{_link(link, zone)}"


def _link(link: Answer, zone: ZoneInfo) -> str:
    text = f"{link['type']} (event {link['event']['id']})"
    if "due" in link:
        text += f": due {link['due']}, late from {_local(link['late_from'], zone)}, {link['limit']['source']}"
    if "submission" in link:
        text += f": {link['occurred_at']}, submitted as {link['submission']['source']} {link['submission']['id']}"
    return text


def _local(instant: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(zone):%Y-%m-%d %H:%M%z}"


def inbox_text(notice: Answer, language: str) -> str:
    """One notice."""
    text = notice[language]
    return f"{text['subject']}\n" + "\n".join(f"  {line}" for line in text["body"].splitlines())
