"""Q1: who is covered, does the contract pay, one unit reserved: against the same transaction by pgbench."""

from __future__ import annotations

import datetime as dt
import statistics
import time
import uuid

from core import clock
from core.db import db
from core.hooks.decisions import PatientFacts, ProfessionalFacts, Question
from core.tenancy import service as tenancy
from core.tenancy.current import current_tenant, entered
from core.tenancy.loader import load_folder
from plugins.insurer_assistance import listing, members, quota
from tests.bench import served
from tests.bench.database import pgbench
from tests.bench.goals import Measured
from tests.bench.ground import PROJECT, Ground
from tests.bench.measure import ROUNDS

SLUG = "mutuelle-horizon"
MEMBERS, A_ROUND = 200, 150
BORN = dt.date(1980, 5, 1)
SERVICE = "assistance_teleconsultation"

_SCRIPT = """\\set n random(1, {members})
BEGIN;
SELECT set_config('app.tenant_id', '{tenant}', true);
SELECT m.id, c.opens_on FROM ia_members m JOIN ia_covers c ON c.tenant_id = m.tenant_id AND c.id = m.cover_id
 WHERE m.person_blind = sha256(:n::text::bytea);
SELECT reserved, spent FROM ia_units WHERE member_id = ('00000000-0000-0000-0000-' || lpad(:n::text, 12, '0'))::uuid AND year = 2026;
INSERT INTO ia_unit_entries (tenant_id, id, member_id, year, act_id, step, at)
 VALUES ({tenant}, gen_random_uuid(), ('00000000-0000-0000-0000-' || lpad(:n::text, 12, '0'))::uuid, 2026, gen_random_uuid(), 'reserve', now());
UPDATE ia_units SET reserved = (reserved + 1) % 30000
 WHERE member_id = ('00000000-0000-0000-0000-' || lpad(:n::text, 12, '0'))::uuid AND year = 2026;
COMMIT;
"""


def measure(ground: Ground) -> list[Measured]:
    """One process against one client of pgbench, in turn; both as the application's role, with the tenant set."""
    program = ground.pgbench()
    if program is None:
        return []
    tenant_id = _portal(ground)
    script = _SCRIPT.format(members=MEMBERS, tenant=tenant_id)
    rates: list[float] = []
    bare: list[float] = []
    with ground.app.app_context(), entered(tenant_id):
        for number in range(ROUNDS + 1):
            alone = pgbench(ground, program, script, prepared=True, clients=1)
            begun = time.perf_counter()
            for n in range(A_ROUND):
                _one(n % MEMBERS)
            rate = A_ROUND / (time.perf_counter() - begun)
            if number:
                bare.append(alone)
                rates.append(rate)
    ratio = statistics.median(r / b for r, b in zip(rates, bare, strict=True))
    wall = f"{statistics.median(rates):.0f} / {statistics.median(bare):.0f} per s"
    note = "look-up by digests, decision of all plugins, ledger, trail; one process, one client"
    return [Measured("Q1", ratio, ROUNDS, "", wall, note)]


def _portal(ground: Ground) -> int:
    """The mutual's portal with members: by the use case for the product, by fixed ids for pgbench."""
    loaded = load_folder(PROJECT / "tenants" / SLUG, served.runtime())
    if loaded.bundle is None:
        raise RuntimeError(f"the portal {SLUG} does not load: {[str(p) for p in loaded.problems]}")
    config = loaded.bundle["config"]
    section = {**config["plugins"]["insurer_assistance"], "quota": {"teleconsultations_per_calendar_year": 366}}
    plugins = {**config["plugins"], "insurer_assistance": section}
    with ground.app.app_context():
        tenant_id = tenancy.store({**loaded.bundle, "config": {**config, "plugins": plugins}}, "bench").tenant_id
        tenancy.go_live(SLUG, "bench")
        with entered(tenant_id):
            for n in range(MEMBERS):
                listing.put(
                    listing.Listed(f"B{n}", f"K{n}", f"Banc{n}", "Léa", BORN, "insured", dt.date(2026, 1, 1)), "file"
                )
            db.session.commit()
    with ground.admin() as c:
        c.execute(
            "INSERT INTO ia_members (tenant_id, id, cover_id, key_blind, person_blind, role, residence, opens_on, source, updated_at) "
            "SELECT %s, ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, (SELECT id FROM ia_covers WHERE tenant_id = %s LIMIT 1), "
            "sha256(('k' || n)::bytea), sha256(n::text::bytea), 'insured', 'FR', '2026-01-01', 'file', now() FROM generate_series(1, %s) n",
            (tenant_id, tenant_id, MEMBERS),
        )
        c.execute(
            "INSERT INTO ia_units (tenant_id, id, member_id, year, reserved, spent) SELECT %s, gen_random_uuid(), "
            "('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 2026, 0, 0 FROM generate_series(1, %s) n",
            (tenant_id, MEMBERS),
        )
    return tenant_id


def _one(n: int) -> None:
    """One person asks: all that happens between the form and the request."""
    answer = members.in_list(members.Asked(f"Banc{n}", "Léa", BORN, f"K{n}"))
    if answer.member is None:
        raise RuntimeError("the member of the measurement is not in the list")
    year = clock.now().year
    used = quota.balance(answer.member.id, year).used
    question = Question(
        "coverage",
        clock.today("Europe/Paris"),
        SERVICE,
        PatientFacts(birth_date=BORN, country="FR"),
        ProfessionalFacts("FR", "physician", "general_practice"),
        {
            "used_this_year": used,
            "request_date": clock.today("Europe/Paris"),
            "beneficiary_role": answer.member.role,
            "reason": "general",
            "needs_physical_exam": False,
            "contract_exclusions": [],
        },
    )
    if not current_tenant().dispatcher.decide(question).permitted:
        raise RuntimeError("the decision of the measurement is a no")
    quota.reserve(answer.member.id, uuid.uuid4(), year)
    db.session.commit()
