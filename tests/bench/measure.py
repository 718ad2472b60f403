"""Interleaved rounds, medians, and CPU time of processes read from /proc."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROUNDS = 5
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Series:
    """The rounds of one variant: CPU ms and wall ms of one operation."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    @property
    def cpu_ms(self) -> float:
        return statistics.median(self.cpu)

    @property
    def wall_ms(self) -> float:
        return statistics.median(self.wall)


def children(pid: int) -> list[int]:
    """The processes started by this one, direct ones only."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry.name))
            except (OSError, IndexError, ValueError):
                continue
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU of these processes and of their children: those that run, and those that ended and were waited for."""
    total = 0
    for root in pids:
        for pid in (root, *children(root)):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            total += sum(int(x) for x in fields[11 : 15 if pid == root else 13])
    return total / _TICK


def interleaved(variants: dict[str, Callable[[], int]], pids: Callable[[], list[int]] | None = None, rounds: int = ROUNDS) -> dict[str, Series]:  # fmt: skip
    """Run the variants in turn, each round again; a variant does its work and answers how many operations it did.

    CPU is that of `pids` where given (servers), else of this process. The first round warms up and does not count.
    """
    result = {name: Series() for name in variants}
    for number in range(rounds + 1):
        for name, run in variants.items():
            before = cpu_seconds(pids()) if pids else time.process_time()
            begun = time.perf_counter()
            count = run()
            wall = time.perf_counter() - begun
            cpu = (cpu_seconds(pids()) if pids else time.process_time()) - before
            if number:
                result[name].cpu.append(cpu * 1000 / count)
                result[name].wall.append(wall * 1000 / count)
    return result


def two(series: Series, base: Series, kind: str) -> str:
    """“measured / base” in ms."""
    a, b = (series.cpu_ms, base.cpu_ms) if kind == "cpu" else (series.wall_ms, base.wall_ms)
    return f"{a:.2f} / {b:.2f}"
