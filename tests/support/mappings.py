"""Mappings made of YAML texts, and a line to map."""

from pathlib import Path
from typing import Any

from services.cli.replay.mapping import Mapped, Mapper
from services.cli.replay.mapping_model import load_mapping

HEAD = """
authority: us-doj
source: https://example.org/log
timezone: America/New_York
"""
RECEIVED = """
id: id
matter: matter
occurred_at: t
item: {constant: permit}
unit: unit
events:
  - when: {type: received}
    type: matter.submitted
    due: due
  - when: {type: closed}
    type: matter.closed
"""


class Make:
    """Makes mappers of YAML texts."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, text: str, head: str = HEAD) -> Mapper:
        path = self.directory / "mapping.yaml"
        path.write_text(head + text, encoding="utf-8")
        return Mapper(load_mapping(path), path, "live")

    def one(self, text: str, line: dict[str, Any]) -> Mapped:
        (found,) = self(text).map(line)
        return found


def line(**fields: Any) -> dict[str, Any]:
    return {"id": "1/open", "matter": "1", "t": "2015-01-05", "type": "received", "unit": "A", **fields}
