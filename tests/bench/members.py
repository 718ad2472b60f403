"""M1: whether somebody is on an insurer's list, in a portal of a thousand members and in one of a million."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable

from core.db import db
from core.tenancy import service as tenancy
from core.tenancy.current import entered
from core.tenancy.loader import load_folder
from tests.bench import served
from tests.bench.goals import Measured
from tests.bench.ground import PROJECT, Ground
from tests.bench.measure import interleaved, two

FEW, MANY = 1_000, 1_000_000
KNOWN = 200  # people who are looked for; half of the look-ups are for somebody who is not there
ROUNDS = 15
OTHER = "rdv-confiance"

_COVERS = """
INSERT INTO ia_covers (tenant_id, id, contract_blind, opens_on, exclusions, updated_at)
SELECT %(tenant)s, gen_random_uuid(), sha256(('c' || n)::bytea), '2026-01-01', '[]', now() FROM generate_series(1, %(count)s) n
"""
_MEMBERS = """
INSERT INTO ia_members (tenant_id, id, cover_id, key_blind, person_blind, role, protected, residence, opens_on, source, updated_at)
SELECT %(tenant)s, gen_random_uuid(), c.id, sha256(('k' || n)::bytea), sha256(('p' || n)::bytea), 'insured', false, 'FR', '2026-01-01', 'file', now()
FROM generate_series(1, %(count)s) n JOIN ia_covers c ON c.tenant_id = %(tenant)s AND c.contract_blind = sha256(('c' || (n %% %(covers)s + 1))::bytea)
"""


def measure(ground: Ground) -> list[Measured]:
    """The row. Lists are filled by SQL with digests, as they are kept; those who are looked for by the use case itself."""
    from plugins.insurer_assistance import listing, members

    installed = served.runtime()
    loaded = load_folder(PROJECT / "tenants" / OTHER, installed)
    if loaded.bundle is None:
        raise RuntimeError(f"the portal {OTHER} does not load")
    day = dt.date(2026, 11, 24)

    def asked(number: int) -> members.Asked:
        return members.Asked(f"Nom{number}", f"Prénom{number}", dt.date(1980, 5, 1), f"C{number}")

    def fill(tenant: int, count: int) -> None:
        covers = max(1, count // 3)
        with ground.admin() as c:
            c.execute("SET session_replication_role = replica")  # a million foreign keys that are right by construction
            c.execute(_COVERS, {"tenant": tenant, "count": covers})
            c.execute(_MEMBERS, {"tenant": tenant, "count": count - KNOWN, "covers": covers})
        with entered(tenant):
            for n in range(KNOWN):
                who = asked(n)
                line = listing.Listed(f"N{n}", f"C{n}", who.last_name, who.first_name, who.birth_date, "insured", day)
                listing.put_told(line, "file", trail=False)
            db.session.commit()
        with ground.admin() as c:
            c.execute("VACUUM ANALYZE ia_members, ia_covers")
            c.execute("CHECKPOINT")  # what the filling left to write is not the look-ups' cost

    def look_up(tenant: int) -> Callable[[], int]:
        def run() -> int:
            with entered(tenant):
                for n in range(KNOWN):
                    if not members.in_list(asked(n), day).ok or members.in_list(asked(n + 10_000_000), day).ok:
                        raise RuntimeError("the look-up is wrong")
                db.session.rollback()
            return 2 * KNOWN

        return run

    def pids() -> list[int]:
        return [os.getpid(), *ground.database_pids()]

    with ground.app.app_context():
        large = tenancy.store(loaded.bundle, "bench").tenant_id
        fill(ground.tenant_id, FEW)
        before = interleaved({"few": look_up(ground.tenant_id)}, pids)["few"]
        fill(large, MANY)
        found = interleaved({"few": look_up(ground.tenant_id), "many": look_up(large)}, pids, ROUNDS)
    few, many = found["few"], found["many"]
    note = (
        f"portals of {FEW:,} and of {MANY:,} members in one table, half of the look-ups for nobody; "
        f"before the million was there, {before.cpu_ms:.2f} ms"
    )
    return [Measured("M1", many.cpu_ms / few.cpu_ms, ROUNDS, two(many, few, "cpu"), two(many, few, "wall"), note)]
