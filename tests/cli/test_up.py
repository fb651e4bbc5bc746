"""`duban up` as a user runs it: the services answer, other commands find them, Ctrl-C leaves nothing behind."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.cli.settings_shown import MASKED, shown_settings
from tests.support.waiting import until

DUBAN = Path(sys.executable).with_name("duban")
MATTER = {"occurred_at": "2024-01-02", "zone": "Asia/Shanghai", "item": "business-licence", "unit": "window 3"}


async def duban(*arguments: str, environment: dict[str, str]) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        DUBAN, *arguments, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.fixture(scope="module")
def environment(enterable: Path) -> dict[str, str]:
    """A directory for temporary files of their own, in which they announce themselves."""
    return {**{k: v for k, v in os.environ.items() if not k.startswith("DUBAN_")}, "TMPDIR": str(enterable)}


@pytest.fixture(scope="module")
async def services(environment: dict[str, str]) -> AsyncIterator[dict[str, str]]:
    process = await asyncio.create_subprocess_exec(
        DUBAN, "up", "--json", env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        line = await process.stdout.readline()
    if not line:
        pytest.fail((await process.communicate())[1].decode())
    told = json.loads(line)
    yield told["services"] | {"token": told["token"]}
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(30):
        _, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert left_in(environment["TMPDIR"]) == []


def left_in(directory: str) -> list[Path]:
    return list(Path(directory).iterdir())


def bearer(services: dict[str, str]) -> dict[str, str]:
    return {"authorization": f"Bearer {services['token']}"}


async def post(services: dict[str, str], authority: str) -> None:
    event = {
        "specversion": "1.0", "id": "1", "source": f"/{authority}", "type": "matter.submitted", "version": 1,
        "subject": f"{authority}/2024-0001", "time": "2024-01-02T09:00:00+08:00", "data": MATTER,
    }  # fmt: skip
    async with httpx2.AsyncClient(trust_env=False, headers=bearer(services)) as client:
        answer = await client.post(
            f"{services['intake']}/v1/events",
            content=json.dumps(event),
            headers={"content-type": "application/cloudevents+json", "idempotency-key": f"{authority}-1"},
        )
    assert answer.is_success, answer.text


async def test_a_matter_is_explained_and_its_case_told(services: dict[str, str], environment: dict[str, str]) -> None:
    await post(services, "fuzhou")
    found: dict[str, Any] = {}

    async def opened() -> bool:
        async with httpx2.AsyncClient(trust_env=False, headers=bearer(services)) as client:
            found.update((await client.get(f"{services['accountability']}/v1/cases?matter=2024-0001")).json())
        return bool(found["cases"])

    await until(opened, 30)
    code, out, err = await duban("explain", "2024-0001", environment=environment)
    assert (code, err) == (0, "")
    assert "fuzhou/2024-0001 decision: missed" in out
    assert "Day by day" in out
    code, out, _ = await duban("explain", "fuzhou/2024-0001", "decision", "--lang", "zh", environment=environment)
    assert (code, "逐日计算" in out) == (0, True)
    code, out, _ = await duban("explain", "2024-0001", "decision", "--json", environment=environment)
    assert json.loads(out)["explanations"][0]["explanation"]["due"] == "2024-01-05"
    id = found["cases"][0]["case_id"]
    code, out, _ = await duban("case", id, environment=environment)
    assert code == 0
    assert out.startswith(f"case {id}: standing\n")
    assert "submitted as /fuzhou 1" in out
    code, out, _ = await duban("case", id, "--json", environment=environment)
    assert (code, json.loads(out)["case_id"]) == (0, id)
    for step, *more in (("review",), ("confirm",), ("dismiss", "--reason", "a test")):
        code, out, err = await duban("case", step, id, "--by", "chen", *more, environment=environment)
        assert (code, err) == (0, "")
    assert "waits for a second person" in out
    again = ("case", "dismiss", id, "--reason", "a test", "--by")
    assert (await duban(*again, "chen", environment=environment))[0] == 2, "nobody confirms what they propose"
    assert (await duban(*again, "wu", environment=environment))[0] == 0
    code, made, _ = await duban("token", "wu", "supervisor", environment=environment)
    async with httpx2.AsyncClient(trust_env=False, headers={"authorization": f"Bearer {made.strip()}"}) as client:
        readings = (await client.get(f"{services['accountability']}/v1/cases/{id}/readings")).json()
    assert "duban" in json.dumps(readings), "who looked at a named case is on record"


async def test_what_is_not_there_is_a_question_wrongly_put(
    services: dict[str, str], environment: dict[str, str]
) -> None:
    for arguments in (("explain", "nowhere"), ("explain", "a/nowhere", "c"), ("case", "not an id")):
        code, out, err = await duban(*arguments, environment=environment)
        assert (code, out) == (2, "")
        assert err.startswith(f"duban {arguments[0]}: ")


async def test_a_bare_id_that_two_authorities_have_is_not_guessed(
    services: dict[str, str], environment: dict[str, str]
) -> None:
    await post(services, "fuzhou")
    await post(services, "xiamen")

    async def known() -> bool:
        async with httpx2.AsyncClient(trust_env=False, headers=bearer(services)) as client:
            answer = await client.get(f"{services['deadline']}/v1/matters/xiamen/2024-0001/deadlines")
        return answer.status_code == 200 and bool(answer.json()["deadlines"])

    await until(known, 30)
    code, _, err = await duban("explain", "2024-0001", environment=environment)
    assert code == 2
    assert err.splitlines()[-2:] == ["  fuzhou/2024-0001", "  xiamen/2024-0001"]


async def test_without_services_there_is_nobody_to_ask(tmp_path: Path, environment: dict[str, str]) -> None:
    code, _, err = await duban("case", "x", environment={**environment, "TMPDIR": str(tmp_path)})
    assert code == 2
    assert "start `duban up` or `duban demo`, or set DUBAN_ACCOUNTABILITY_URL" in err


def test_every_setting_is_shown_and_no_secret() -> None:
    shown = {row["name"]: row for row in shown_settings({"DUBAN_POSTGRES": "postgresql://u:secret@h/d"})}
    assert (shown["DUBAN_POSTGRES"]["value"], shown["DUBAN_POSTGRES"]["origin"]) == (MASKED, "environment")
    assert (shown["DUBAN_KAFKA"]["value"], shown["DUBAN_KAFKA"]["origin"]) == ("", "not set")
    assert (shown["DUBAN_BATCH"]["value"], shown["DUBAN_BATCH"]["origin"]) == ("1000", "default")
    assert all(row["description"] for row in shown.values())
    assert {row["of"] for row in shown.values()} >= {"intake", "deadline", "accountability", "notification"}
