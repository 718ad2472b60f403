"""`python -m tests.bench`: measure everything, write docs/performance.md. `--only NAME` measures one part again."""

from __future__ import annotations

import argparse
import datetime as dt
import signal
import sys
import time
from collections.abc import Callable

from tests.bench import (
    agenda,
    assistance,
    call_backs,
    counting,
    database,
    decisions,
    exchange,
    hooks,
    kept,
    live,
    members,
    report,
    starting,
    trials,
)
from tests.bench.goals import Measured, goal
from tests.bench.ground import Ground
from tests.bench.serving import Serving, bookings, latency, pages, tenants

LIMIT_SECONDS = 540


class OutOfTime(Exception):
    """The run is bounded: what is not measured by then is said to be so."""


def main() -> int:
    """Run the parts in order; one that fails is named in the page and stops no other."""
    wanted = argparse.ArgumentParser(prog="python -m tests.bench")
    wanted.add_argument("--only", action="append", help="a part to measure again; may be given several times")
    only = wanted.parse_args().only or []
    ground = Ground()
    done = kept.load() if only else {}
    growth: list[str] = []
    served: list[Serving] = []

    def serving() -> Serving:
        if not served:
            served.append(Serving(ground))
        return served[0]

    def slots() -> list[Measured]:
        found, lines = agenda.measure(ground)
        growth.extend(lines)
        return found

    def page_cpu() -> float | None:
        before = done["pages"].measured if "pages" in done else []
        return next((float(m.cpu.split(" / ")[0]) for m in before if m.code == "P1"), None)

    parts: dict[str, Callable[[], list[Measured]]] = {
        "queries": lambda: counting.count(ground),
        "pages": lambda: pages(serving()),
        "bookings": lambda: bookings(serving()),
        "latency": lambda: latency(serving()),
        "race": lambda: trials.race(serving()),
        "worker killed": lambda: trials.kill_worker(serving()),
        "web worker killed": lambda: trials.kill_web(serving()),
        "slots": slots,
        "row security": lambda: database.policy(ground),
        "plugins": lambda: hooks.plugins(page_cpu()),
        "decisions": decisions.decisions,
        "members": lambda: members.measure(ground),
        "memory": lambda: hooks.memory(ground),
        "start": starting.measure,
        "live": lambda: live.measure(ground),
        "quota": lambda: assistance.measure(ground),
        "messages": lambda: exchange.measure(ground),
        "call_backs": lambda: call_backs.measure(ground),
        "tenants": lambda: tenants(serving()),
        "database killed": lambda: trials.kill_database(serving()),
    }
    signal.signal(signal.SIGALRM, _out_of_time)
    signal.alarm(LIMIT_SECONDS)
    today = dt.datetime.now(dt.UTC).date().isoformat()
    waiting = [name for name in parts if not only or name in only]
    try:
        ground.start()
        while waiting:
            name, at = waiting[0], time.perf_counter()
            growth.clear()
            part = kept.Part(today, 0, [], run=ground.var.name)
            try:
                part.measured = parts[name]()
                part.growth = list(growth)
            except OutOfTime:
                raise
            except Exception as error:
                part.problem = f"{type(error).__name__}: {str(error)[:200]}"
            part.seconds = time.perf_counter() - at
            done[waiting.pop(0)] = part
            _print(name, part)
    except OutOfTime:
        for name in waiting:
            done.setdefault(name, kept.Part(today, 0, [], problem=f"a run is bounded to {LIMIT_SECONDS} s"))
    finally:
        signal.alarm(0)
        for s in served:
            s.close()
        ground.close()
    kept.save(done)
    print(report.write({name: done[name] for name in parts if name in done}))
    return 0


def _print(name: str, part: kept.Part) -> None:
    print(f"{name} ({part.seconds:.0f} s) {part.problem}")
    for m in part.measured:
        verdict = goal(m.code).verdict(m.value)
        print(f"  {m.code:<14} {report.number(m.value):>8} {verdict:<18} {m.cpu:>16} {m.wall:>24}  {m.note}")
    for line in part.growth:
        print(line)
    sys.stdout.flush()


def _out_of_time(_number: int, _frame: object) -> None:
    raise OutOfTime


if __name__ == "__main__":
    sys.exit(main())
