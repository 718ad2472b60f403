"""P5, and pgbench itself: what the policy costs where the database does all the work."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.bench import sql
from tests.bench.goals import Measured
from tests.bench.ground import Ground
from tests.bench.measure import ROUNDS

_RATE = re.compile(rb"tps = ([0-9.]+)")


def pgbench(ground: Ground, program: Path, script: str, *, prepared: bool, seconds: int = 1, clients: int = 4) -> float:
    """Transactions per second of a script, as the application role."""
    url = make_url(ground.app_url)
    file = ground.var / "bench.sql"
    file.write_text(script, encoding="utf-8")
    done = subprocess.run(
        [str(program), "-n", "-c", str(clients), "-j", "1", "-T", str(seconds), "-M", "prepared" if prepared else "simple", "-f", str(file),
         "-h", str(url.query["host"]), "-p", str(url.query["port"]), "-U", str(url.username), str(url.database)],
        env={**os.environ, "PGPASSWORD": str(url.password)},
        capture_output=True,
        check=True,
        timeout=60,
    )  # fmt: skip
    found = _RATE.search(done.stdout)
    if found is None:
        raise RuntimeError(f"pgbench said nothing of its rate: {done.stderr[:300]!r}")
    return float(found.group(1))


def policy(ground: Ground) -> list[Measured]:
    """P5: 50 rows of one of many tenants, sorted; the tenant is set in the transaction on both sides."""
    program = ground.pgbench()
    if program is None:
        return []
    begin = f"\\set t random(1, {sql.TENANTS})\n\\set n random(1, 400)\nBEGIN;\nSELECT set_config('app.tenant_id', :t::text, true);\n"
    question = "SELECT id, value FROM {table} WHERE {tenant}id BETWEEN :n AND :n + 49 ORDER BY value;\nCOMMIT;\n"
    scripts = {
        "policy": begin + question.format(table="bench_many", tenant=""),
        "where": begin + question.format(table="bench_many_plain", tenant="tenant_id = :t AND "),
    }
    result = []
    for way in ("prepared", "simple"):
        rates: dict[str, list[float]] = {name: [] for name in scripts}
        for number in range(ROUNDS + 1):
            for name, script in scripts.items():
                rate = pgbench(ground, program, script, prepared=way == "prepared")
                if number:
                    rates[name].append(rate)
        under, plain = (statistics.median(rates[name]) for name in ("policy", "where"))
        note = f"{sql.TENANTS} tenants × {sql.ROWS} rows; time per transaction from throughput"
        result.append(Measured(f"P5 {way}", plain / under, ROUNDS, "", f"{under:.0f} / {plain:.0f} per s", note))
    return result
