"""The words of an answer are a text like all others: chained by a salted digest, and erased by two people (R31)."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx2

from services.accountability import main
from services.accountability.record import acts
from services.accountability.rules.model import CaseKey
from shared.postgres import Pool, connect, migrate
from tests.support.case_world import AUTHORITY, World, delivered, key_of, missed
from tests.support.ladder_world import client_of
from tests.support.record import HOLDERS, export_of, sealed, sealer_of, verified

ID = key_of().case_id
WORDS = "it was with the applicant"
BASIS = "personal information law, article 47"


async def answered(http: httpx2.AsyncClient, text: str = WORDS) -> int:
    return (await http.post(f"/v1/cases/{ID}/answers", json={"person": "zhang", "text": text})).status_code


async def test_an_answer_is_sealed_and_an_edited_one_is_found(pool: Pool, world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    async with client_of(pool, world) as http:
        assert await answered(http) == 201
    assert (await sealed(sealer_of(pool, world.clock))).rows["text"] == 1
    (text,) = [line for line in await export_of(pool, world.clock) if "text" in line]
    assert text["body"] == WORDS
    assert (await verified(pool, world.clock)).problems == []
    await world.conn.execute("update texts set body = 'it was my fault'")
    (problem,) = (await verified(pool, world.clock)).problems
    assert text["text"] in problem


async def test_an_answer_is_erased_by_two_people_and_stays_the_answer(pool: Pool, world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    async with client_of(pool, world) as http:
        await answered(http)
        (shown,) = (await http.get(f"/v1/cases/{ID}")).json()["answers"]
        for by in ("a", "b"):
            await acts.erase(pool, world.clock, [UUID(shown["text_id"])], by, BASIS, "court-order", 10)
        (erased,) = (await http.get(f"/v1/cases/{ID}")).json()["answers"]
        assert (shown["text"], erased) == (WORDS, shown | {"text": None})
        assert await answered(http) == 409
    await sealed(sealer_of(pool, world.clock))
    assert (await verified(pool, world.clock)).problems == []


async def test_answers_that_were_there_before_are_texts_too(empty_database: str, tmp_path: Path) -> None:
    """What a build before the migration kept in the table of answers."""
    for file in sorted(main.MIGRATIONS.glob("*.sql"))[:10]:
        shutil.copy(file, tmp_path)
    await migrate(empty_database, "accountability", tmp_path)
    pool = await connect(empty_database, "accountability", size=2)
    try:
        async with pool.acquire() as conn:
            await conn.executemany(
                "insert into answers values ($1, $2, $3, 1, 'zhang', $4, $5)",
                [
                    (*CaseKey(AUTHORITY, f"M{n}", UUID(int=n)), f"words {n} 督办", datetime(2026, 3, n, tzinfo=UTC))
                    for n in (1, 2)
                ],
            )
        await migrate(empty_database, "accountability", main.MIGRATIONS)
        async with pool.acquire() as conn:
            rows = await conn.fetch(
                "select a.text, t.body, t.kind, t.kept_at = a.answered_at as then, t.case_id = a.case_id as there,"
                " t.sha256 = sha256(t.salt || convert_to(t.body, 'UTF8')) as true, length(t.salt) as salted"
                " from answers a join texts t on t.id = a.text_id and t.matter = a.matter order by a.matter"
            )
    finally:
        await pool.close()
    assert [tuple(row) for row in rows] == [(None, f"words {n} 督办", "answer", True, True, True, 16) for n in (1, 2)]
