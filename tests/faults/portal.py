"""Run as a program inside an installation: makes a portal with professionals and patients, and prints them as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from core.cli import environment
from core.consent import service as consent
from core.db import db
from core.identity import profile, sessions, uploads
from core.tenancy import service
from core.tenancy.current import entered
from core.testing.makers import make_account, make_professional

ROOT = Path(__file__).resolve().parents[2]
SLUG = "frontalia"


def main(professionals: int, patients: int) -> None:
    """Everything is committed; tokens are good for the API."""
    with environment.working() as app:
        done = service.apply(ROOT / "tenants" / SLUG, "trials", "")
        service.go_live(SLUG, "trials")
        with entered(done.tenant_id):
            doctors = [_doctor() for _ in range(professionals)]
            tokens = [_patient(number) for number in range(patients)]
        port = app.extensions["portico"].settings.public_port
    print(json.dumps({"port": port, "tenant": done.tenant_id, "doctors": doctors, "tokens": tokens}))


def _doctor() -> dict[str, str]:
    made = make_professional()
    return {
        "professional_id": str(made.pro.id),
        "reason_id": str(made.reason.id),
        "practice_id": str(made.practice.id),
    }


def _patient(number: int) -> str:
    account = make_account(email=f"patient{number}@example.org")
    consent.accept(account.id, consent.to_accept(), language="en", way="registration")
    profile.write(account, profile.Declared("FR", "", True))
    body = f"2800575{number + 1:06}"
    assert profile.set_identifier(account, profile.identifier_types("patient")["fr_nir"], f"{body}{97 - int(body) % 97:02}") is None  # fmt: skip
    uploads.keep(account, "vitale_card", uploads.Upload("application/pdf", b"%PDF-1.4 %%EOF"))
    token = sessions.open_session(account, "trials")
    db.session.commit()
    return token


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
