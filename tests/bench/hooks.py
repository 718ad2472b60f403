"""P8, P9 and the memory of P7: what plugins cost a page, and what a portal's view keeps."""

from __future__ import annotations

import gc
import tracemalloc

from core.hooks.manager import Dispatcher
from core.tenancy import current
from tests.bench import served
from tests.bench.goals import Measured
from tests.bench.ground import Ground, alone
from tests.bench.measure import ROUNDS, interleaved, two

CALLS = 20
REPEATS = 300
IDLE = 200


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
    """What stays in a process for each portal that was visited once and is idle since."""
    kept = current.KEPT_VIEWS
    with ground.app.app_context():
        with ground.admin() as c:
            c.execute(
                "INSERT INTO tenants (slug, state, revision, created_at) "
                "SELECT 'idle-' || n, 'live', 1, now() FROM generate_series(1, %s) n",
                (kept + IDLE,),
            )
            c.execute(
                "INSERT INTO tenant_revisions (tenant_id, number, created_at, author, note, digest, bundle, changes) "
                "SELECT t.id, 1, now(), 'bench', '', r.digest, r.bundle, r.changes FROM tenants t, tenant_revisions r "
                "WHERE r.tenant_id = %s AND r.number = 1 AND t.slug LIKE 'idle-%%'",
                (ground.tenant_id,),
            )
            c.execute(
                "INSERT INTO tenant_hosts (host, tenant_id) "
                "SELECT slug || '.localhost', id FROM tenants WHERE slug LIKE 'idle-%'"
            )
            hosts = [f"idle-{n}.localhost" for n in range(1, kept + IDLE + 1)]
        idle, used = [], []
        for _round in range(ROUNDS):
            current.forget_views()
            gc.collect()
            tracemalloc.start()
            begun = tracemalloc.get_traced_memory()[0]
            _visit(ground, hosts[:kept])
            full = _traced()
            _visit(ground, hosts[kept:])
            idle.append((_traced() - full) / IDLE / 1024)
            used.append((full - begun) / kept / 1024)
            tracemalloc.stop()
    note = (
        f"{kept + IDLE} portals visited once by one process: what the {IDLE} idle ones left; "
        f"each of the {kept} asked for last holds {sorted(used)[ROUNDS // 2]:.0f} KB"
    )
    return [Measured("P7 memory", max(0.0, sorted(idle)[ROUNDS // 2]), ROUNDS, "", "", note)]


def _visit(ground: Ground, hosts: list[str]) -> None:
    client = ground.app.test_client()
    for host in hosts:
        answer = alone(lambda host=host: client.get("/", base_url=f"http://{host}"))
        if answer.status_code != 200:
            raise RuntimeError(f"{host} answers {answer.status_code}")


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
