"""`duban score UNIT --month 2026-10`: a unit's score of a month, and what made it. Reads only.

Exit codes: 0 answered, 1 the service failed, 2 nothing of such a unit was due, or several authorities have it.
"""

import json
from typing import Annotated, Any

import typer

MOST = 5
"""Limits that a line names for a terminal."""
NAMES = {
    "warnings": "warnings in a row 连续预警",
    "yellow": "yellow cards 黄牌",
    "red": "red cards 红牌",
    "slips": "slips 督办单",
    "early": "ended early 提前办结",
    "missing": "data missing 数据缺失",
}


def score(
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="The unit's id.")],
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="The month in which its limits were due.")],
    authority: Annotated[str | None, typer.Option("--authority", help="Where several have a unit of this id.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the service's answer, with every limit.")] = False,
) -> None:
    """Tell a unit's score of a month, line by line."""
    from services.cli.asking import CannotAsk, ask, url_of
    from services.cli.config import settings_for

    asked = {"unit": unit, "month": month} | ({} if authority is None else {"authority": authority})
    try:
        found = ask(f"{url_of('accountability', settings_for('score'))}/v1/scores", **asked)
    except CannotAsk as error:
        typer.echo(f"duban score: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else score_text(found))


def score_text(found: dict[str, Any]) -> str:
    """For a terminal."""
    points = "—" if found["points"] is None else found["points"]
    lines = [
        f"{found['authority']}/{found['unit']} in {found['month']}: {points} of {found['most']} by {found['rulebook']}",
        f"  {found['volume']} limits were due and ended, or were missed; it begins at {found['begins_at']}",
    ]
    for line in found["lines"]:
        share = "" if "of" not in line else f" of {line['of']}"
        lines.append(f"  {line['points']:+4d}  {NAMES[line['code']]}: {line['count']}{share}")
        for limit in line["limits"][:MOST]:
            lacks = f", no {' and no '.join(limit['missing'])}" if "missing" in limit else ""
            part = f" ({limit['subject']})" if limit["subject"] else ""
            lines.append(f"        {limit['matter']} {limit['clock']}{part} due {limit['due']}{lacks}")
        if line["count"] > MOST:
            lines.append(f"        and {line['count'] - MOST} more: --json")
    if found["points"] not in (None, found["sum"]):
        lines.append(f"  {found['sum']:4d}  in all, within its bounds {found['points']}")
    return "\n".join(lines)
