"""What /proc says of processes: CPU seconds, peak memory. And of the machine they run on."""

import contextlib
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds by process name, up to one moment."""

    cpu_s: Mapping[str, float]

    def since(self, earlier: "Usage") -> dict[str, float]:
        """CPU seconds between two moments."""
        return {name: round(at - earlier.cpu_s.get(name, 0.0), 2) for name, at in self.cpu_s.items()}

    def of_others(self) -> dict[str, float]:
        """Without the benchmark's own process."""
        return {name: at for name, at in self.cpu_s.items() if name != "bench"}


def usage(pids: Mapping[str, int]) -> Usage:
    """CPU seconds of each process with its children, living and ended; a process that is gone is left out."""
    children: dict[int, list[int]] = {}
    own: dict[int, float] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = stat_fields((entry / "stat").read_text())
                children.setdefault(int(fields[1]), []).append(int(entry.name))
                own[int(entry.name)] = sum(map(int, fields[11:15])) / TICKS

    def total(pid: int) -> float:
        return own[pid] + sum(total(child) for child in children.get(pid, ()))

    found = {name: total(pid) for name, pid in pids.items() if pid in own}
    me = os.getpid()
    if me in own:
        times = os.times()
        found["bench"] = times.user + times.system
    return Usage(found)


def stat_fields(stat: str) -> list[str]:
    """The fields of a /proc/<pid>/stat behind the name, which may hold blanks and brackets: state, ppid, …"""
    return stat.rpartition(")")[2].split()


def peak_mb(pids: Mapping[str, int]) -> dict[str, int]:
    """The most memory that each process ever held (VmHWM), MiB."""
    found = {}
    for name, pid in pids.items():
        with contextlib.suppress(OSError):
            status = (PROC / str(pid) / "status").read_text()
            found[name] = next((int(line.split()[1]) // 1024 for line in status.splitlines() if line[:5] == "VmHWM"), 0)
    return found


def machine() -> dict[str, str]:
    """What the figures hold for."""
    cpu = next(
        (line.split(":", 1)[1].strip() for line in _lines("cpuinfo") if line.startswith("model name")), "unknown"
    )
    memory = next((int(line.split()[1]) for line in _lines("meminfo") if line.startswith("MemTotal")), 0)
    return {
        "cores": str(os.cpu_count()),
        "cpu": cpu,
        "memory": f"{memory / 2**20:.1f} GiB",
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def load() -> str:
    """The load averages of 1, 5 and 15 minutes: who else was at work."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def _lines(name: str) -> list[str]:
    try:
        return (PROC / name).read_text().splitlines()
    except OSError:
        return []
