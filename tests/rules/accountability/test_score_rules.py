"""The monthly score of a unit (R24): what is counted, what it takes off, and that order makes no difference."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accountability.config import SHIPPED
from services.accountability.rulebook import load
from services.accountability.rules.card_rules import Level
from services.accountability.rules.cards import LimitKey, Rule
from services.accountability.rules.identity import limit_id
from services.accountability.rules.score_words import EndWord, Kind, last_words
from services.accountability.rules.scores import Carded, Ended, Limit, Score, ScoreEdition, closures, in_force, score

(RULES,) = load(SHIPPED).scores
MONTH, UNIT = "2026-10", "licensing"


def limit(matter: str, due: str = "2026-10-20", clock: str = "promised", item: str | None = "licence") -> Limit:
    return Limit(datetime.fromisoformat(f"{due[:10]}T16:00Z"), matter, clock, "", due, item)


def ended(of: Limit, at: str = "", unit: str | None = UNIT) -> Ended:
    """On its last day, unless said otherwise."""
    return Ended(of, unit, at or of.due[:10])


def card(of: Limit, level: Level, rule: Rule = "limit", person: str | None = "zhang") -> Carded:
    return Carded(f"{of.matter}-{rule}-{level}", of, rule, level, person)


def scored(closed: list[Ended], cards: list[Carded], rules: ScoreEdition = RULES) -> Score:
    return score(rules, UNIT, MONTH, closed, cards)


def lines(of: Score) -> dict[str, tuple[int, int]]:
    return {line.code: (line.points, len(line.counted)) for line in of.lines}


def test_the_shipped_figures_are_the_domains() -> None:
    assert (RULES.begins_at, RULES.in_a_row, RULES.run_points, RULES.yellow_points, RULES.red_points) == (
        100, 3, -3, -5, -10,
    )  # fmt: skip
    assert (RULES.early_percent, RULES.early_points) == (10, 1)
    assert (RULES.missing_percent, RULES.missing_points, RULES.missing_most) == (1, -1, -5)
    assert RULES.name == "default/scores-1"


def test_a_month_in_which_all_was_done_on_its_last_day_is_a_hundred() -> None:
    found = scored([ended(limit(f"M{n}")) for n in range(5)], [])
    assert (found.points, found.volume, found.lines) == (100, 5, ())


def test_a_unit_of_which_nothing_was_due_has_no_score() -> None:
    assert scored([ended(limit("M1", "2026-11-02"), "2026-10-30")], []).points is None


def test_a_yellow_card_takes_five_and_a_red_one_ten() -> None:
    found = scored([ended(limit("M3"))], [card(limit("M1"), "yellow"), card(limit("M2"), "red")])
    assert (found.points, found.volume, lines(found)) == (85, 3, {"yellow": (-5, 1), "red": (-10, 1)})


def test_of_one_delay_the_highest_card_counts_unless_the_rulebook_counts_each() -> None:
    both = [card(limit("M1"), "yellow"), card(limit("M1"), "red"), card(limit("M1"), "warning")]
    assert scored([], both).points == 90
    assert scored([], both, replace(RULES, each_card=True)).points == 85


def test_a_slip_counts_in_the_place_of_a_card() -> None:
    slips = [card(limit("M1"), "blue", "slip"), card(limit("M1"), "orange", "slip"), card(limit("M2"), "red", "slip")]
    found = scored([], slips)
    assert (found.points, found.volume, lines(found)) == (85, 2, {"slips": (-15, 2)})
    assert scored([], slips, replace(RULES, slip_points={})).points == 100


def test_a_card_for_repetition_counts_beside_that_of_its_limit() -> None:
    found = scored([], [card(limit("M1"), "yellow"), card(limit("M1"), "red", "repetition")])
    assert (found.points, lines(found)) == (85, {"yellow": (-5, 1), "red": (-10, 1)})


@pytest.mark.parametrize(
    ("warned", "runs"),
    [("www", 1), ("ww.w", 0), (".www.", 1), ("wwwww", 1), ("wwwwww", 2), ("www.www", 2), ("w.w.w.w", 0)],
)
def test_three_warnings_in_a_row_take_three(warned: str, runs: int) -> None:
    """In the order of the dues, whatever the order in which they are told; reminders are none."""
    of = [limit(f"M{9 - n}", f"2026-10-{n + 1:02}") for n in range(len(warned))]
    cards = [card(each, "warning" if w == "w" else "reminder") for each, w in zip(of, warned, strict=True)]
    Random(1).shuffle(cards)
    found = scored([ended(each) for each in reversed(of)], cards)
    assert found.points == 100 - 3 * runs
    assert lines(found) == ({"warnings": (-3 * runs, 3 * runs)} if runs else {})


def test_a_limit_that_was_missed_unwarned_stands_between_warnings() -> None:
    of = [limit(f"M{n}", f"2026-10-0{n + 1}") for n in range(4)]
    cards = [card(of[0], "warning"), card(of[1], "warning"), card(of[2], "yellow"), card(of[3], "warning")]
    assert "warnings" not in lines(scored([], cards))
    assert "warnings" in lines(scored([], [*cards, card(of[2], "warning")]))


@pytest.mark.parametrize(("early", "points"), [(0, 0), (9, 0), (10, 1), (19, 1), (20, 2), (100, 10)])
def test_each_whole_ten_percent_that_ended_early_gives_one(early: int, points: int) -> None:
    closed = [ended(limit(f"M{n}"), "2026-10-19" if n < early else "") for n in range(100)]
    found = scored(closed, [])
    assert (found.sum, found.points) == (100 + points, 100)  # out of a hundred: it makes good for what was not


def test_what_was_missed_is_in_the_volume_of_which_the_early_are_a_share() -> None:
    closed = [ended(limit(f"M{n}"), "2026-10-01") for n in range(10)]
    missed = [card(limit(f"L{n}"), "yellow") for n in range(10)]
    found = scored(closed, missed)
    assert (found.volume, lines(found)) == (20, {"yellow": (-50, 10), "early": (5, 10)})
    assert found.points == 55


@pytest.mark.parametrize(
    ("due", "at", "early"),
    [
        ("2026-10-20", "2026-10-19", True),
        ("2026-10-20", "2026-10-20", False),
        ("2026-10-20", "2026-10-19T15:59:59+00:00", True),  # 24 hours before 24:00 in Shanghai
        ("2026-10-20", "2026-10-20T00:00:01+08:00", False),
        ("2026-10-20T17:00:00+08:00", "2026-10-19", True),
        ("2026-10-20T17:00:00+08:00", "2026-10-20", False),
    ],
)
def test_early_is_a_whole_day_before_it_would_have_been_too_late(due: str, at: str, early: bool) -> None:
    assert ended(limit("M1", due), at).is_early(timedelta(days=1)) is early


def test_of_the_limits_that_one_act_ends_the_one_due_first_counts() -> None:
    """A decision too late for the promised limit is not early for the statutory one."""
    promised, statutory = limit("M1", "2026-10-10"), limit("M1", "2026-10-30", "statutory")
    found = scored([ended(promised, "2026-10-12"), ended(statutory, "2026-10-12")], [card(promised, "yellow")])
    assert (found.volume, lines(found)) == (1, {"yellow": (-5, 1)})
    kept = [ended(promised, "2026-10-08"), ended(statutory, "2026-10-08")]
    assert [each.limit.clock for each in closures(kept)] == ["promised"]
    earlier = limit("M1", "2026-09-30"), limit("M1", "2026-10-30", "statutory")
    assert scored([ended(earlier[0], "2026-09-28"), ended(earlier[1], "2026-09-28")], []).volume == 0


@pytest.mark.parametrize(
    ("lacking", "of", "points"),
    [(0, 100, 0), (1, 200, 0), (1, 100, -1), (4, 100, -4), (5, 100, -5), (50, 100, -5), (1, 1, -5)],
)
def test_each_whole_percent_without_data_takes_one_and_five_at_most(lacking: int, of: int, points: int) -> None:
    found = scored([ended(limit(f"M{n}", item=None if n < lacking else "licence")) for n in range(of)], [])
    assert found.points == 100 + points
    assert lines(found) == ({"missing": (points, lacking)} if lacking else {})


def test_a_card_that_names_nobody_lacks_a_person_where_the_rulebook_asks_for_one() -> None:
    closed = [ended(limit(f"M{n}")) for n in range(99)]
    cards = [card(limit("X"), "yellow", person=None), card(limit("X"), "red", "repetition", person=None)]
    found = scored(closed, cards[:1])
    (missing,) = [line for line in found.lines if line.code == "missing"]
    assert (missing.points, missing.of, missing.counted[0].missing) == (-1, 100, ("person",))
    assert "missing" not in lines(scored(closed, cards[:1], replace(RULES, missing_of=("item",))))
    assert "missing" not in lines(scored([*closed, ended(limit("X"))], cards[1:]))


def test_only_the_units_own_limits_of_the_month_count() -> None:
    others = [ended(limit("M1", "2026-09-30"), "2026-09-01"), ended(limit("M2"), "2026-10-01", unit="roads"),
              ended(limit("M3"), "2026-10-01", unit=None)]  # fmt: skip
    assert scored([*others, ended(limit("M4"))], []).volume == 1


def test_a_score_keeps_within_its_bounds_and_says_what_the_lines_make() -> None:
    found = scored([], [card(limit(f"M{n}"), "red") for n in range(12)])
    assert (found.points, found.sum) == (0, -20)


def test_the_edition_is_that_of_the_months_first_day() -> None:
    later = replace(RULES, name="later", effective_from=date(2026, 10, 2))
    assert [in_force((RULES, later), month) for month in ("2026-10", "2026-11")] == [RULES, later]
    assert in_force((later,), "2026-10") is None


kinds = st.sampled_from(["reminder", "warning", "yellow", "red"])
some = st.integers(0, 8)


@given(
    closed=st.lists(st.tuples(some, st.integers(1, 28), st.integers(1, 28)), max_size=12, unique_by=lambda t: t[0]),
    cards=st.lists(st.tuples(some, kinds, st.booleans()), max_size=12, unique_by=lambda t: t[:2]),
    random=st.randoms(use_true_random=False),
)
def test_order_makes_no_difference_and_the_lines_make_the_sum(
    closed: list[tuple[int, int, int]], cards: list[tuple[int, Level, bool]], random: Random
) -> None:
    done = [ended(limit(f"M{n}", f"2026-10-{due:02}"), f"2026-10-{at:02}") for n, due, at in closed]
    dealt = [card(limit(f"C{n}"), level, person="zhang" if named else None) for n, level, named in cards]
    found = scored(done, dealt)
    assert found.sum == 100 + sum(line.points for line in found.lines)
    assert found.points is None or 0 <= found.points <= 100
    random.shuffle(done)
    random.shuffle(dealt)
    assert scored(done, dealt) == found


# What the deadline service said of one limit


def word(revision: int, kind: Kind, due: str = "2026-10-20") -> EndWord:
    of = LimitKey("licheng", "M1", "promised", "", limit_id("licheng/M1", "promised", ""))
    return EndWord(of, revision, kind, UNIT, "licence", due, datetime(2026, 10, 20, 16, tzinfo=UTC), "2026-10-19")


@pytest.mark.parametrize(
    ("said", "kind", "due"),
    [
        ([word(2, "met")], "met", "2026-10-20"),
        ([word(3, "open"), word(2, "met")], "open", "2026-10-20"),
        ([word(2, "met"), word(3, "open"), word(4, "late")], "late", "2026-10-20"),
        ([word(2, "met"), word(3, "moved", "2026-10-27")], "met", "2026-10-27"),
        ([word(2, "late"), word(3, "moved", "2026-10-27")], "moved", "2026-10-27"),
    ],
)
def test_the_last_word_says_whether_a_limit_ended(said: list[EndWord], kind: str, due: str) -> None:
    (last,) = last_words(said)
    assert (last.kind, last.due, last.revision) == (kind, due, max(w.revision for w in said))
