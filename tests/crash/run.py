"""One run: infrastructure, services, generator, faults; then rest, hours later, rest again; then the judgement."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from services.cli.providers import ProcessError
from tests.crash import cluster as clusters
from tests.crash import mutations, rest
from tests.crash.cluster import Cluster, start_cluster
from tests.crash.collect import events
from tests.crash.expected import World
from tests.crash.faults import Striker, Struck
from tests.crash.infrastructure import Infrastructure, start_infrastructure
from tests.crash.oracle import Oracle, Verdict
from tests.crash.plan import plan
from tests.crash.publisher import Publisher
from tests.crash.record import Record, verified
from tests.crash.rest import Rest
from tests.crash.schedule import AHEAD_S, POINTS, SERVICES, Fault, Kind, Point, schedule
from tests.crash.states import States

LATEST_DUE_S = 60.0
"""After the last registration: the last due, and the last fact about it, have passed."""
STILL_S = 4.0
GIVE_UP_S = 600.0


@dataclass(frozen=True)
class Wish:
    """What to run. `span_s`: how long matters are registered."""

    deadlines: int
    kills: int
    seed: int
    span_s: float
    only: tuple[Kind, ...] | None = None
    points: tuple[Point, ...] = POINTS
    services: tuple[str, ...] = SERVICES
    mutation: str | None = None
    climbs: bool = True
    """Move time on at the end, so that unanswered cases climb every rung."""
    logs: Path | None = None
    limit_s: float = GIVE_UP_S


@dataclass
class Outcome:
    """What a run came to. `deadlines`: registrations that were acknowledged."""

    wish: Wish
    verdict: Verdict
    rest: Rest
    struck: Struck
    deaths: Counter[str]
    deadlines: int
    acknowledged: int
    again: int
    took_s: float
    record: Record
    states: States
    trouble: list[str] = field(default_factory=list)

    @property
    def caught(self) -> bool:
        """A count says that something went wrong, or the record does, or the states of the cases."""
        return not (self.verdict.clean and self.record.right and not self.states.differing)

    @property
    def clean(self) -> bool:
        return not self.caught and self.rest.right and not self.trouble


def say(text: str) -> None:
    """Tell whoever watches, with the time."""
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", flush=True)


async def carry_out(wish: Wish) -> Outcome:
    """The whole of it. Raises ProcessError where the infrastructure or the services do not even start."""
    begun = time.monotonic()
    async with start_infrastructure() as infrastructure:
        home = infrastructure.run.directory
        tree = clusters.copy_tree(home / "tree")
        if wish.mutation is not None:
            mutations.apply(wish.mutation, tree)
        try:
            async with start_cluster(infrastructure, tree, wish.services) as cluster:
                say(f"{len(cluster.names)} processes are ready, logs in {home / 'logs'}")
                outcome = await _run(wish, infrastructure, cluster)
        finally:
            if wish.logs is not None:
                clusters.keep_logs(infrastructure.run, wish.logs)
    outcome.took_s = time.monotonic() - begun
    return outcome


async def _run(wish: Wish, infrastructure: Infrastructure, cluster: Cluster) -> Outcome:
    log = infrastructure.run.directory / "acknowledged.jsonl"
    striker = Striker(cluster)
    trouble: list[str] = []
    publisher = Publisher(infrastructure.kafka.address, cluster.urls("intake"), log)
    begun = asyncio.get_running_loop().time()
    plans = plan(wish.seed, wish.deadlines, wish.span_s, datetime.now(UTC))
    faults = schedule(wish.seed, wish.kills, wish.span_s + LATEST_DUE_S, only=wish.only, points=wish.points)
    later = [replace(f, at=f.at - wish.span_s - 30) for f in faults if f.at > wish.span_s + 30]
    watching = asyncio.create_task(_tell(publisher, striker))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(publisher.publish(plans, begun))
            group.create_task(striker.strike([f for f in faults if f.at <= wish.span_s + 30], begun))
        say(f"{len(publisher.matters)} registrations are acknowledged; waiting for the last due")
        await asyncio.sleep(max(0.0, begun + wish.span_s + LATEST_DUE_S - asyncio.get_running_loop().time()))
        await _settle(wish, infrastructure, cluster, striker, trouble, "after the last due")
        jumped = time.time()
        if wish.climbs:
            await _jump(infrastructure, cluster)
            say("hours later: every unanswered case climbs every rung")
            await _strike_later(striker, later)
            await _settle(wish, infrastructure, cluster, striker, trouble, "hours later", shifted=True)
    finally:
        watching.cancel()
    return await _judge(wish, infrastructure, cluster, striker, publisher, jumped, trouble)


async def _jump(infrastructure: Infrastructure, cluster: Cluster) -> None:
    """Move everybody's time on by more than the last rung: the database's first, and nothing fires; then ours."""
    await infrastructure.postgres.set_clock(AHEAD_S)
    for name in cluster.names:
        cluster.set_clock(name, AHEAD_S)


async def _strike_later(striker: Striker, faults: list[Fault]) -> None:
    """What was left for after the jump; clocks are wrong already."""
    left = [fault for fault in faults if fault.kind not in ("clock", "database-clock")]
    await striker.strike(left, asyncio.get_running_loop().time())


async def _settle(
    wish: Wish,
    infrastructure: Infrastructure,
    cluster: Cluster,
    striker: Striker,
    trouble: list[str],
    when: str,
    *,
    shifted: bool = False,
) -> None:
    if not shifted:
        await striker.heal()
    if (why := await clusters.ready(cluster, clusters.START_LIMIT_S)) is not None:
        trouble.append(f"{when}: {why}")
    found = await rest.until_quiet(
        infrastructure.postgres.dsn(),
        infrastructure.kafka.address,
        wish.services,
        still_s=STILL_S,
        give_up_s=wish.limit_s,
    )
    left = f"unsent {found.unsent.total()}, lag {found.lag.total()}, unsealed {found.unsealed}"
    say(f"{when}: {left}")
    if not found.quiet:
        trouble.append(f"{when}: not at rest after {wish.limit_s:g} s: {left}")


async def _judge(
    wish: Wish,
    infrastructure: Infrastructure,
    cluster: Cluster,
    striker: Striker,
    publisher: Publisher,
    jumped: float,
    trouble: list[str],
) -> Outcome:
    say("judging")
    with publisher.log.open("rb") as lines:
        world = World.of(lines)
    oracle = Oracle(world, jumps=((jumped, AHEAD_S),) if wish.climbs else (), escalates=wish.climbs)
    published: Counter[str] = Counter()
    states, heads = States(), list[bytes]()
    async for event in events(infrastructure.kafka.address):
        published[event.id] += 1
        oracle.see(event)
        states.see(event)
        if event.topic == "record-heads":
            heads.append(event.raw)
    found = await rest.examine(infrastructure.postgres.dsn(), infrastructure.kafka.address, wish.services, published)
    home = infrastructure.run.directory
    return Outcome(
        wish=wish,
        verdict=oracle.verdict(),
        rest=found,
        record=await verified(cluster.urls("accountability"), home, found.unsealed, heads),
        states=states.compare(),
        struck=striker.struck,
        deaths=cluster.deaths,
        deadlines=len(world.matters),
        acknowledged=publisher.acknowledged,
        again=publisher.again,
        took_s=0.0,
        trouble=trouble,
    )


async def _tell(publisher: Publisher, striker: Striker) -> None:
    while True:
        await asyncio.sleep(30)
        say(
            f"{len(publisher.matters)} deadlines, {publisher.acknowledged} submissions acknowledged"
            f" ({publisher.lag_s:.1f} s behind), {striker.struck.killed} kills"
        )


__all__ = ["Outcome", "ProcessError", "Wish", "carry_out", "say"]
