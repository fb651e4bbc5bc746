"""What the templates may say of an event: the same facts for every language, each formatted there. They are kept with
the notice, and its texts made of them when it is read: hardly anybody reads all of a storm.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson

from services.notification.forms import LimitText
from services.notification.reading import (
    DUTIES,
    SLIPS,
    Told,
    hands_of,
)
from services.notification.rules.notices import Case, Notice
from shared.events.accountability import CaseEscalated, CaseOpened, CaseReinstated, CaseWentLive
from shared.events.deadline import DeadlineWarned

CASE = "case:"
SLIP_KINDS = frozenset(event.TYPE for event in SLIPS)
DATES = ("due", "late_from", "answer_by", "live_from", "duty_due")


def facts_of(event: Told, case: Case | None) -> dict[str, Any]:
    """As JSON has them. `case` is what is known of the case, by this event too; None for a warning."""
    said = event.said
    if event.kind == DeadlineWarned.TYPE:
        subject = said.get("subject", "")
        own = subject.startswith(CASE)
        return {
            "authority": said["authority"], "matter": said["matter"], "item": said.get("item"),
            "unit": hands_of(said)[0], "case_id": subject.removeprefix(CASE) if own else None,
            "clock": said["clock"], "part": "" if own else subject,
            "due": said["due"], "late_from": said["late_from"], "left": said["warning"],
        }  # fmt: skip
    if event.kind in SLIP_KINDS:
        return {
            "authority": said["authority"], "matter": said["matter"], "item": said.get("item"),
            "unit": said.get("unit"), "case_id": None, "clock": said["clock"], "part": said.get("subject", ""),
            "due": said["due"], "level": said["level"], "grounds": said.get("grounds", []),
            "urgent": bool(said.get("urgent")), "rulebook": said.get("rulebook"), "reason": said.get("reason"),
        }  # fmt: skip
    known = case or Case("", said["case_id"], 0)
    facts = {
        "authority": said["authority"], "matter": said["matter"], "item": known.item, "unit": known.unit,
        "case_id": said["case_id"], "clock": known.clock, "due": known.due,
    }  # fmt: skip
    match event.kind:
        case CaseOpened.TYPE:
            more = {
                "part": said.get("subject", ""), "late_from": said["late_from"], "rulebook": said["rulebook"],
                "miss": said["miss"], "lead": said.get("lead"), **_answer(said["limits"]),
            }  # fmt: skip
        case CaseReinstated.TYPE:
            more = {"miss": said["miss"], **_answer(said["limits"])}
        case CaseWentLive.TYPE:
            more = {"source": said["source"], "live_from": said["occurred_at"], **_answer(said["limits"])}
        case CaseEscalated.TYPE:
            more = {"last": said["last"], "rung": said["rung"], "miss": said["miss"]}
        case kind if kind in {event.TYPE for event in DUTIES}:
            more = {
                "duty": said.get("clock", "").partition(":")[0], "duty_due": said.get("due"),
                "within": said.get("within"), "rectification_id": said.get("rectification_id"),
                "charged": said.get("unit"),
            }  # fmt: skip
        case _:
            more = {name: said[name] for name in ("reason", "cause", "people") if name in said}
    return {**facts, **more}


def kept(facts: Mapping[str, Any], notice: Notice) -> bytes:
    """The facts, and why this person is told."""
    return orjson.dumps({**facts, "why": notice.why, "skipped": notice.skipped})


def read(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as the templates take them: instants and days are such."""
    found = {name: _when(value) if name in DATES else value for name, value in facts.items()}
    found.setdefault("lead", None)  # of a build that knew none
    if "answer" in found:
        found["answer"] = found["answer"] or found["answer_by"]
    return found


def _when(written: str | None) -> datetime | date | None:
    if written is None:
        return None
    return date.fromisoformat(written) if len(written) == len("2026-01-28") else datetime.fromisoformat(written)


def _answer(limits: Sequence[LimitText]) -> dict[str, str | None]:
    """Until when the first answer is asked for: the first of the case's limits, as an amount or as its stated end."""
    first: LimitText = limits[0] if limits else {}
    return {"answer": first.get("amount"), "answer_by": first.get("at")}
