"""Every column of a chained table is sealed, or left out for a reason that is written down; and the spelling that is
hashed is the one that the offline verifier makes."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accountability.record.chain import CHAINS, canonical, chain_of, spelled
from services.accountability.record.row_store import KINDS, Kind
from services.cli.record_verifier import canonical as verifiers
from shared.postgres import Pool


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_every_column_is_sealed_or_apart(kind: Kind, pool: Pool) -> None:
    async with pool.acquire() as conn:
        columns = await conn.fetch(
            "select attname from pg_attribute where attrelid = $1::text::regclass and attnum > 0 and not attisdropped",
            kind.table,
        )
    assert {row["attname"] for row in columns} == {*kind.columns, *kind.apart}


def test_the_spelling_of_a_row() -> None:
    row = {
        "at": datetime(2026, 3, 4, 8, tzinfo=UTC), "id": UUID(int=1), "n": 3, "text": "督办", "raw": b"\x01",
        "none": None, "ids": [UUID(int=2)], "acting": False,
    }  # fmt: skip
    assert canonical(spelled("kind", row)).decode() == (
        '{"kind":"kind","row":{"acting":false,"at":"2026-03-04T08:00:00.000000Z",'
        '"id":"00000000-0000-0000-0000-000000000001","ids":["00000000-0000-0000-0000-000000000002"],"n":3,"raw":"01",'
        '"text":"督办"}}'
    )
    with pytest.raises(TypeError, match="float has no canonical spelling"):
        spelled("kind", {"share": 0.5})


VALUES = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**53), 2**53), st.booleans())


@given(st.dictionaries(st.text("abcdefghij_", min_size=1), VALUES | st.lists(st.text('äb\n"\\\x7f\x1f'))))
def test_the_verifier_spells_as_the_sealer_does(row: dict[str, object]) -> None:
    assert canonical(spelled("kind", row)) == verifiers({"kind": "kind", "row": row})


@given(st.text(), st.text())
def test_a_chain_is_one_of_64(authority: str, name: str) -> None:
    try:
        (authority + name).encode()
    except UnicodeEncodeError:
        return
    assert 0 <= chain_of(authority, name) < CHAINS
