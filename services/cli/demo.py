"""`duban demo`: a real log in time-lapse through four real services, told line by line, its numbers checked.

Exit codes with --exit: 0 the counts are right, 1 they are not, or a service failed.
"""

import asyncio
import json
from typing import Annotated, Any

import typer


def demo(
    leave: Annotated[bool, typer.Option("--exit", help="End after the story; exit code 0 if it is right.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what it came to as one JSON object; the story on standard error.")
    ] = False,
) -> None:
    """Watch 244 real requests become deadlines, misses and responsibility cases."""
    from services.cli.replay.watch import Stuck
    from services.cli.story.demo import tell
    from services.cli.supervisor import ProcessError

    def summarised(summary: dict[str, Any]) -> None:
        if as_json:
            typer.echo(json.dumps(summary, ensure_ascii=False))

    try:
        right = asyncio.run(tell(stay=not leave, aside=as_json, summarised=summarised))
    except (Stuck, ProcessError) as error:
        typer.echo(f"duban demo: {error}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    if not right:
        raise typer.Exit(1)
