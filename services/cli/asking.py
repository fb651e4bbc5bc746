"""Asks a running service by HTTP: where it is, what it answered, and what its problem document says."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2

from services.cli.config import Settings
from services.cli.stack import announced_token, announced_urls
from shared.identity.roles import Role


class CannotAsk(Exception):
    """No service, or no answer; `exit_code` is 2 where the question was wrong."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def url_of(service: str, settings: Settings) -> str:
    """The setting DUBAN_<SERVICE>_URL, else where the `duban up` or `duban demo` of this user has it."""
    found: str | None = getattr(settings, f"{service}_url") or announced_urls().get(service)
    if found is None:
        name = f"DUBAN_{service.upper()}_URL"
        raise CannotAsk(f"no {service} service runs here: start `duban up` or `duban demo`, or set {name}", 2)
    return found.rstrip("/")


def ask(url: str, **parameters: str) -> dict[str, Any]:
    """The answer's JSON. Raises CannotAsk, with the candidates where an id is not unique (D1)."""
    token = _token_for(url)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    try:
        answer = httpx2.get(url, params=parameters, headers=headers, timeout=30, trust_env=False)
        content = answer.json()
    except (httpx2.HTTPError, ValueError) as error:
        raise CannotAsk(f"{url} does not answer: {error}", 1) from None
    if answer.status_code == 200:
        return dict(content)
    if answer.status_code in (401, 403):
        raise CannotAsk(f"{content.get('title')}: {content.get('detail')} (DUBAN_TOKEN says who asks)", 2)
    lines = [": ".join(filter(None, (content.get("title"), content.get("detail"))))]
    lines += [f"  {candidate}" for candidate in content.get("candidates", ())]
    raise CannotAsk("\n".join(lines), 2 if 400 <= answer.status_code < 500 else 1)


def send(
    url: str,
    content: Any,
    kind: str = "application/json",
    *,
    headers: Mapping[str, str] | None = None,
    by: str = "operator",
) -> dict[str, Any]:
    """POST; the answer's JSON, that of a refused event included. `by`: as whom a stack of this user's is asked, where
    DUBAN_TOKEN does not say it. Raises CannotAsk, with what is missing."""
    token = _token_for(url, by, *Role)
    headers = {"content-type": kind, **(headers or {}), **({"authorization": f"Bearer {token}"} if token else {})}
    try:
        answer = httpx2.post(url, content=json.dumps(content), headers=headers, timeout=600, trust_env=False)
        told = answer.json()
    except (httpx2.HTTPError, ValueError) as error:
        raise CannotAsk(f"{url} does not answer: {error}", 1) from None
    if answer.status_code < 300 or ("status" in told and "problems" in told):
        return dict(told)
    lines = [": ".join(filter(None, (told.get("title"), told.get("detail"))))]
    if rule := told.get("rule"):
        lines[0] += f" ({rule})"
    lines += [f"  missing: {one}" for one in told.get("missing", ())]
    lines += [f"  {each.get('pointer')}: {each.get('detail')}" for each in told.get("errors", ())]
    raise CannotAsk("\n".join(lines), 2 if 400 <= answer.status_code < 500 else 1)


def stream_lines(url: str) -> Iterator[str]:
    """The lines of a long answer as they come, each without its end. Raises CannotAsk, also where it breaks off."""
    token = _token_for(url)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    try:
        with httpx2.stream("GET", url, headers=headers, timeout=600, trust_env=False) as answer:
            if answer.status_code != 200:
                content = json.loads(answer.read())
                raise CannotAsk(": ".join(filter(None, (content.get("title"), content.get("detail")))), 2)
            yield from answer.iter_lines()
    except (httpx2.HTTPError, ValueError) as error:
        raise CannotAsk(f"{url} does not answer to its end: {error}", 1) from None


def _token_for(url: str, person: str = "duban", *roles: Role) -> str | None:
    """DUBAN_TOKEN; else a token of the stack that runs here, which is shown to its own services only."""
    given = Settings().token
    if given is not None:
        return given.get_secret_value()
    ours = any(url.startswith(f"{base}/") for base in announced_urls().values())
    return announced_token(person, *roles) if ours else None
