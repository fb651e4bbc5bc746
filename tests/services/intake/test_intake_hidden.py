"""明察暗访: intake shows an inspection to the efficiency office and supervisors alone until it is published."""

from collections.abc import AsyncIterator

import pytest

from services.intake.permission import Admission
from shared.identity.roles import Role
from tests.support.identity import Issuer
from tests.support.intake_submissions import event, new_key, registration
from tests.support.intake_world import World, intake_world

EVIDENCE = [{"sha256": "0" * 64, "bytes": 1}]
READERS = [Role.PUBLISHER, Role.CLERK, Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR, Role.SERVICE]
SEE = {Role.OFFICE, Role.SUPERVISOR}
ALL = ["*"]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("provider"))


@pytest.fixture(scope="module")
async def guarded(postgres_dsn: str, issuer: Issuer) -> AsyncIterator[World]:
    async with intake_world(postgres_dsn, Admission(issuer.verifier())) as opened:
        yield opened


def inspection(key: str) -> dict[str, object]:
    return event("inspection.recorded", key, unit="office", about={"unit": "planning"}, evidence=EVIDENCE)


async def asked(world: World, issuer: Issuer, role: Role, id: str) -> int:
    bearer = issuer.bearer(role, authorities=ALL)
    return (await world.http.get(f"/v1/matters/{id}", headers=bearer)).status_code


@pytest.mark.parametrize("role", READERS)
async def test_a_role_sees_an_inspection_once_it_is_published(role: Role, guarded: World, issuer: Issuer) -> None:
    key = new_key()
    await guarded.send(inspection(key))
    assert await asked(guarded, issuer, role, key) == (200 if role in SEE else 404)
    await guarded.send(event("inspection.published", key))
    assert await asked(guarded, issuer, role, key) == 200


async def test_an_id_that_another_authority_s_inspection_has_is_unique_to_who_may_not_see_that(
    guarded: World, issuer: Issuer
) -> None:
    """The candidates would tell of it."""
    hidden = new_key("licheng")
    name = hidden.partition("/")[2]
    await guarded.send(inspection(hidden), registration(f"fengze/{name}"))
    assert await asked(guarded, issuer, Role.AUDITOR, name) == 200
    assert await asked(guarded, issuer, Role.OFFICE, name) == 409


async def test_a_correction_that_comes_before_what_it_corrects_is_hidden_too(guarded: World, issuer: Issuer) -> None:
    key = new_key()
    recorded = inspection(key)
    replaces = {"source": recorded["source"], "id": recorded["id"]}
    fact = {"type": "inspection.recorded", "data": recorded["data"]}
    correction = event("fact.corrected", key) | {"data": {"replaces": replaces, "fact": fact}}
    await guarded.send(correction)
    assert await asked(guarded, issuer, Role.PUBLISHER, key) == 404
    assert await asked(guarded, issuer, Role.OFFICE, key) == 200
