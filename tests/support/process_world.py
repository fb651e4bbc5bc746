"""A case run through due process over HTTP: the efficiency office's people, the parties, and what each sends."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2

from services.accountability import attribution_api, process_api, rulebook
from services.accountability.api import routes
from services.accountability.config import SHIPPED
from services.accountability.rules.ladder import Rulebook
from shared.http import PROBLEM, create_api
from shared.postgres import Pool
from tests.support.case_world import World, assigned, day, delivered, key_of, missed

HOLDERS = (
    delivered(assigned("zhang", "direct", "2025-01-01"), post="window-1"),
    delivered(assigned("li", "leading", "2025-01-01"), post="deputy"),
    delivered(assigned("wang", "principal", "2025-01-01", unit=None), post="director"),
)
ID = key_of().case_id
BOOK = rulebook.load(SHIPPED)
TEAM, PANEL = ["chen", "lin"], ["wu", "zheng", "huang"]
PARTIES = [
    {"person": "zhang", "role": "direct", "severity": "general", "measure": "efficiency-warning"},
    {"person": "li", "role": "leading", "severity": "general", "measure": "admonition"},
]
DECIDED = [{"person": "zhang", "measure": "admonition"}, {"person": "li", "measure": "none"}]
TEXT = "It is in the file."


def client_of(pool: Pool, world: World, book: Rulebook = BOOK) -> httpx2.AsyncClient:
    """The service's API, where identities are not checked."""
    api = create_api("cases", live=lambda: None, ready=lambda: None)
    api.include_router(routes(pool, world.clock, lambda: None, book))
    api.include_router(attribution_api.routes(pool, world.clock, lambda: None))
    api.include_router(process_api.routes(pool, world.clock, book, lambda: None))
    transport = httpx2.ASGITransport(app=api, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://accountability")


@dataclass
class Office:
    """Whoever acts in one case. Each step is sent with the revision that the case has."""

    world: World
    http: httpx2.AsyncClient
    id: UUID = ID
    matter: str = "M1"
    sent: list[str] = field(default_factory=list)

    async def case(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.http.get(f"/v1/cases/{self.id}")).json()
        return found

    async def state(self) -> str:
        proceeding: dict[str, Any] = (await self.case())["proceeding"]
        return str(proceeding["state"])

    async def send(
        self,
        step: str,
        by: str,
        *,
        plea: bool = False,
        revision: int | None = None,
        key: str | None = None,
        **body: Any,
    ) -> httpx2.Response:
        """Ask for a step, whatever is answered."""
        seen = (await self.case())["revision"] if revision is None else revision
        headers = {"if-match": f'"{seen}"', **({"idempotency-key": key} if key else {})}
        path = f"/v1/cases/{self.id}/{'pleas' if plea else 'steps'}/{step}"
        return await self.http.post(path, json={"by": by, **body}, headers=headers)

    async def take(self, step: str, by: str = "chen", *, plea: bool = False, **body: Any) -> dict[str, Any]:
        """A step that is taken at once."""
        answer = await self.send(step, by, plea=plea, **body)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def two(self, step: str, first: str = "chen", second: str = "guo", **body: Any) -> dict[str, Any]:
        """A sensitive step: one proposes, another confirms."""
        proposed = await self.send(step, first, **body)
        assert proposed.status_code == 202, proposed.text
        return await self.take(step, second, **body)

    async def open(self) -> None:
        """A case that names three people."""
        await self.world.feed(*HOLDERS, delivered(missed(self.matter)))

    async def filed(self) -> None:
        await self.open()
        await self.take("review")
        await self.take("filing", reason=TEXT)

    async def confirm(self, by: str = "guo") -> None:
        """A person confirms who is responsible."""
        case = await self.case()
        path = f"/v1/cases/{self.id}/attributions/{len(case['attributions'])}/confirmations"
        answer = await self.http.post(path, json={"by": by}, headers={"if-match": f'"{case["revision"]}"'})
        assert answer.status_code == 201, answer.text

    async def revise(self, *, accept: bool, by: str = "guo") -> None:
        """A person decides on the revision that waits."""
        case = await self.case()
        path = f"/v1/cases/{self.id}/revisions/{case['proposed_revision']['no']}/decisions"
        headers = {"if-match": f'"{case["revision"]}"'}
        answer = await self.http.post(path, json={"by": by, "accept": accept}, headers=headers)
        assert answer.status_code == 201, answer.text

    async def investigating(self) -> None:
        await self.filed()
        await self.take("investigators", investigators=TEAM)
        await self.confirm()

    async def noticed(self) -> None:
        await self.investigating()
        await self.take("notice", facts=TEXT, basis=TEXT, announced=PARTIES)

    async def deliberating(self, outcome: str = "decision") -> None:
        await self.noticed()
        await self.take("defence", "zhang", plea=True, defence="The applicant was late.")
        await self.take("defence", "li", plea=True, waived=True)
        await self.take("deliberation", members=PANEL)
        for member in PANEL:
            await self.take("vote", member, outcome=outcome)

    async def served(self) -> None:
        await self.deliberating()
        await self.two("decision", reason=TEXT, measures=DECIDED)
        await self.take("service")


async def passed(office: Office, clock: str, due: str) -> None:
    """The deadline service says that a limit of the case is past."""
    office.world.clock.now = day(due) + timedelta(days=1)
    await office.world.feed(delivered(missed(due=due, clock=clock, subject=f"case:{ID}", holdings=())))


def problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    document: dict[str, Any] = response.json()
    assert document["type"] == f"urn:duban:problem:{code}"
    return document


__all__ = [
    "DECIDED", "HOLDERS", "ID", "PANEL", "PARTIES", "TEAM", "TEXT", "Office", "client_of", "day", "passed", "problem",
]  # fmt: skip
