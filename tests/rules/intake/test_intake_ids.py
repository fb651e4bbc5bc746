"""The ids of published events follow from what they are about (D15)."""

from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from services.intake.publishing import NAMESPACE, event_id

texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts, texts)
def test_the_id_of_an_event_is_the_uuid5_of_its_submission(source: str, id_: str) -> None:
    assert event_id(source, id_) == str(uuid5(NAMESPACE, f"{source}\n{id_}"))
