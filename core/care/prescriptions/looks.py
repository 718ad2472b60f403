"""Every look at a prescription and every act on it: kept for the patient, and on the audit trail (invariant 7)."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from core import audit, clock
from core.care.prescriptions.models import Prescription, PrescriptionLook
from core.db import db
from core.messages import Message, _
from core.tenancy import keys

PATIENT, PROFESSIONAL, PHARMACIST, PORTAL = "patient", "professional", "pharmacist", "portal"
WORDS: dict[str, Message] = {
    "issued": _("Issued"),
    "to_collect": _("Left at the practice to be collected"),
    "told": _("You were told"),
    "proof_read": _("Proof opened"),
    "document_read": _("Prescription opened"),
    "code_wrong": _("Wrong code given; nothing was opened"),
    "code_right": _("Code by text message given"),
    "code_renewed": _("New code made; the old proof is void"),
    "withdrawn": _("Withdrawn by the prescriber"),
    "status_checked": _("Status checked; the content was not shown"),
    "opened": _("Code checked, content shown"),
    "dispensed": _("Dispensed, after a check of your identity"),
    "refused": _("Refused as not compliant"),
    "collected": _("Handed over at the practice, after a check of your identity"),
}


def note(
    row: Prescription,
    by: str,
    what: str,
    *,
    place: str | None = None,
    pharmacist: str | None = None,
    words: str = "",
    **details: str,
) -> None:
    """Keep one look or act in the present transaction. `details` are codes for the trail; `words` are sealed."""
    assert what in WORDS
    db.session.add(
        PrescriptionLook(
            prescription_id=row.id,
            at=clock.now(),
            by_kind=by,
            what=what,
            place=place,
            pharmacist=pharmacist,
            note=keys.seal(row.person_id, "prescription_looks", "note", words) if words else None,
        )
    )
    audit.record(f"prescription.{what}", "prescription", row.id, {"by": by, **details})


def of(prescription_id: uuid.UUID) -> list[PrescriptionLook]:
    """All of one prescription, newest first."""
    return list(
        db.session.execute(
            select(PrescriptionLook)
            .where(PrescriptionLook.prescription_id == prescription_id)
            .order_by(PrescriptionLook.seq.desc())
        ).scalars()
    )


def words_of(row: Prescription, look: PrescriptionLook) -> str:
    """What was written with an act; "" where nothing was."""
    if look.note is None:
        return ""
    return keys.unseal(row.person_id, "prescription_looks", "note", look.note).decode()
