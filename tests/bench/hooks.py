"""P8, P9 and the memory of P7: what plugins cost a page, and what a portal's view keeps."""

from __future__ import annotations

import json
import tracemalloc

from sqlalchemy import text

from core.db import db, global_scope
from core.hooks.manager import Dispatcher
from core.tenancy.current import make_view
from tests.bench import served
from tests.bench.goals import Measured
from tests.bench.ground import Ground
from tests.bench.measure import ROUNDS, interleaved, two

CALLS = 20
REPEATS = 300
VIEWS = 50


def _calls(dispatcher: Dispatcher) -> int:
    """Pages' worth of hook calls, none of them answered from memory: each plugin is really called."""
    for _page in range(REPEATS):
        for _call in range(CALLS):
            dispatcher.by_plugin("navigation")
    return REPEATS


def _dispatcher(others: int) -> Dispatcher:
    """Eight fillers on; `others` more are installed and on in other tenants only."""
    runtime = served.runtime(served.PLUGINS + others)
    on = [f"filler_{n}" for n in range(served.PLUGINS)]
    for n in range(others):
        runtime.dispatcher([f"filler_{served.PLUGINS + n}"])
    return runtime.dispatcher(on)


def plugins(page_cpu_ms: float | None) -> list[Measured]:
    """P8 against the CPU of the page, P9 against the same without the other plugins."""
    alone, beside = _dispatcher(0), _dispatcher(8)
    found = interleaved({"alone": lambda: _calls(alone), "beside": lambda: _calls(beside)}, rounds=9)
    result = []
    if page_cpu_ms:
        share = 100 * found["alone"].cpu_ms / page_cpu_ms
        note = "each plugin really called; contributions that a page asks for again come from memory"
        result.append(Measured("P8", share, 9, f"{found['alone'].cpu_ms:.3f} / {page_cpu_ms:.2f}", "", note))
    value = found["beside"].cpu_ms / found["alone"].cpu_ms
    cpu, wall = (f"{CALLS} calls: " + two(found["beside"], found["alone"], kind) for kind in ("cpu", "wall"))
    note = "a portal's table of calls holds its own plugins only; what differs from 1 is noise of the machine"
    result.append(Measured("P9", value, 9, cpu, wall, note))
    return result


def memory(ground: Ground) -> list[Measured]:
    """What stays in a process for each portal that was visited there; a portal never visited keeps nothing."""
    with ground.app.app_context(), global_scope():
        query = text("SELECT bundle::text FROM tenant_revisions WHERE tenant_id = :t ORDER BY number DESC LIMIT 1")
        plain = db.session.execute(query, {"t": ground.tenant_id}).scalar_one()
        values = []
        for _round in range(ROUNDS):
            tracemalloc.start()
            before = tracemalloc.get_traced_memory()[0]
            views = [make_view(n, f"bench-{n}", "live", 1, json.loads(plain)) for n in range(VIEWS)]
            values.append((tracemalloc.get_traced_memory()[0] - before) / len(views) / 1024)
            tracemalloc.stop()
        db.session.rollback()
    note = f"the view holds the whole configuration ({len(plain) / 1024:.0f} KB of JSON); 0 KB for a portal that nobody visited"
    return [Measured("P7 memory", sorted(values)[ROUNDS // 2], ROUNDS, "", "", note)]
