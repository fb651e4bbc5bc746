"""What is going to be sent, on disk: memory does not grow with the log.

A throw-away SQLite file holds every submission once. It answers before anything is sent whether one identity has two
bodies (D1), and gives the order of sending: as in the file, by time, or shuffled; with duplicates.
"""

import contextlib
import hashlib
import random
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, Self

import orjson

from services.cli.replay.mapping import Mapped
from shared.events.submissions import HolderAssigned
from shared.outbox import Message

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MADE_UP = -1
"""The line of what no line said: the holders of posts."""


class Conflict(ValueError):
    """One event identity with two bodies; the message names both lines."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A submission in its turn; it is known from `known_at` on."""

    known_at: datetime
    message: Message


class Spool:
    """Use it as a context manager; its file is gone afterwards."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._resources = contextlib.ExitStack()

    def __enter__(self) -> Self:
        directory = self._resources.enter_context(tempfile.TemporaryDirectory(prefix="duban-spool-"))
        self._db = self._resources.enter_context(contextlib.closing(sqlite3.connect(Path(directory) / "spool")))
        self._db.executescript(
            "pragma journal_mode = off; pragma synchronous = off;"
            "create table files (file integer primary key, name text);"
            "create table submissions (n integer primary key, file int, line int, id text, digest blob, known_at int,"
            " key text, headers blob, body blob);"
            "create table matters (matter text primary key) without rowid;"
            "create table units (unit text primary key) without rowid;"
            "create table plan (turn real, n int);"
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def add_file(self, name: str) -> int:
        """A number for the file, to be named by when two of its lines contradict each other."""
        number: int = self._db.execute("insert into files (name) values (?) returning file", (name,)).fetchone()[0]
        return number

    def add(self, file: int, mapped: Iterable[tuple[int, Mapped]]) -> None:
        """Keep submissions with the lines they come from."""
        rows, matters, units = [], set(), set()
        for line, each in mapped:
            digest, headers, body = _written(self._source, each)
            known = (each.known_at - EPOCH) // timedelta(microseconds=1)
            rows.append((file, line, each.id, digest, known, each.key, headers, body))
            matters.add((each.matter,))
            units.add((each.unit,))
        self._db.executemany(
            "insert into submissions (file, line, id, digest, known_at, key, headers, body)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        self._db.executemany("insert or ignore into matters values (?)", matters - {(None,)})
        self._db.executemany("insert or ignore into units values (?)", units - {(None,)})

    def refuse_conflicts(self) -> None:
        """Raise Conflict if one identity has two bodies."""
        self._db.execute("create index by_id on submissions (id)")
        found = self._db.execute(
            "select b.id, a.file, a.line, b.file, b.line from submissions a join submissions b on a.id = b.id"
            " where a.n < b.n and a.digest <> b.digest order by b.n, a.n limit 1"
        ).fetchone()
        if found is not None:
            id, *places = found
            first, second = self._place(*places[:2]), self._place(*places[2:])
            raise Conflict(f"{first} and {second} say different things under the same event id {id!r}")

    def _place(self, file: int, line: int) -> str:
        name = self._db.execute("select name from files where file = ?", (file,)).fetchone()[0]
        return f"{name} line {line}" if line != MADE_UP else f"{name} holders"

    def plan(
        self, order: Literal["file", "time"], *, shuffle: int | None, duplicate: float, as_of: datetime
    ) -> tuple[int, int]:
        """Settle the order of sending; how many will be sent, and how many are known only after `as_of`.

        A duplicate comes at some later turn, or anywhere when shuffled. The same seed gives the same order.
        """
        limit = (as_of - EPOCH) // timedelta(microseconds=1)
        by = "n" if order == "file" else "known_at, n"
        chosen = random.Random(shuffle or 0)  # noqa: S311 - an order to be repeated, not a secret
        (total,) = self._db.execute("select count(*) from submissions where known_at <= ?", (limit,)).fetchone()
        (after,) = self._db.execute("select count(*) from submissions where known_at > ?", (limit,)).fetchone()
        rows = self._db.execute(f"select n from submissions where known_at <= ? order by {by}", (limit,))

        def turns() -> Iterator[tuple[float, int]]:
            for rank, (n,) in enumerate(rows):
                yield (float(rank) if shuffle is None else chosen.random() * total), n
                if chosen.random() < duplicate:
                    yield chosen.uniform(rank if shuffle is None else 0, total), n

        planned = 0
        insert = self._db.cursor()
        for turn in turns():
            insert.execute("insert into plan values (?, ?)", turn)
            planned += 1
        self._db.execute("create index by_turn on plan (turn)")
        return planned, after

    def planned(self) -> Iterator[Planned]:
        """Everything that is sent, in turn."""
        rows = self._db.execute(
            "select known_at, id, key, headers, body from plan join submissions using (n) order by turn, plan.rowid"
        )
        for known, id, key, headers, body in rows:
            at = EPOCH + timedelta(microseconds=known)
            yield Planned(at, Message("submissions", key, id, headers, body))

    def matters(self) -> Iterator[str]:
        """Every matter of the log."""
        return (matter for (matter,) in self._db.execute("select matter from matters order by matter"))

    def units(self) -> list[str]:
        """Every unit of the log."""
        return [unit for (unit,) in self._db.execute("select unit from units order by unit")]

    def post_assigned_by(self, id: str) -> str | None:
        """The key of the post to which the event of this id assigns somebody."""
        found = self._db.execute("select key, headers from submissions where id = ?", (id,)).fetchone()
        if found is None or orjson.loads(found[1])["ce_type"] != HolderAssigned.TYPE:
            return None
        key: str = found[0]
        return key

    def first_known(self) -> datetime | None:
        """When the log begins."""
        (first,) = self._db.execute("select min(known_at) from submissions where line <> ?", (MADE_UP,)).fetchone()
        return None if first is None else EPOCH + timedelta(microseconds=first)


def _written(source: str, mapped: Mapped) -> tuple[bytes, bytes, bytes]:
    """Digest, headers and body: a CloudEvent in binary mode. The digest is of what D1 calls the body of an event."""
    # In UTC: the zone of a bare date may have had an offset of odd seconds then, which RFC 3339 cannot write.
    time = mapped.time.astimezone(UTC).isoformat()
    body = orjson.dumps(mapped.data, option=orjson.OPT_SORT_KEYS)
    headers = {
        "ce_specversion": "1.0",
        "ce_id": mapped.id,
        "ce_source": source,
        "ce_type": mapped.type,
        "ce_subject": mapped.key,
        "ce_time": time,
        "ce_version": "1",
        "content-type": "application/json",
    }
    digest = hashlib.blake2b(orjson.dumps([mapped.type, mapped.key, time]) + body, digest_size=16).digest()
    return digest, orjson.dumps(headers), body
