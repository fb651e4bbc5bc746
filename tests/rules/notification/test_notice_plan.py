"""Who must know of what: given, when, then."""

from services.notification.rules.directory import Reach
from services.notification.rules.notices import (
    IMPORTED,
    VACANT,
    Case,
    Notice,
    Ref,
    learn,
    notice_id,
    to_addressee,
    to_handler,
    to_revised,
    to_told,
    with_followers,
)

ABOUT = Ref("/duban/deadline", "e1")
NOBODY = Reach(None, "principal", ("direct", "leading"))
CASE = Case(
    "licheng/M1", "C1", 1, (("direct", "li"), ("leading", "wang")), "licence", "licensing", "decision", "2026-03-10"
)


def test_a_warning_reaches_whoever_handles_the_matter() -> None:
    assert to_handler(ABOUT, "deadline.warned", "live", "li", NOBODY) == (
        Notice(ABOUT, "deadline.warned", "li", "handles"),
    )


def test_a_warning_that_names_nobody_reaches_the_holder_and_tells_of_the_vacancy() -> None:
    (notice,) = to_handler(ABOUT, "deadline.warned", "live", None, Reach("wang", "leading", ("direct",)))
    assert (notice.recipient, notice.why, notice.role, notice.skipped) == ("wang", "holds", "leading", ("direct",))


def test_a_case_that_reaches_nobody_is_a_failure_on_record() -> None:
    (notice,) = to_addressee(ABOUT, "case.opened", "live", NOBODY)
    assert (notice.recipient, notice.state, notice.reason) == (VACANT, "failed", VACANT)


def test_imported_history_is_listed_and_told_to_nobody() -> None:
    planned = [
        *to_handler(ABOUT, "deadline.warned", "import", "li", NOBODY),
        *to_addressee(ABOUT, "case.opened", "import", NOBODY),
        *to_told(ABOUT, "case.withdrawn", "import", ("li",)),
        *to_revised(ABOUT, "case.revised", "import", None, CASE),
    ]
    assert {(notice.state, notice.reason) for notice in planned} == {("suppressed", IMPORTED)}
    assert [notice.recipient for notice in planned] == ["li", VACANT, "li", "li", "wang"]


def test_a_withdrawal_reaches_everybody_who_was_told_once() -> None:
    assert [n.recipient for n in to_told(ABOUT, "case.withdrawn", "live", ("li", "wang", "li"))] == ["li", "wang"]


def test_a_revision_reaches_those_named_now_and_those_named_no_longer() -> None:
    after = Case("licheng/M1", "C1", 2, (("direct", "zhao"), ("leading", "wang")))
    assert [(n.recipient, n.why, n.role) for n in to_revised(ABOUT, "case.revised", "live", CASE, after)] == [
        ("zhao", "named", "direct"),
        ("li", "unnamed", "direct"),
    ]


def test_an_older_revision_tells_nobody_anything() -> None:
    after = Case("licheng/M1", "C1", 1, (("direct", "zhao"),))
    assert to_revised(ABOUT, "case.revised", "live", CASE, after) == ()


def test_what_an_event_does_not_say_of_a_case_stays_as_it_was() -> None:
    heard = Case("licheng/M1", "C1", 2, (("direct", "zhao"),))
    known = learn(CASE, heard)
    assert (known.revision, known.named, known.due, known.clock) == (2, heard.named, "2026-03-10", "decision")
    assert learn(known, CASE) == known


def test_a_notice_has_one_id_for_each_event_recipient_kind_and_channel() -> None:
    said = [
        (ABOUT, "li", "case.opened", "inbox"), (Ref("/duban/deadline", "e2"), "li", "case.opened", "inbox"),
        (Ref("/other", "e1"), "li", "case.opened", "inbox"), (ABOUT, "wang", "case.opened", "inbox"),
        (ABOUT, "li", "case.revised", "inbox"), (ABOUT, "li", "case.opened", "mail"),
    ]  # fmt: skip
    assert len({notice_id(*parts) for parts in said}) == len(said)
    assert notice_id(*said[0]) == "e07d9ec9-2d98-5155-9b67-2fdb1b2999e4", "ids that were published must not change"


def test_whoever_follows_the_matter_is_told_besides_and_nobody_twice() -> None:
    handler = to_handler(ABOUT, "deadline.warned", "live", "li", NOBODY)
    found = with_followers(handler, ABOUT, "deadline.warned", "live", ("meng", None, "li", "meng"))
    assert [(notice.recipient, notice.why) for notice in found] == [("li", "handles"), ("meng", "follows")]
    (_, imported) = with_followers(handler, ABOUT, "deadline.warned", "import", ("meng",))
    assert (imported.state, imported.reason) == ("suppressed", IMPORTED)
