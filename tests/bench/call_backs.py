"""C1 to C5: two hundred call-backs wait. What the desks cost to look at, and what it costs that all of them are missed."""

from __future__ import annotations

import datetime as dt
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core import clock
from core.consent import service as consent
from core.db import db
from core.identity import accounts, sessions
from core.identity.accounts import Person
from core.plugin_api import Event
from core.promises import service as promises
from core.promises.models import Promise
from core.tenancy import service as tenancy
from core.tenancy.current import entered
from core.tenancy.loader import load_folder
from core.tenancy.scaffold import new_tenant
from core.testing.makers import make_account, make_professional
from tests.bench.counting import counted
from tests.bench.goals import Measured
from tests.bench.ground import Ground, alone
from tests.bench.measure import ROUNDS, interleaved

WAITING, DOCTORS, AGENTS = 200, 10, 4
SLUG = "call-backs"
HOST = f"http://{SLUG}.localhost:8000"


def measure(ground: Ground) -> list[Measured]:
    """The rows C1 to C5."""
    with ground.app.app_context():
        loaded = load_folder(new_tenant(SLUG, Path(ground.var) / "tenants", plugins=("jurisdiction_fr", "insurer_assistance")), ground.app.extensions["portico"].runtime)  # fmt: skip
        if loaded.bundle is None:
            raise RuntimeError(str([str(p) for p in loaded.problems]))
        tenant_id = tenancy.store(loaded.bundle, "bench").tenant_id
        with entered(tenant_id):
            doctor, agent = _people()
        engine = db.engine
        pages = {"doctor": ("/x/insurer_assistance/desk", doctor), "agent": ("/x/insurer_assistance/phone", agent)}
        works: dict[str, Callable[[], int]] = {name: _page(ground, *how) for name, how in pages.items()}
        asked = {}
        for name, work in works.items():
            work()
            with counted(engine) as log:
                work()
            asked[name] = sum(not line.startswith(("BEGIN", "COMMIT", "ROLLBACK")) for line in log)
        with entered(tenant_id):
            works |= _jobs(tenant_id)
            found = interleaved(works, lambda: [os.getpid(), *ground.database_pids()], rounds=ROUNDS)
            db.session.rollback()

    def row(code: str, name: str, note: str) -> Measured:
        s = found[name]
        return Measured(code, s.cpu_ms, ROUNDS, f"{s.cpu_ms:.1f}", f"{s.wall_ms:.1f}", note)

    return [
        row("C1", "doctor", f"{asked['doctor']} queries, whatever the number that waits"),
        row("C2", "agent", f"{asked['agent']} queries; 200 names unsealed"),
        row("C3", "calm", "nothing is due; every minute, in each portal"),
        row("C4", "missed", "each is marked, on the trail, and announced"),
        row("C5", "told", f"{DOCTORS} doctors and {AGENTS} agents are told of one"),
    ]


def _people() -> tuple[str, str]:
    """Two hundred members who wait, the team; tokens of a doctor and an agent."""
    from plugins.insurer_assistance import listing, members, requesting, team

    facts: dict[str, Any] = {
        "registered": True, "practises_in_country": True, "engaged_from": "2026-01-01", "engaged_until": None, "by": "bench",
    }  # fmt: skip
    staff = []
    for number in range(DOCTORS + AGENTS):
        account = make_professional().account if number < DOCTORS else make_account("professional")
        consent.accept(account.id, consent.to_accept(), language="fr", way="registration")
        team.set_facts(account.id, team.DOCTOR if number < DOCTORS else team.AGENT, **facts)
        staff.append(sessions.open_session(account, "bench"))
    for number in range(WAITING):
        person = Person("Léa", f"Banc{number}", f"banc{number}@example.org", "+33639980001", "1980-05-01", "female")
        account = accounts.create_account(
            "patient", person, "", language="fr", state="active", country="FR", hashed="!"
        )
        consent.accept(account.id, consent.to_accept(), language="fr", way="registration")
        born = dt.date(1980, 5, 1)
        line = listing.Listed(f"M{number}", f"C{number}", person.last_name, "Léa", born, "insured", dt.date(2026, 1, 1))
        members.link(listing.put(line, "file"), account.id, None)
        requesting.from_web(
            requesting.Wanted(
                account.id, None, "web", "general", "Toux", "phone", "now", "FR", person.phone, emergency=False,
                treating_doctor_unavailable=True,
            )
        )  # fmt: skip
        db.session.commit()
    from core.directory.models import Professional

    for professional in db.session.query(Professional).all():
        professional.services = ["assistance_teleconsultation"]
    db.session.commit()
    return staff[0], staff[-1]


def _page(ground: Ground, path: str, token: str) -> Callable[[], int]:
    client = ground.app.test_client(use_cookies=False)

    def work() -> int:
        answer = alone(lambda: client.get(path, base_url=HOST, headers={"Cookie": f"portico_session={token}"}))
        if answer.status_code != 200 or answer.get_data(as_text=True).count("<li") < WAITING:
            raise RuntimeError(f"{path}: {answer.status_code}")
        return 1

    return work


def _jobs(tenant_id: int) -> dict[str, Callable[[], int]]:
    """The minute's round when nothing is due, when all are missed at once, and what follows one that is missed."""
    from plugins.insurer_assistance import following

    case_id = db.session.query(Promise.subject_id).filter(Promise.kind == "call_back").limit(1).scalar()

    def calm() -> int:
        promises.watch()
        following.watch()
        db.session.rollback()
        return 1

    def missed() -> int:
        past = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        db.session.query(Promise).update({"near_at": past, "due_at": past}, synchronize_session=False)
        promises.watch()
        following.watch()
        db.session.flush()
        db.session.rollback()
        return 1

    def told() -> int:
        body = {
            "promise_id": str(uuid.uuid4()),
            "kind": "call_back",
            "subject_kind": "assistance_case",
            "subject_id": str(case_id),
        }
        following.missed(Event(str(uuid.uuid4()), "promise_missed", tenant_id, clock.now(), body))
        db.session.flush()
        db.session.rollback()
        return 1

    return {"calm": calm, "missed": missed, "told": told}
