"""Steps on the ladder of a case, in Postgres."""

from pathlib import Path
from uuid import UUID

from services.accountability.rules.ladder_steps import LadderStep
from services.accountability.rules.model import CaseKey
from shared.postgres import Connection, load_queries

Q = load_queries(Path(__file__).parent / "sql" / "ladder.sql")


async def add(conn: Connection, key: CaseKey, step: LadderStep, reason: UUID | None = None) -> None:
    """Keep a step; `reason` is the id of a text."""
    await conn.execute(
        Q["add_ladder_step"], key.case_id, step.n, key.authority, key.matter, step.standing_no, step.kind, step.by,
        step.assignee, step.amount, reason, step.at,
    )  # fmt: skip


async def steps(conn: Connection, key: CaseKey) -> list[tuple[LadderStep, UUID | None]]:
    """All of them in order, each with the id of its reason."""
    return [
        (
            LadderStep(
                row["n"], row["standing_no"], row["kind"], row["by_person"], row["taken_at"], row["assignee"],
                row["amount"],
            ),
            row["reason"],
        )
        for row in await conn.fetch(Q["select_ladder_steps"], key.case_id)
    ]  # fmt: skip
