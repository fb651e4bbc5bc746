"""The demo from its first line to its last: the story, the totals, one case in full, where to look next."""

import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
from rich.console import Console
from rich.markup import escape
from rich.rule import Rule

from services.cli.config import Settings
from services.cli.replay.report import Outcome
from services.cli.replay.run import Summary, Wanted, replay
from services.cli.replay.target import Target
from services.cli.signals import until_told_to_stop
from services.cli.stack import Stack, announced
from services.cli.story.expected import Request, requests
from services.cli.story.teller import Teller
from services.cli.told import case_text, explanation_text, inbox_text
from shared.events import accountability as a
from shared.events import deadline as d
from shared.identity.roles import Role

DEMO = Path(__file__).resolve().parents[3] / "deploy" / "demo"
LOG, MAPPING = DEMO / "doj_foia.jsonl", DEMO / "doj_foia.yaml"
AUTHORITY, CLOCK, ZONE = "us-doj", "determination", "America/New_York"
AS_OF = datetime.fromisoformat("2017-09-01T00:00:00-04:00")
"""The morning after the last fact of the log."""
LANGUAGES = ("en", "zh")


async def tell(*, stay: bool, aside: bool, summarised: Callable[[dict[str, Any]], None]) -> bool:
    """Run it; whether the numbers are right. With `stay` the services go on until Ctrl-C. The story goes to standard
    output, or with `aside` to standard error; `summarised` is told the counts, and with `stay` the addresses.
    """
    console = Console(highlight=False, soft_wrap=True, stderr=aside)
    log = requests(LOG)
    late = [request for request in log if request.late]
    in_full = [late[0], next(request for request in log if not request.late)]
    told = in_full[0]
    console.print(
        f"Duban 督办. {len(log)} requests for information to the U.S. Department of Justice, as its own log has them.\n"
        "Each must be determined in 20 working days: 5 U.S.C. § 552(a)(6)(A)(i). Nobody complains; watch the clock."
    )
    teller = Teller(console, ZONE, {request.id for request in in_full})
    verdict: list[bool] = []

    async def afterwards(services: Target, summary: Summary) -> None:
        teller.end_of_month()
        assert services.stack is not None  # noqa: S101 - the demo starts its own
        counts = _counts(log, summary, teller)
        verdict.append(_totals(console, counts))
        await _in_full(console, services.stack, told)
        if stay:
            _next(console, services.stack, told)
        else:
            console.print("The services end here: run `make demo` without EXIT=1 to look around.")
        counted = {name: {"expected": expected, "counted": found} for name, expected, found in counts}
        open_to = {"services": services.stack.urls, "token": _token(services.stack)} if stay else {"services": {}}
        summarised({"right": verdict[-1], "counts": counted, "replay": summary.to_json(), **open_to})
        if stay:
            with announced(services.stack):
                console.print("The services stay up. Ctrl-C ends them and leaves nothing behind.", style="bold")
                await until_told_to_stop()

    with tempfile.TemporaryDirectory(prefix="duban-demo-") as directory:
        wanted = Wanted([LOG], MAPPING, AS_OF, Path(directory) / "report.csv", clock="follow")
        settings = Settings(kafka=None, postgres=None)
        await replay(wanted, settings, teller, afterwards)
    return verdict == [True]


def _counts(log: Sequence[Request], summary: Summary, teller: Teller) -> list[tuple[str, int, int]]:
    """(what, what the file alone says, what the services came to)."""
    late = sum(request.late for request in log)
    outcomes = summary.totals.outcomes
    return [
        ("clocks", len(log), summary.totals.clocks),
        ("late", late, outcomes[Outcome.LATE] + outcomes[Outcome.OVERDUE]),
        ("met", len(log) - late, outcomes[Outcome.MET]),
        ("cases that stand", late, summary.standing),
        ("cases opened in all", late, teller.counts[a.CaseOpened]),
        ("misses published", late, teller.counts[d.DeadlineMissed]),
    ]


def _totals(console: Console, rows: Sequence[tuple[str, int, int]]) -> bool:
    """Show them; whether they agree."""
    right = all(expected == counted for _, expected, counted in rows)
    console.print(Rule("the totals, and the same counted from the log alone", style="dim"))
    for name, expected, counted in rows:
        mark = "as it should be" if expected == counted else f"WRONG, it should be {expected}"
        console.print(f"  {counted:4} {name:20} {mark}", style="green" if expected == counted else "bold red")
    return right


async def _in_full(console: Console, stack: Stack, told: Request) -> None:
    """One case with its explanation, its people and what they were told."""
    urls = stack.urls
    bearer = {"authorization": f"Bearer {_token(stack)}"}
    async with httpx2.AsyncClient(timeout=30, trust_env=False, headers=bearer) as client:

        async def ask(service: str, path: str) -> Any:
            answer = await client.get(urls[service] + path)
            answer.raise_for_status()
            return answer.json()

        found = await ask("accountability", f"/v1/cases?matter={quote(told.id)}")
        case = await ask("accountability", f"/v1/cases/{found['cases'][0]['case_id']}")
        path = f"/v1/matters/{AUTHORITY}/{quote(told.id)}/deadlines/{CLOCK}/explanation"
        explained = await ask("deadline", path)
        console.print(Rule("one case in full: why it was due that day", style="dim"))
        console.print(escape(explanation_text(explained, "en")))
        console.print(Rule("who is responsible, and how far it goes back", style="dim"))
        console.print(escape(case_text(case)))
        console.print(Rule("what they were told, in both languages", style="dim"))
        notices = []
        for person in case["addressed"]:
            inbox = await ask("notification", f"/v1/people/{quote(person, safe='')}/inbox?limit=1000")
            notices += [(n["created_at"], person, n) for n in inbox["notices"] if n["case"] == case["case_id"]]
        for at, person, notice in sorted(notices, key=lambda notice: notice[:2]):
            console.print(f"to the {person}, {at[:10]}:", style="bold")
            for language in LANGUAGES:
                full = notice["kind"] == "case.opened"
                console.print(escape(inbox_text(notice, language) if full else notice[language]["subject"]))


def _token(stack: Stack) -> str | None:
    """For whoever watches: every role, of nobody whom the log names."""
    return stack.token("operator", *Role)


def _next(console: Console, stack: Stack, told: Request) -> None:
    """Where to look."""
    urls, matter = stack.urls, f"{AUTHORITY}/{told.id}"
    console.print(Rule("where to look next", style="dim"))
    curl = 'curl -H "authorization: Bearer $TOKEN"'
    for line in (
        f"TOKEN={_token(stack)}",
        f"{curl} {urls['intake']}/v1/matters/{matter}",
        f"{curl} {urls['deadline']}/v1/matters/{matter}/deadlines",
        f"{curl} '{urls['accountability']}/v1/cases?limit=5'",
        f"{curl} '{urls['notification']}/v1/people/{quote('head of ' + told.unit)}/inbox?lang=zh'",
        f".venv/bin/duban explain {told.id}",
        "each service: /openapi.json, /readyz, /metrics",
    ):
        console.print(f"  {escape(line)}")
