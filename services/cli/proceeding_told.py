"""The proceeding of a case, as the service's HTTP answer tells it, in words for a terminal. Pure."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

Answer = dict[str, Any]
STATES = {
    "lead": "线索", "preliminary-review": "初核", "dismissed": "不予立案", "filed": "立案", "investigating": "调查",
    "notice-and-defence": "告知申辩", "deliberation": "集体研究", "exempted": "免责", "decided": "处理决定",
    "referred": "移送", "served": "送达", "executing": "执行", "under-review": "复核/申诉", "upheld": "维持",
    "varied": "变更", "revoked": "撤销", "closed": "结案", "withdrawn": "撤案",
}  # fmt: skip
REMEDIES = {"review": "review 复核", "appeal": "an appeal 申诉"}
HEARD = {"not-yet": "not heard yet", "defended": "defended", "waived": "waived the defence"}


def steps_text(proceeding: Answer) -> str:
    """The state, and what may be done next, one line each."""
    return "\n".join([f"state: {proceeding['state']}", *(f"  {line}" for line in _next(proceeding))])


def proceeding_lines(case: Answer, local: Callable[[str], str]) -> Iterator[str]:
    """The proceeding within a case: who investigates, what each party was told and came of it, what is overdue, and
    what may be done next."""
    told = case.get("proceeding")
    if told is None:
        return
    state = told["state"]
    since = f", since {local(told['since'])}" if "since" in told else ""
    yield f"  proceeding: {state} {STATES.get(state, '')}".rstrip() + since
    for name in ("investigators", "recused", "members"):
        if told.get(name):
            yield f"    {name}: {', '.join(told[name])}"
    for party in told.get("parties", ()):
        yield f"    {_party(party, told['passed'], local)}"
    for vote in told.get("votes", ()):
        yield f"    {vote['person']} voted for {vote['outcome']}" + (", with a dissent" if vote["dissents"] else "")
    if told.get("outcome"):
        by = {"exemption": "exempted", "decision": "decided", "referral": "referred"}[told["outcome"]]
        yield f"    {by} {local(told['concluded_at'])}"
    if told.get("revocation_proposed") and not told["revoked_at"]:
        yield "    its cause fell away: revocation is proposed"
    for clock, late_from in _overdue(case, told):
        yield f"    overdue: {clock}, since {local(late_from)}"
    yield from (f"    {line}" for line in _next(told))


def _party(party: Answer, passed: Answer, local: Callable[[str], str]) -> str:
    told = f"{party['person']} ({party['role']}, {party['severity']}) was told of {party['announced']} at most"
    line = f"{told}; {HEARD[party['heard']]}"
    if party["measure"] is not None:
        line += f"; came of it: {party['measure']}"
    line += f", counts until {party['influence_until']}" if party["influence_until"] else ""
    return "; ".join([line, *_remedy(party, passed, local)])


def _remedy(party: Answer, passed: Answer, local: Callable[[str], str]) -> Iterator[str]:
    """What was served, asked, answered and carried out, and what is barred."""
    if party["unserved"] == "decision":
        yield "not served yet"
    elif party["served_at"]:
        yield f"served {local(party['served_at'])}"
    if party["asked"]:
        yield f"asked for {REMEDIES[party['asked']]} {local(party['asked_at'])}"
        if party["answered_at"]:
            yield f"answered {local(party['answered_at'])}"
        if party["unserved"] == "answer":
            yield "the answer is not served yet"
        elif party["answer_served_at"]:
            yield f"the answer was served {local(party['answer_served_at'])}"
    for clock in ("review-request", "appeal"):
        late_from = passed.get(f"{clock}:{party['person']}")
        if late_from is not None:
            yield f"{clock} barred since {local(late_from)}"
    if party["executed"]:
        yield f"{party['executed']} was carried out"


def _overdue(case: Answer, told: Answer) -> Iterator[tuple[str, str]]:
    """The duties of those who run the case; a lead has one, to be taken up, which its history knows:
    what was told in a former standing no longer counts."""
    if told["state"] == "lead":
        since = datetime.fromisoformat(case["standing_since"])
        for event in case["history"]:
            if event["type"] == "case.overseer_late" and datetime.fromisoformat(event["occurred_at"]) >= since:
                yield event["says"]["clock"], event["says"]["late_from"]
    for each in told.get("overdue", ()):
        yield each["clock"], each["since"]


def _next(proceeding: Answer) -> Iterator[str]:
    waits = proceeding.get("proposed")
    if waits:
        yield f"{waits['step']} was proposed by {waits['by']} and waits for a second person"
    for step in proceeding.get("next", ()):
        limit = step["limit"]
        within = "" if limit is None else f", within {limit['within']} of {limit['since']} ({limit['source']})"
        two = ", takes two people" if step["two_people"] else ""
        whose = f" {'' if step['by'] == 'party' else 'for '}{step['party']}" if "party" in step else ""
        yield f"{step['step']}: {step['by']}{whose}{two}{within}"
