"""A deadline's explanation and a case, as the services' HTTP answers tell them, in words for a terminal. Pure."""

import shlex
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.cli.proceeding_told import proceeding_lines

Answer = dict[str, Any]
UNTRUE = {
    "met": "it was done in time",
    "due-moved": "its due is another by now",
    "voided": "its limit no longer counts",
}
"""Why a case is withdrawn (I7)."""
NO_CLOCK = "no clock: it was never submitted, or its item has no limit"
ZH = {"direct": "直接责任人", "leading": "分管负责人", "principal": "主要负责人"}


def deadlines_text(answer: Answer) -> str:
    """The clocks of a matter, one line each."""
    lines = [f"{answer['matter']}"]
    if not answer["deadlines"]:
        lines.append(f"  {NO_CLOCK}")
    for clock in answer["deadlines"]:
        zone = ZoneInfo(clock["limit"]["zone"]) if clock["limit"] else None
        name = clock["clock"] + (f" ({clock['subject']})" if clock["subject"] else "")
        due = _local(clock["due"], zone) if clock["due"] else "-"
        done = f", done {_local(clock['done_at'], zone)}" if clock["done_at"] else ""
        lines.append(f"  {name}: {clock['state']}, due {due}{done}; {clock['unit'] or '-'}")
    return "\n".join(lines)


def missing_clock_text(answer: Answer, clock: str, subject: str) -> str:
    """That a matter has no such clock, and which it has, as one would ask for them."""
    if not answer["deadlines"]:
        return f"{answer['matter']} has {NO_CLOCK}"
    there = [one["clock"] + _option(one["subject"]) for one in answer["deadlines"]]
    return f"{answer['matter']} has no clock {clock!r}{_option(subject)}; it has: {', '.join(there)}"


def _option(subject: str) -> str:
    return f" --subject {shlex.quote(subject)}" if subject else ""


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
    due = _local(case["due"], zone)
    yield f"  {case['authority']}/{case['matter']}, {case['clock']} due {due}; {case['unit'] or 'no unit'}"
    if case["state"] == "withdrawn":
        yield from _withdrawn(case, zone)
        yield "  was proposed, no longer stands:"
    else:
        yield "  responsible, as held at the due:"
    for one in case["responsible"]:
        role = one["role"]
        known = f"; known here since {_local(one['known_since'], zone)}" if "known_since" in one else ""
        yield f"    {role} {ZH[role]}: {one.get('person') or 'vacant'} ({one['rule']}: {one['because']}{known})"
    yield "  what happened:"
    for event in case["history"]:
        to = (event["says"].get("addressee") or {}).get("person")
        yield f"    {_local(event['occurred_at'], zone)} {event['type']}" + (f", to {to}" if to else "")
    for answer in case["answers"]:
        yield f"    {_local(answer['answered_at'], zone)} answered by {answer['person']}: {answer['text']}"
    yield from proceeding_lines(case, lambda when: _local(when, zone))
    yield "  why, down to what was submitted:"
    for depth, link in enumerate(case["chain"]):
        yield f"    {'  ' * min(depth, 2)}{_link(link, zone)}"


def _withdrawn(case: Answer, zone: ZoneInfo) -> Iterator[str]:
    """Why, and the event and the facts that say so."""
    because = case["withdrawn_because"]
    event = [event for event in case["history"] if event["type"] == "case.withdrawn"][-1]
    yield f"  withdrawn because: {UNTRUE.get(because, because)} ({because}, event {event['cause']['id']})"
    verdict = next((one for one in case["verdicts"] if one["event"] == event["cause"]), None)
    for fact in verdict["facts"] if verdict else ():
        yield f"    {_local(fact['occurred_at'], zone)} {fact['type']}, submitted as {fact['source']} {fact['id']}"


def _link(link: Answer, zone: ZoneInfo) -> str:
    text = f"{link['type']} (event {link['event']['id']})"
    if "due" in link:
        text += (
            f": due {_local(link['due'], zone)}, late from {_local(link['late_from'], zone)}, {link['limit']['source']}"
        )
    if "submission" in link:
        submission = link["submission"]
        text += f": {_local(link['occurred_at'], zone)}, submitted as {submission['source']} {submission['id']}"
    return text


def _local(when: str, zone: ZoneInfo | None) -> str:
    """A bare date as it is; an instant with its offset, in `zone` if that is known."""
    if "T" not in when:
        return when
    instant = datetime.fromisoformat(when)
    return (instant.astimezone(zone) if zone else instant).isoformat(" ", "seconds" if instant.second else "minutes")


def inbox_text(notice: Answer, language: str) -> str:
    """One notice."""
    text = notice[language]
    return f"{text['subject']}\n" + "\n".join(f"  {line}" for line in text["body"].splitlines())
