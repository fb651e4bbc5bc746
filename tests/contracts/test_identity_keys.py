"""The provider's keys: read at start, read again when they are old or lack one, never so often that it hurts."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.clock import wall
from shared.errors import WrongEnvironment
from shared.identity.keys import Keys, KeysUnavailable, UnknownKey
from shared.identity.tokens import TokenRefused
from tests.support.identity import Issuer, ec_key, rsa_key, verifier_over

ALWAYS, NEVER = 0.0, 3600.0


class Provider:
    """Answers with a set of keys over HTTP, or with a fault."""

    def __init__(self) -> None:
        self.content = b"{}"
        self.status = "200 OK"
        self.asked = 0
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        head = f"HTTP/1.1 {self.status}\r\nlocation: {self.url}x\r\ncontent-length: {len(self.content)}\r\n"
        writer.write(f"{head}connection: close\r\n\r\n".encode() + self.content)
        await writer.drain()
        writer.close()


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    found = Provider()
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"
    async with server:
        yield found


def now() -> float:
    return wall().timestamp()


async def test_a_new_key_of_the_provider_counts_as_soon_as_a_token_names_it(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path, ec_key("old"))
    verifier = issuer.verifier(refetch_s=ALWAYS)
    await verifier.verify(issuer.token("clerk"))
    issuer.keys.insert(0, ec_key("new"))
    issuer.publish()
    assert await verifier.verify(issuer.token("clerk"))


async def test_a_key_that_was_taken_back_signs_nothing_any_more_not_even_what_was_checked(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path, ec_key("a"), ec_key("b"))
    verifier = issuer.verifier(refresh_s=ALWAYS, refetch_s=ALWAYS)
    token = issuer.token("clerk")
    await verifier.verify(token)
    del issuer.keys[0]
    issuer.publish()
    with pytest.raises(TokenRefused) as refused:
        await verifier.verify(token)
    assert refused.value.code == "unknown-key"


async def test_made_up_key_ids_do_not_make_a_stream_of_requests(provider: Provider, tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    provider.content = issuer.jwks
    keys = Keys(provider.url, refresh_s=NEVER, refetch_s=NEVER)
    verifier = verifier_over(keys)
    await verifier.verify(issuer.token("clerk"))
    before = now()
    for n in range(20):
        with pytest.raises((UnknownKey, KeysUnavailable)):
            await keys.key(f"made-up-{n}", "ES256", now())
    with pytest.raises(UnknownKey):
        await keys.key("made-up", "ES256", before - 60)
    assert provider.asked == 1


async def test_many_at_once_ask_once(provider: Provider, tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    provider.content = issuer.jwks
    verifier = verifier_over(Keys(provider.url, refresh_s=NEVER, refetch_s=NEVER))
    await asyncio.gather(*(verifier.verify(issuer.token("clerk", person=f"p-{n}")) for n in range(20)))
    assert provider.asked == 1


async def test_a_provider_that_is_down_refuses_nobody_and_takes_back_nothing(
    provider: Provider, tmp_path: Path
) -> None:
    issuer = Issuer(tmp_path)
    provider.content, provider.status = b"", "503 Service Unavailable"
    verifier = verifier_over(Keys(provider.url, refresh_s=ALWAYS, refetch_s=ALWAYS))
    with pytest.raises(KeysUnavailable):
        await verifier.verify(issuer.token("clerk"))
    provider.content, provider.status = issuer.jwks, "200 OK"
    await verifier.verify(issuer.token("clerk"))
    provider.content, provider.status = b"<html>", "200 OK"
    await verifier.verify(issuer.token("clerk", person="p-2"))


async def test_a_provider_that_sends_elsewhere_is_not_followed(provider: Provider, tmp_path: Path) -> None:
    provider.status = "302 Found"
    with pytest.raises(KeysUnavailable):
        await verifier_over(Keys(provider.url, refresh_s=NEVER, refetch_s=NEVER)).verify(Issuer(tmp_path).token())
    assert provider.asked == 1


def private(key: Any) -> dict[str, Any]:
    return dict(key.as_dict(private=True))


@pytest.mark.filterwarnings("ignore:Key size")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a JWKS"),
        (b"[]", "is not a JWKS"),
        (b'{"keys": [1]}', "is not a JWKS"),
        (b'{"keys": [{"kty": "EC"}]}', "is not a JWKS"),
        (b'{"keys": []}', "holds no public key"),
        (orjson.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "s"}]}), "holds no public key"),
        (orjson.dumps({"keys": [private(ec_key())]}), "holds a private key"),
        (orjson.dumps({"keys": [k.as_dict(private=False) for k in (ec_key("a"), ec_key("a"))]}), "two keys of one id"),
        (orjson.dumps({"keys": [rsa_key("short", 1024).as_dict(private=False)]}), "holds no public key"),
        (orjson.dumps({"keys": [ec_key().as_dict(private=False) | {"use": "enc"}]}), "holds no public key"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_public_set_of_keys_ends_the_process_at_its_start(
    content: bytes | None, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "jwks.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(WrongEnvironment, match=said):
        Keys(str(file), refresh_s=1, refetch_s=1)
