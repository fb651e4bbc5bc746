"""Planted bugs, each by replacing a text in a private copy of the tree: the oracle must see every one of them.

A text that is not there exactly once is an error, never a bug that is silently not planted; a test of every suite run
keeps them up to date. Where a bug shows only under a certain fault, its schedule is made of that.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.crash.schedule import POINTS, Kind, Point


class DoesNotApply(ValueError):
    """The tree has moved on: the text to replace is not there, or not once."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """Of one text by another in a file."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutation:
    """A bug and the run that should show it."""

    why: str
    replacements: tuple[Replacement, ...]
    only: tuple[Kind, ...] = ("point", "kill", "postgres", "stop", "cut")
    kills: int = 10
    deadlines: int = 1500
    span_s: float = 30.0
    points: tuple[Point, ...] = POINTS
    climbs: bool = False


_ONE_CASE = '    """One miss, one case, in every order of arrival."""\n'
MUTATIONS: dict[str, Mutation] = {
    "offsets-before-the-database": Mutation(
        "the batch's offsets are stored in a transaction of their own, before its effects",
        (
            Replacement(
                "shared/kafka.py",
                "            fresh = await inbox.claim(conn, messages, self._positions.known)\n",
                "            fresh = await inbox.claim(conn, messages, self._positions.known)\n"
                "            await inbox.advance(conn, messages)\n"
                "        async with self._pool.acquire() as conn, conn.transaction():\n",
            ),
        ),
        ("point", "kill"),
        points=(("deadline", "batch.handled"), ("accountability", "batch.handled"), ("intake", "batch.handled")),
    ),
    "case-ids-not-derived": Mutation(
        "a case's id is drawn by lot and nothing makes it unique: every time the miss is told it is another case",
        (
            Replacement(
                "services/accountability/rules/identity.py",
                _ONE_CASE,
                _ONE_CASE + "    return __import__('uuid').uuid4()\n",
            ),
            Replacement(
                "services/accountability/migrations/0001_create_cases.sql",
                "    constraint cases_one_per_missed_deadline unique (authority, matter, clock, subject, late_from),\n",
                "",
            ),
        ),
    ),
    "offsets-in-kafka-only": Mutation(
        "what was consumed is not kept in the database: a batch that is read again is worked through again, and a case"
        " is opened for a miss whatever is known",
        (
            Replacement(
                "shared/inbox.py",
                "return [m for m in messages if m.offset >= stored[m.topic, m.partition]]",
                "return list(messages) if stored is not None else []",
            ),
            Replacement(
                "services/accountability/rules/identity.py",
                'return event_id("case.opened", case, "")',
                "return event_id(\"case.opened\", case, __import__('os').urandom(8).hex())",
            ),
        ),
    ),
    "relay-cursor": Mutation(
        "the relay reads behind a cursor over the row number: a transaction that commits late is overtaken for good",
        (
            Replacement(
                "shared/outbox.py",
                "where bucket = b and sent_at is null and quarantined_at is null order by bucket, id limit $2",
                "where bucket = b and sent_at is null and quarantined_at is null and id > coalesce((select max(id) from"
                " outbox s where s.bucket = b and s.sent_at is not null), 0) order by bucket, id limit $2",
            ),
        ),
        deadlines=4000,
    ),
    "sweep-without-lock": Mutation(
        "the sweep takes no lock and does not look again",
        (
            Replacement("services/deadline/sql/queries.sql", "for update of m skip locked", ""),
            Replacement("services/deadline/sweep.py", "read = self._caught_up()", "read = everywhere()"),
        ),
        deadlines=4000,
    ),
    "fold-by-receipt": Mutation(
        "facts are ordered by when they were issued, not by when they happened",
        (
            Replacement(
                "services/deadline/rules/facts.py",
                "return fact.occurred, rank(fact), fact.revision, fact.identity",
                "return fact.issued, rank(fact), fact.revision, fact.identity",
            ),
        ),
    ),
    "role-read-now": Mutation(
        "who is responsible is who holds the role now, not who held it at the due instant",
        (
            Replacement(
                "services/accountability/rules/attribution.py",
                "    at = late_from - TICK\n    holding",
                "    at = late_from.replace(year=2100)\n    holding",
            ),
            Replacement(
                "services/accountability/rules/attribution.py",
                "        at = late_from - TICK\n        leaders",
                "        at = late_from.replace(year=2100)\n        leaders",
            ),
        ),
    ),
    "drop-on-error": Mutation(
        "a batch that cannot be worked through is logged and passed over: the next one moves the position beyond it",
        (
            Replacement(
                "shared/kafka.py",
                "            done = await self._one_by_one(kafka, messages)\n",
                "            done = messages\n",
            ),
        ),
        ("postgres", "cut"),
        kills=100,
    ),
    "drop-on-parse-error": Mutation(
        "what intake cannot read is passed over without a word",
        (Replacement("services/intake/handlers.py", "                    messages.append(rejected(refusal))\n", ""),),
    ),
    "later-of-two-clocks": Mutation(
        "business time is the later of the process' clock and the database's: one that is set ahead fires early",
        (Replacement("shared/clock.py", "now = min(theirs, wall())", "now = max(theirs, wall())"),),
        ("clock", "database-clock"),
        kills=30,
    ),
    "marked-before-sent": Mutation(
        "the relay marks rows as sent before it has sent them",
        (
            Replacement(
                "shared/outbox.py",
                "                sent = await send(producer, rows, self._prefix)\n",
                "                await self._mark(conn, rows, Sent({}, []))\n"
                '                failpoints.reach("relay.sent")\n'
                "                sent = await send(producer, rows, self._prefix)\n",
            ),
        ),
        ("point", "kill"),
        points=(("intake", "relay.sent"), ("deadline", "relay.sent"), ("accountability", "relay.sent")),
    ),
    "outbox-outside": Mutation(
        "events are appended outside of the transaction that keeps their state",
        (
            Replacement(
                "services/deadline/sweep.py",
                "            await outbox.append(conn, events)\n",
                "            async with self._pool.acquire() as other:\n"
                "                await outbox.append(other, events)\n",
            ),
        ),
        ("point", "kill"),
        points=(("deadline", "sweep.fired"),),
    ),
    "no-deputies": Mutation(
        "who is responsible is who was appointed, though they were on leave and somebody stood in",
        (
            Replacement(
                "services/accountability/rules/directory.py",
                "        leave = self.leave_of(holding, at)\n",
                "        leave: Leave | None = None\n",
            ),
        ),
    ),
    "sealer-skips-what-commits-late": Mutation(
        "the sealer takes what it sees and goes on behind the youngest transaction: what an older one commits after"
        " that is in no chain",
        (
            Replacement(
                "services/accountability/sql/record.sql",
                "select pg_snapshot_xmin(pg_current_snapshot())",
                "select pg_snapshot_xmax(pg_current_snapshot())",
            ),
        ),
    ),
    "states-of-the-first-change": Mutation(
        "of several changes of a case that are sealed together the state after the first is looked for, which is past:"
        " case-states stay at an older one",
        (
            Replacement(
                "services/accountability/record/sealer.py",
                "cases[row.row_id] = max(row.row_n, cases.get(row.row_id, 0))",
                "cases[row.row_id] = min(row.row_n, cases.get(row.row_id, row.row_n))",
            ),
        ),
    ),
}


def apply(name: str, tree: Path) -> None:
    """Plant one in a copy of the tree. Raises DoesNotApply."""
    for replacement in MUTATIONS[name].replacements:
        file = tree / replacement.file
        text = file.read_text()
        if text.count(replacement.old) != 1:
            raise DoesNotApply(
                f"{name}: {replacement.file} holds {text.count(replacement.old)} times {replacement.old!r}"
            )
        file.write_text(text.replace(replacement.old, replacement.new))
