"""P1 to P4, P6, P7 and P13: pages and bookings behind gunicorn, against bare Flask behind gunicorn."""

from __future__ import annotations

import itertools
import statistics
import time
import uuid
from collections.abc import Callable

from tests.bench import database
from tests.bench.goals import Measured
from tests.bench.ground import HOST, Ground, Patient
from tests.bench.load import Pool, get, post
from tests.bench.measure import ROUNDS, Series, interleaved, two

PAGE = "/"
LOGGED_IN = "/appointments"
TENANTS, VISITED = 10_000, 100


class Serving:
    """The product and the bare applications, both running, one of them idle while the other is measured."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.product, port = ground.gunicorn("tests.bench.served:product()")
        self.bare, bare_port = ground.gunicorn("tests.bench.served:bare()")
        self.port = port
        self.on_product, self.on_bare = Pool(port), Pool(bare_port)
        self._number = itertools.count(1)

    def connect_again(self) -> None:
        """New connections: a server closes those that were idle for longer than it waits."""
        self.on_product.close()
        self.on_product = Pool(self.port)

    def pids(self) -> list[int]:
        """Whose CPU counts: both servers and the database."""
        return [self.product.pid, self.bare.pid, *self.ground.database_pids()]

    def close(self) -> None:
        """Stop both."""
        self.on_product.close()
        self.on_bare.close()
        self.ground.end(self.product)
        self.ground.end(self.bare)

    def bare_get(self, path: str, count: int) -> Callable[[], int]:
        """A round of reads of a bare view."""
        return lambda: self.on_bare.closed(count, lambda n: get(f"{path}?n={n}", "bare"))

    def page(self, path: str, count: int, host: str = HOST, **headers: str) -> Callable[[], int]:
        """A round of reads of a page."""
        request = get(path, host, **headers)
        return lambda: self.on_product.closed(count, lambda _n: request)

    def insert(self, count: int) -> int:
        """A round of the base of P3: bare Flask, one raw insert under an exclusion constraint."""

        def request(_n: int) -> bytes:
            body = {"practitioner_id": str(uuid.uuid4()), "starts_at": "2031-01-01T00:00:00+00:00"}
            return post("/insert", "bare", body)

        return self.on_bare.closed(count, request, 201)

    def writes(self, count: int) -> int:
        """A round of the same with all that a booking writes."""
        return self.on_bare.closed(
            count, lambda _n: post("/writes", "bare", {"n": 10_000_000 + next(self._number)}), 201
        )

    def bookings(self, count: int) -> int:
        """A round of bookings by the API, the patients in turn."""
        requests = [book(self.ground.patients[i % 8], body) for i, body in enumerate(self.ground.free_slots(count))]
        return self.on_product.closed(len(requests), lambda n: requests[n], 201)


def book(patient: Patient, body: dict[str, str]) -> bytes:
    """The request that books."""
    return post(
        "/api/v1/appointments", HOST, body, Authorization=f"Bearer {patient.token}", Idempotency_Key=uuid.uuid4().hex
    )


def _ratio(code: str, measured: Series, base: Series, note: str = "", upside_down: bool = False) -> Measured:
    value = measured.cpu_ms / base.cpu_ms if upside_down else base.cpu_ms / measured.cpu_ms
    return Measured(code, value, len(base.cpu), two(measured, base, "cpu"), two(measured, base, "wall"), note)


def pages(s: Serving) -> list[Measured]:
    """P1, P2, P6."""
    s.bookings(3 * len(s.ground.patients))
    cookie = {"Cookie": f"portico_session={s.ground.patients[-1].token}"}
    found = interleaved(
        {
            "orm": s.bare_get("/orm", 300),
            "tenant": s.bare_get("/tenant", 300),
            "page": s.page(PAGE, 90),
            "logged in": s.page(LOGGED_IN, 60, **cookie),
        },
        s.pids,
    )
    return [
        _ratio("P1", found["page"], found["orm"], "the home page"),
        _ratio(
            "P2",
            found["logged in"],
            found["orm"],
            "a patient's appointments, three of them; this page records no read on the trail",
        ),
        _ratio("P6", found["tenant"], found["orm"], "BEGIN and SET LOCAL as one message", upside_down=True),
    ]


def bookings(s: Serving) -> list[Measured]:
    """P3 in both forms, P4."""
    result = []
    found = interleaved(
        {"insert": lambda: s.insert(200), "writes": lambda: s.writes(200), "api": lambda: s.bookings(40)}, s.pids
    )
    note = "one SQL function: key, time, appointment, 2 receipts, link, message, 3 chain entries, row security; behind nothing but Flask"
    result.append(_ratio("P3", found["writes"], found["insert"], note))
    note = "session, consents, category, 2 decisions, sealed receipts, checks of input and answer on top of the writes"
    result.append(_ratio("P3 API", found["api"], found["insert"], note))
    program = s.ground.pgbench()
    if program is not None:
        rates, behind = [], []
        for number in range(ROUNDS + 1):
            rate = database.pgbench(s.ground, program, "SELECT bench_book(nextval('bench_numbers'));\n", prepared=True)
            begun = time.perf_counter()
            done = s.writes(200)
            if number:
                rates.append(rate)
                behind.append(done / (time.perf_counter() - begun))
        value = statistics.median(behind) / statistics.median(rates)
        wall = f"{statistics.median(behind):.0f} / {statistics.median(rates):.0f} per s"
        result.append(
            Measured(
                "P4",
                value,
                ROUNDS,
                "",
                wall,
                "throughput; both wait for the disk at each commit; the client is Python and shares the cores",
            )
        )
    return result


def latency(s: Serving) -> list[Measured]:
    """P13: the peak first, then 70 % of it, paced."""
    run = s.page(PAGE, 250)
    run()
    begun = time.perf_counter()
    peak = run() / (time.perf_counter() - begun)
    request, ratios, notes = get(PAGE, HOST), [], []
    for _round in range(ROUNDS):
        took = sorted(s.on_product.paced(0.7 * peak, 3, request))
        p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
        ratios.append(p99 / p50)
        notes.append((p50, p99))
    middle = sorted(zip(ratios, notes, strict=True))[ROUNDS // 2]
    note = f"home page; peak {peak:.0f} per s with {len(s.on_product.connections)} connections; latency counted from when a request was due"
    return [Measured("P13", middle[0], ROUNDS, "", f"p50 {middle[1][0]:.1f} ms, p99 {middle[1][1]:.1f} ms", note)]


def tenants(s: Serving) -> list[Measured]:
    """P7: the same page, one tenant asked of one, then a hundred asked of ten thousand."""
    s.connect_again()
    one = interleaved({"page": s.page(PAGE, 120)}, s.pids)["page"]
    with s.ground.admin() as c:
        c.execute(
            "INSERT INTO tenants (slug, state, revision, created_at) SELECT 'bench-' || n, 'live', 1, now() FROM generate_series(1, %s) n",
            (TENANTS - 1,),
        )
        c.execute(
            "INSERT INTO tenant_hosts (host, tenant_id) SELECT slug || '.localhost', id FROM tenants WHERE slug LIKE 'bench-%%'",
            (),
        )
        c.execute(
            "INSERT INTO tenant_revisions (tenant_id, number, created_at, author, note, digest, bundle, changes) "
            "SELECT t.id, 1, now(), 'bench', '', r.digest, r.bundle, r.changes FROM tenants t, tenant_revisions r "
            "WHERE r.tenant_id = %s AND r.number = 1 AND t.slug LIKE 'bench-%%' ORDER BY t.id LIMIT %s",
            (s.ground.tenant_id, VISITED),
        )
        hosts = [
            r[0]
            for r in c.execute(
                "SELECT h.host FROM tenant_hosts h JOIN tenants t ON t.id = h.tenant_id WHERE t.slug LIKE 'bench-%%' ORDER BY t.id LIMIT %s",
                (VISITED,),
            ).fetchall()
        ]
        c.execute("ANALYZE tenants; ANALYZE tenant_hosts")
    requests = [get(PAGE, h) for h in hosts]
    # Each process reads a portal's configuration at its first visit: that is not part of the cost per page.
    s.on_product.closed(VISITED * 8, lambda n: requests[n % VISITED])
    many = interleaved({"page": lambda: s.on_product.closed(200, lambda n: requests[n % VISITED])}, s.pids)["page"]
    note = f"{VISITED} of {TENANTS:,} portals visited in turn, after their first visit; both sides one after the other"
    return [_ratio("P7", many, one, note, upside_down=True)]
