"""Verifies an export of Duban's record, offline: `python record_verifier.py EXPORT [--key FILE]... [--heads FILE]`.

This file needs Python 3.11 and the library `cryptography`, and nothing else of Duban: copy it wherever you like. It
knows how the record is made from docs/record.md, not from the services' code.

    h(0) = SHA-256("duban record 1, chain <number>"),  h(n) = SHA-256(h(n-1), canonical JSON of row n)
    head: the canonical JSON of all but its signature, signed with Ed25519; canonical: keys sorted, no spaces, UTF-8

Exit codes: 0 nothing was altered, 1 something was, 2 this is no whole export.
"""

import argparse
import gzip
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHAINS = 64
MOST_PROBLEMS = 100


class NotAnExport(Exception):
    """It cannot be judged: it is not whole, or no export at all."""


@dataclass
class Report:
    """What was found; `problems` is empty where nothing was altered. The first is the first bad row."""

    problems: list[str] = field(default_factory=list)
    rows: int = 0
    heads: int = 0
    last_head: dict[str, Any] | None = None
    beyond_head: int = 0
    unsealed: int = 0
    texts: int = 0
    erased: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    keys_given: bool = False

    def add(self, problem: str) -> None:
        """Of very many the first ones say enough."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def name_of(sealed: dict[str, Any]) -> str:
    """How people find the row."""
    row = sealed.get("row", {})
    matter = "/".join(str(row[name]) for name in ("authority", "matter", "post") if row.get(name))
    ids = [str(row[name]) for name in ("case_id", "n", "event_id", "id", "reading_id", "act_id") if name in row]
    return " ".join([str(sealed.get("kind")), *ids, *([f"({matter})"] if matter else [])])


class Verification:
    """Takes an export line by line: heads first, then the chains, then texts and the unsealed tail."""

    def __init__(self, keys: dict[str, str], heads: Iterable[dict[str, Any]] = ()) -> None:
        self.report = Report(keys=dict(keys), keys_given=bool(keys))
        self._began = self._ended = False
        self._points: dict[tuple[int, int], tuple[str, int]] = {}
        self._ends = [
            (0, hashlib.sha256(f"duban record 1, chain {chain}".encode()).digest()) for chain in range(CHAINS)
        ]
        self._cases: dict[str, list[int]] = {}
        self._digests: dict[str, str] = {}
        self._erasures: set[str] = set()
        self._lengths = [0] * CHAINS
        self._witnessed = list(heads)

    def take(self, line: dict[str, Any]) -> None:
        """One line of the export."""
        if not self._began:
            if line.get("record") != "duban record 1":
                raise NotAnExport("it does not begin as an export of `duban record 1`")
            self._began = True
            if not self.report.keys_given:
                self.report.keys = dict(line["keys"])
            for head in self._witnessed:
                self._head(head, "a head that you gave")
        elif "head" in line:
            self._head(line["head"], "a head of the export")
        elif "chain" in line:
            self._row(line)
        elif "text" in line:
            self._text(line)
        elif "unsealed" in line:
            self._tail(line)
        elif "end" in line:
            self._ended = True
            told = (line["end"]["rows"], line["end"]["unsealed"])
            if told != (self.report.rows, self.report.unsealed):
                raise NotAnExport(f"it says that it has {told} rows, sealed and not, and lacks some")
        else:
            raise NotAnExport(f"a line is of no known kind: {sorted(line)}")

    def _head(self, head: dict[str, Any], whose: str) -> None:
        body = {name: value for name, value in head.items() if name != "signature"}
        lengths, hashes = body["lengths"], body["hashes"]
        if not signed(canonical(body), head["signature"], self.report.keys.get(body["key"])):
            known = "its signature is not true" if body["key"] in self.report.keys else "its key is none of those given"
            self.report.add(f"head {body['n']}: {known}")
            return
        self.report.heads += 1
        last = self.report.last_head
        if last is None or body["n"] > last["n"]:
            self.report.last_head = body
        for chain in range(CHAINS):
            point, said = (chain, lengths[chain]), self._points.get((chain, lengths[chain]))
            if said is not None and said[0] != hashes[chain]:
                self.report.add(f"{whose}, {body['n']}, and head {said[1]} differ about chain {chain}")
            if lengths[chain]:
                self._points.setdefault(point, (hashes[chain], body["n"]))
            self._lengths[chain] = max(self._lengths[chain], lengths[chain])

    def _row(self, line: dict[str, Any]) -> None:
        chain, n, told, sealed = line["chain"], line["n"], bytes.fromhex(line["hash"]), line.get("row")
        last, before = self._ends[chain]
        self.report.rows += 1
        where = f"chain {chain}, row {n}"
        if n != last + 1:
            self.report.add(f"chain {chain}: after row {last} comes row {n}: what was between them is gone")
        if sealed is None:
            self.report.add(f"{where}: {line['key']} was deleted")
        elif hashlib.sha256(before + canonical(sealed)).digest() != told:
            self.report.add(
                f"{where}: {name_of(sealed)} does not fit its seal: it was edited, or put in another's place"
            )
        said = self._points.pop((chain, n), None)
        if said is not None and said[0] != told.hex():
            self.report.add(f"{where}: head {said[1]} has another hash: the chain was made anew after it was signed")
        self._ends[chain] = n, told
        self.report.beyond_head += n > self._lengths[chain]
        if sealed is not None:
            self._remember(sealed)

    def _remember(self, sealed: dict[str, Any]) -> None:
        row = sealed["row"]
        if sealed["kind"] == "case-event":
            self._cases.setdefault(row["case_id"], []).append(row["n"])
        elif sealed["kind"] == "text":
            self._digests[row["id"]] = row["sha256"]
        elif sealed["kind"] == "act" and row["act"] == "erasure":
            self._erasures.update(row["texts"])

    def _text(self, line: dict[str, Any]) -> None:
        id, digest = line["text"], self._digests.pop(line["text"], None)
        self.report.texts += 1
        if digest is None:
            return  # not sealed yet
        if "erased_at" in line:
            self.report.erased.append(id)
            if id not in self._erasures:
                self.report.add(f"text {id} was erased, and no erasure is on record")
        elif (
            "body" in line and digest != hashlib.sha256(bytes.fromhex(line["salt"]) + line["body"].encode()).hexdigest()
        ):
            self.report.add(f"text {id} was edited: its digest is another")

    def _tail(self, line: dict[str, Any]) -> None:
        self.report.unsealed += 1
        if line["late"]:
            self.report.add(f"{name_of(line['unsealed'])} is in no chain, and the sealer is past it: it was inserted")
        if line["unsealed"]["kind"] == "case-event":
            row = line["unsealed"]["row"]
            self._cases.setdefault(row["case_id"], []).append(row["n"])

    def end(self) -> Report:
        """After the last line."""
        if not self._ended:
            raise NotAnExport("it ends before its end: get it again")
        cut = {chain: said for (chain, n), said in sorted(self._points.items()) if n > self._ends[chain][0]}
        for chain, (_, head) in cut.items():
            has, had = self._ends[chain][0], self._lengths[chain]
            self.report.add(f"chain {chain} was cut off: head {head} says {had} rows, there are {has}")
        for case, numbers in self._cases.items():
            if sorted(numbers) != list(range(1, len(numbers) + 1)):
                self.report.add(
                    f"the events of {case} are not numbered 1 to {len(numbers)}: one is missing or too many"
                )
        for id in self._digests:
            self.report.add(f"text {id} was deleted")
        return self.report


def signed(body: bytes, signature: str, public: str | None) -> bool:
    """Whether it is that key's signature."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if public is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), body)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_key(file: Path) -> tuple[str, str]:
    """(What heads call it, the key in hexadecimal) of a public or private key in PEM."""
    from cryptography.hazmat.primitives import serialization as s

    raw = file.read_bytes()
    private = s.load_pem_private_key(raw, None).public_key() if b"PRIVATE" in raw else s.load_pem_public_key(raw)
    public = private.public_bytes(s.Encoding.Raw, s.PublicFormat.Raw)
    return hashlib.sha256(public).hexdigest()[:16], public.hex()


