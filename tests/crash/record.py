"""The record after a run, judged as an outsider would: an export of it, a copy of the one-file verifier, the public
key, and the signed heads that stood on their topic.
"""

import asyncio
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import orjson

EXPORT_LIMIT_S = 600.0
EXAMPLES = 8


@dataclass
class Record:
    """What the verifier said; `problems` is empty where nothing was altered and nothing is missing."""

    rows: int = 0
    heads: int = 0
    witnessed: int = 0
    unsealed: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        return not self.problems

    def lines(self) -> Iterator[str]:
        """For the report."""
        yield (
            f"record: {self.rows} rows sealed, {self.unsealed} unsealed, {self.heads} signed heads verified with"
            f" {self.witnessed} of the topic, faults {len(self.problems)}"
        )
        yield from (f"  RECORD {each}" for each in self.problems[:EXAMPLES])


async def verified(urls: Sequence[str], home: Path, unsealed: int, heads: Sequence[bytes]) -> Record:
    """Export and verify, offline. `unsealed`: counted before, since an export is itself on record, a row more."""
    export, kept = home / "record.jsonl", home / "heads.jsonl"
    kept.write_bytes(b"".join(head + b"\n" for head in heads))
    found = Record(witnessed=len(heads), unsealed=unsealed)
    if unsealed:
        found.problems.append(f"{unsealed} rows are in no chain")
    if not heads:
        found.problems.append("no head was published")
    try:
        await _export(urls[0], export)
    except httpx2.HTTPError as error:
        found.problems.append(f"it cannot be exported: {type(error).__name__}: {error}")
        return found
    alone = home / "verifier"
    alone.mkdir(exist_ok=True)
    verifier = shutil.copy(home / "tree" / "services" / "cli" / "record_verifier.py", alone)
    key = home / "record-key.public.pem"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", verifier, str(export), "--key", str(key), "--heads", str(kept), "--json",
        cwd=alone, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, complaints = await child.communicate()
    if child.returncode not in (0, 1):
        found.problems.append(f"the verifier ended with {child.returncode}: {complaints.decode()[-500:]}")
        return found
    report = orjson.loads(out)
    found.rows, found.heads = report["rows"], report["heads"]
    found.problems += report["problems"]
    return found


async def _export(url: str, to: Path) -> None:
    async with (
        httpx2.AsyncClient(timeout=EXPORT_LIMIT_S, trust_env=False) as client,
        client.stream("GET", f"{url}/v1/record/export", params={"all_heads": "true"}) as answer,
    ):
        answer.raise_for_status()
        with to.open("wb") as file:
            async for part in answer.aiter_bytes():
                file.write(part)
