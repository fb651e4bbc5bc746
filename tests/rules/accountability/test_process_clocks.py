"""Which duties of a case run after what was done in it."""

import pytest

from services.accountability.rules.process_clocks import running

TO_SERVICE = ("review-begun", "filed", "investigation-begun", "notice-given", "deliberation-begun", "decided")


@pytest.mark.parametrize(
    ("kinds", "clocks"),
    [
        (("review-begun",), ["filing"]),
        (("review-begun", "filed"), ["investigation", "decision"]),
        (("review-begun", "filed", "decision-extended"), ["investigation", "decision-extended"]),
        (("review-begun", "filed", "withdrawn"), []),
        (("review-begun", "filed", "withdrawn", "review-begun"), ["filing"]),
        (TO_SERVICE[:4], ["decision", "defence"]),
        (TO_SERVICE, ["service"]),
        ((*TO_SERVICE, "served", "revocation-proposed"), ["review-request", "revocation"]),
        ((*TO_SERVICE, "served", "review-requested", "upheld"), ["appeal"]),
        ((*TO_SERVICE, "served", "review-requested", "upheld", "appeal-requested", "answer-extended"),
         ["appeal-decision-extended"]),
        ((*TO_SERVICE, "served", "review-requested", "upheld", "appeal-requested", "upheld"), []),
    ],
)  # fmt: skip
def test_a_duty_runs_until_what_ends_it(kinds: tuple[str, ...], clocks: list[str]) -> None:
    assert running(kinds) == clocks
