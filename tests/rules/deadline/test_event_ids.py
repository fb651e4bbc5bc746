"""An event's id is made of its clock and revision: whoever publishes it again publishes the same one."""

from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from services.deadline.calendars import load
from services.deadline.publish import NAMESPACE, messages
from services.deadline.rules.decide import decide
from shared.clock import Moment
from tests.bench.calculus import BEGUN, LATER, facts, limits_of

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


@given(NAMES, NAMES)
def test_it_is_the_uuid5_of_its_name(authority: str, matter: str) -> None:
    now = BEGUN + LATER
    decided = decide(authority, matter, facts(limits_of(), moved=False), (), lambda code: load("CN"), now, now)
    row, changes = decided.clocks[0]
    for revision, told in enumerate(messages((authority, matter), row, changes, Moment(now, now)), start=1):
        assert told.event_id == str(uuid5(NAMESPACE, f"{told.key}|{row.name}|{row.subject}|{revision}"))