def lines_of(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def verify(
    lines: Iterable[dict[str, Any]], keys: dict[str, str] | None = None, heads: Iterable[dict[str, Any]] = ()
) -> Report:
    """The report on an export. Raises NotAnExport."""
    verification = Verification(keys or {}, heads)
    try:
        for line in lines:
            verification.take(line)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        raise NotAnExport(f"a line is not as an export's: {type(error).__name__}: {error}") from None
    return verification.end()


def told(report: Report) -> str:
    """For people."""
    head, keys = report.last_head, ", ".join(sorted(report.keys)) or "none"
    lines = [*report.problems[:MOST_PROBLEMS]]
    lines.append(f"{report.rows} rows in {CHAINS} chains: " + ("ALTERED" if report.problems else "nothing was altered"))
    whose = "as you gave them" if report.keys_given else "AS THE EXPORT ITSELF SAYS: compare them with what you know"
    lines.append(f"heads: {report.heads} signed" + (f", the last is {head['n']} of {head['at']}" if head else ""))
    lines.append(f"keys: {keys}, {whose}")
    lines.append(f"after the last head: {report.beyond_head} rows sealed, {report.unsealed} not sealed yet")
    if report.erased:
        lines.append(
            f"erased, with a legal basis on record: {len(report.erased)} texts: {', '.join(report.erased[:10])}"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an export of Duban's record, offline.")
    parser.add_argument("export", type=Path, help="JSON lines, .gz too")
    parser.add_argument("--key", type=Path, action="append", default=[], help="public key in PEM; may be given twice")
    parser.add_argument("--heads", type=Path, help="heads that you kept, a JSON object in each line")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    try:
        keys = dict(read_key(file) for file in given.key)
        report = verify(lines_of(given.export), keys, lines_of(given.heads) if given.heads else ())
    except (NotAnExport, OSError, ValueError, EOFError) as error:
        sys.stderr.write(f"{given.export}: {error}\n")
        return 2
    sys.stdout.write((json.dumps(vars(report), ensure_ascii=False) if given.json else told(report)) + "\n")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
