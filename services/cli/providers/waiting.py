"""Wait until a started program answers, or say why it never will."""

import asyncio
from collections.abc import Awaitable, Callable

from services.cli.providers.process import POLL_S, Child, ProcessError, Run, free_port

PORT_ATTEMPTS = 5


async def start_on_a_free_port(
    run: Run, start: Callable[[int], Child], answers: Callable[[int], Awaitable[bool]], limit_s: float
) -> int:
    """Start a server on a port of our choice, wait until it answers there, and return the port.

    Between the choice and the start another may take the port; the server then ends, saying that the address
    is in use, and another port is tried.
    """
    for attempt in range(1, PORT_ATTEMPTS + 1):
        port = free_port()
        child = start(port)
        try:
            await until_answering(child, port, answers, limit_s)
        except ProcessError:
            if child.running or attempt == PORT_ATTEMPTS or "in use" not in child.log_tail():
                raise
            run.forget(child)
        else:
            return port
    raise AssertionError("unreachable: the last attempt raises or returns")


async def until_answering(child: Child, port: int, answers: Callable[[int], Awaitable[bool]], limit_s: float) -> None:
    """Return as soon as the program answers on its port; raise when it ends or the limit is over.

    ``answers`` must know our program from any other: one that lost its port to another ends, but not at once.
    """
    ended = asyncio.create_task(child.wait())
    try:
        async with asyncio.timeout(limit_s):
            while True:
                answered = asyncio.ensure_future(answers(port))
                try:
                    await asyncio.wait({answered, ended}, return_when="FIRST_COMPLETED")
                    if ended.done():
                        raise child.failure(f"ended with {child.returncode} before it answered")
                    if answered.result():
                        return
                finally:
                    answered.cancel()
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise child.failure(f"does not answer after {limit_s:g} s") from None
    finally:
        ended.cancel()
