"""Run as a program inside an installation with a portal: patients ask a professional, all to be answered within seconds."""

from __future__ import annotations

import datetime as dt
import json
import sys
import uuid

from sqlalchemy import select

from core import clock
from core.care.consultations import requests
from core.care.consultations.models import Consultation
from core.care.consultations.service import ANSWER, KIND
from core.cli import environment
from core.db import db, global_scope
from core.directory.models import Professional
from core.money import service as money
from core.promises import service as promises
from core.tenancy.current import entered
from core.tenancy.models import Tenant
from core.testing.makers import fill_profile, make_booker
from tests.faults.portal import SLUG

SERVICE, CENTS, WALLET = "express_consultation", 2500, 10_000
SEEN = ("show_emergency_warning", "tell_not_reimbursed")


def main(professional_id: uuid.UUID, patients: int, seconds: float) -> None:
    """Everything is committed; the deadline is the same for all, so many seconds from the end of this program."""
    with environment.working():
        with global_scope():
            tenant_id = db.session.execute(select(Tenant.id).where(Tenant.slug == SLUG)).scalar_one()
        with entered(tenant_id):
            Professional.get(professional_id).services = ["in_person", SERVICE]
            money.set_tariff(professional_id, SERVICE, CENTS)
            db.session.commit()
            rows = [_asked(professional_id, number) for number in range(patients)]
            deadline = clock.now() + dt.timedelta(seconds=seconds)
            for row in rows:
                row.answer_by = deadline
                promises.due_of(ANSWER, KIND, [row.id])[row.id].due_at = deadline
            told = [{"id": str(r.id), "account_id": str(r.patient_account_id)} for r in rows]
            db.session.commit()
    print(json.dumps({"asked": told, "deadline": deadline.isoformat()}))


def _asked(professional_id: uuid.UUID, number: int) -> Consultation:
    booker = make_booker(email=f"asking{number}@example.org")
    fill_profile(booker.account_id)
    money.credit(booker.account_id, uuid.uuid4(), WALLET)
    db.session.commit()
    row = requests.request(
        booker, service=SERVICE, professional_ids=[professional_id], question="?", highest_cents=CENTS, acknowledged=SEEN,
        profile_confirmed=True,
    )  # fmt: skip
    db.session.commit()
    return row


if __name__ == "__main__":
    main(uuid.UUID(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
