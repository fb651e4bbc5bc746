"""Wait for Ctrl-C or SIGTERM, so that what was started is stopped in order."""

import asyncio
import signal


async def until_told_to_stop() -> None:
    """Return at SIGINT or SIGTERM."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stopping.set)
    try:
        await stopping.wait()
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
