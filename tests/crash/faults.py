"""Strikes with the faults of a schedule, and keeps count of what struck."""

import asyncio
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.crash.cluster import Cluster
from tests.crash.infrastructure import RECOVERY_LIMIT_S
from tests.crash.schedule import KILLS, Fault

REACHED_WITHIN_S = 15.0
"""A failpoint that nobody has reached by then is taken back: its step does not happen just now."""


@dataclass
class Struck:
    """What struck, by kind and name; what could not, because its target was down or its point was not reached."""

    kills: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    @property
    def killed(self) -> int:
        return sum(self.kills.values())


@dataclass
class Striker:
    """Faults may overlap, but no server or replica is struck by two of a kind at once."""

    cluster: Cluster
    struck: Struck = field(default_factory=Struck)
    _busy: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def strike(self, faults: Sequence[Fault], begun: float) -> None:
        """All of them, each at its time after `begun` (of the loop's clock); returns when the last is over."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                await asyncio.sleep(max(0.0, begun + fault.at - loop.time()))
                group.create_task(self._strike(fault))

    async def heal(self) -> None:
        """Roads open, clocks right, points taken back, nothing stopped."""
        infrastructure = self.cluster.infrastructure
        for proxy in (*infrastructure.to_kafka.values(), *infrastructure.to_postgres.values()):
            proxy.heal()
        for name in self.cluster.names:
            self.cluster.set_clock(name, 0)
            self.cluster.signal(name, signal.SIGCONT)
        await infrastructure.postgres.set_clock(0)

    def _lock(self, what: str) -> asyncio.Lock:
        return self._busy.setdefault(what, asyncio.Lock())

    async def _strike(self, fault: Fault) -> None:
        label = f"{fault.kind} {fault.target} {fault.how}".strip()
        match fault.kind:
            case "point":
                done = await self._point(fault)
                if not done:
                    self.struck.missed[label] += 1
                    label = f"kill {fault.target}-a"  # somebody of that service is killed anyway
                    done = self.cluster.signal(f"{fault.target}-a", signal.SIGKILL) is not None
            case "kill":
                done = self.cluster.signal(fault.target, signal.SIGKILL) is not None
            case "postgres" | "broker":
                done = await self._server(fault)
                label = fault.kind
            case "stop":
                done = await self._stop(fault)
            case "cut":
                done = await self._cut(fault)
            case "clock" | "database-clock":
                done = await self._clock(fault)
        counter = self.struck.missed if not done else self.struck.kills if fault.kind in KILLS else self.struck.others
        counter[label] += 1

    async def _point(self, fault: Fault) -> bool:
        if not any(name.startswith(f"{fault.target}-") for name in self.cluster.names):
            return False
        async with self._lock(f"{fault.target} {fault.how}"):
            self.cluster.arm(fault.target, fault.how)
            armed = self.cluster.points[fault.target] / fault.how
            until = asyncio.get_running_loop().time() + REACHED_WITHIN_S
            while armed.exists() and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.05)
            return not self.cluster.disarm(fault.target, fault.how)

    async def _server(self, fault: Fault) -> bool:
        server = self.cluster.infrastructure.postgres if fault.kind == "postgres" else self.cluster.infrastructure.kafka
        async with self._lock(fault.kind):
            await server.kill()
            await asyncio.sleep(fault.s)
            await server.restart(RECOVERY_LIMIT_S)
        return True

    async def _stop(self, fault: Fault) -> bool:
        pid = self.cluster.signal(fault.target, signal.SIGSTOP)
        await asyncio.sleep(fault.s)
        if pid is None:
            return False
        self.cluster.signal(fault.target, signal.SIGCONT)
        return True

    async def _cut(self, fault: Fault) -> bool:
        to, roads = fault.target.split()
        infrastructure = self.cluster.infrastructure
        proxies = infrastructure.to_kafka if to == "kafka" else infrastructure.to_postgres
        for road in roads:
            proxies[road].cut("freeze" if fault.how == "freeze" else "reset")
        await asyncio.sleep(fault.s)
        for road in roads:  # whoever heals first ends a cut that overlaps too
            proxies[road].heal()
        return True

    async def _clock(self, fault: Fault) -> bool:
        if fault.target and fault.target not in self.cluster.names:
            return False
        async with self._lock("clocks"):  # one at a time: were both ahead, firing early would be right
            await self._set_clock(fault.target, float(fault.how))
            await asyncio.sleep(fault.s)
            await self._set_clock(fault.target, 0.0)
        return True

    async def _set_clock(self, target: str, shift_s: float) -> None:
        if target:
            self.cluster.set_clock(target, shift_s)
            return
        async with self._lock("postgres"):  # it may be down: then it is set when it is up again
            await self.cluster.infrastructure.postgres.set_clock(shift_s)
