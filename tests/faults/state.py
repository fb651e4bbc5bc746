"""What a run comes to, in business terms: no instant of processing, no offset and no revision is in it, so that a run
with a fault and one without must be equal. Who was told what is a list, not a set: being told twice shows."""

import asyncpg

State = dict[str, list[tuple[str, ...]]]

QUESTIONS = {
    "facts": "select source, event_id, type, subject from intake.facts",
    "deadline facts": "select authority, matter, source, event_id from deadline.facts where subject = ''",
    "clocks": """select authority, matter, clock, subject, state, due_on, late_from, done_at, warned, applies,
        missed_late_from from deadline.clocks""",
    "cases": """select authority, matter, case_id, clock, due, unit, state, withdrawn_because, rung, at_last_rung,
        direct_person, leading_person, principal_person from accountability.cases""",
    "escalations": "select matter, case_id, standing_no, rung, addressee from accountability.escalations",
    "holdings": "select authority, post, since, until, person, role, unit from accountability.holdings",
    "notices": "select recipient, kind, matter_key, case_id, channel, role, state from notification.notices",
}


async def business_state(conn: "asyncpg.Connection[asyncpg.Record]") -> State:
    """Everything that people would see, in one order."""
    return {
        name: sorted(tuple(map(str, row.values())) for row in await conn.fetch(question))
        for name, question in QUESTIONS.items()
    }


def difference(one: State, other: State) -> str:
    """Where two states differ, for a failing test's message."""
    told = []
    for name in QUESTIONS:
        more = [row for row in other[name] if other[name].count(row) > one[name].count(row)]
        less = [row for row in one[name] if one[name].count(row) > other[name].count(row)]
        if more or less:
            told.append(f"{name}: {len(more)} more, such as {more[:2]}; {len(less)} fewer, such as {less[:2]}")
    return "\n".join(told)
