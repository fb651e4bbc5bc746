"""`duban cards`: cards and slips, one line each. Reads only.

Exit codes: 0 answered, 1 the service failed, 2 the question was wrong.
"""

import json
from typing import Annotated, Any

import typer

PAGE = "500"
NAMES = {
    "reminder": "reminder 提醒", "warning": "warning 预警", "yellow": "yellow card 黄牌", "red": "red card 红牌",
    "slip:blue": "blue slip 蓝单", "slip:orange": "orange slip 橙单", "slip:red": "red slip 红单",
}  # fmt: skip


def cards(
    matter: Annotated[str, typer.Option(help="Of this matter.")] = "",
    authority: Annotated[str, typer.Option(help="Of this authority; needed where several have the matter.")] = "",
    person: Annotated[str, typer.Option(help="That name this person.")] = "",
    unit: Annotated[str, typer.Option(help="Of matters in the hands of this unit.")] = "",
    level: Annotated[str, typer.Option(help="reminder, warning, yellow, red, blue or orange.")] = "",
    revoked: Annotated[bool, typer.Option("--revoked", help="Those that were revoked, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the service's answer.")] = False,
) -> None:
    """List cards 牌 and slips 督办单 in order of issue."""
    from services.cli.asking import CannotAsk, ask, url_of
    from services.cli.config import settings_for

    wanted = {"matter": matter, "authority": authority, "person": person, "unit": unit, "level": level}
    asked = {name: value for name, value in wanted.items() if value} | ({} if revoked else {"state": "standing"})
    found: list[dict[str, Any]] = []
    try:
        url = f"{url_of('accountability', settings_for('cards'))}/v1/cards"
        page = ask(url, limit=PAGE, **asked)
        found += page["cards"]
        while "next" in page:
            page = ask(url, limit=PAGE, cursor=page["next"], **asked)
            found += page["cards"]
    except CannotAsk as error:
        typer.echo(f"duban cards: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else cards_text(found))


def cards_text(found: list[dict[str, Any]]) -> str:
    """One line each: which, of what, whom it names, and what became of it."""
    return "\n".join(map(_line, found)) if found else "no cards"


def _line(card: dict[str, Any]) -> str:
    level = card["level"] if card["rule"] != "slip" else f"slip:{card['level']}"
    name = NAMES.get(level, level) + (", urgent" if card["urgent"] else "")
    part = f" ({card['subject']})" if card["subject"] else ""
    whom = card["person"] or f"unit {card['unit'] or '-'}"
    about = f"{card['authority']}/{card['matter']} {card['clock']}{part}, due {card['due']}; {whom}"
    why = ", ".join(card["grounds"])
    end = f"; revoked {card['revoked_at']}: {card['revoked_because']}" if card["state"] == "revoked" else ""
    return f"{card['issued_at']}  {name}  {about}; {why}{end}"
