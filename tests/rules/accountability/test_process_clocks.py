"""Which duties of a case run after what was done in it."""

import pytest

from services.accountability.rules.process_clocks import running

TO_SERVICE = ("review-begun", "filed", "investigation-begun", "notice-given", "deliberation-begun", "decided")
ANSWERED = (*TO_SERVICE, "served", "review-requested", "upheld", "answer-served")


@pytest.mark.parametrize(
    ("kinds", "clocks"),
    [
        (("review-begun",), ["filing"]),
        (("review-begun", "filed"), ["investigation", "decision"]),
        (("review-begun", "filed", "decision-extended"), ["investigation", "decision-extended"]),
        (("review-begun", "filed", "withdrawn"), []),
        (("review-begun", "filed", "withdrawn", "review-begun"), ["filing"]),
        (TO_SERVICE[:4], ["decision", "defence"]),
        (TO_SERVICE, ["service:zhang"]),
        ((*TO_SERVICE, "served", "revocation-proposed"), ["review-request:zhang", "revocation"]),
        ((*TO_SERVICE, "served", "review-requested", "upheld"), ["service:zhang"]),
        (ANSWERED, ["appeal:zhang"]),
        ((*ANSWERED, "appeal-requested", "answer-extended"), ["appeal-decision-extended:zhang"]),
        ((*ANSWERED, "appeal-requested", "upheld", "answer-served"), []),
    ],
)  # fmt: skip
def test_a_duty_runs_until_what_ends_it(kinds: tuple[str, ...], clocks: list[str]) -> None:
    assert list(running([(kind, None) for kind in kinds], ("zhang",))) == clocks


def test_each_party_has_clocks_of_their_own() -> None:
    people = ("zhang", "li")
    steps: list[tuple[str, str | None]] = [("decided", None), ("served", "zhang")]
    assert list(running(steps, people)) == ["service:li", "review-request:zhang"]
    steps += [("served", "li"), ("review-requested", "zhang")]
    assert list(running(steps, people)) == ["review-request:li", "review-answer:zhang"]
    steps += [("review-requested", "li"), ("upheld", "zhang"), ("answer-served", "zhang")]
    assert running(steps, people) == {"review-answer:li": 4, "appeal:zhang": 6}
    steps += [("appeal-requested", "zhang"), ("upheld", "zhang"), ("answer-served", "zhang"), ("upheld", "li")]
    assert list(running(steps, people)) == ["service:li"], "who was answered on appeal has no further one"
    assert list(running([*steps, ("revoked", None)], people)) == []
