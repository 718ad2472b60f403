"""Use cases of prescriptions beside issuing: reading, a new code, withdrawing, handing over. Pharmacists: see `pharmacy`."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select, update

from core import clock
from core.care.consultations.models import Consultation
from core.care.prescriptions import looks
from core.care.prescriptions.deciding import AT_PRACTICE
from core.care.prescriptions.issuing import WHILE, Incomplete, blind, give_code, issue
from core.care.prescriptions.models import Prescription
from core.db import db
from core.messages import Message, _
from core.scheduling.service_access import NotAllowed
from core.tenancy import keys, receipts
from core.web.frame import Refused

__all__ = ["EVIDENCE", "WHILE", "Incomplete", "NotAllowed", "blind", "issue"]

EVIDENCE: dict[str, Message] = {
    "social_security_card": _("Social-security card"),
    "proof_of_identity": _("Proof of identity"),
}


# -- reading --------------------------------------------------------------------------------------------------------


def access_prescription(
    prescription_id: uuid.UUID, *, account_id: uuid.UUID | None = None, professional_id: uuid.UUID | None = None
) -> Prescription | None:
    """The patient's or the prescriber's own, or None: "absent" and "not yours" are the same."""
    row: Prescription | None = Prescription.get(prescription_id)
    if row is None:
        return None
    mine = account_id is not None and row.account_id == account_id
    own = professional_id is not None and row.professional_id == professional_id
    return row if mine or own else None


def access_consultation(consultation_id: uuid.UUID, professional_id: uuid.UUID) -> Consultation | None:
    """A consultation of this professional, or None: "absent" and "not yours" are the same."""
    row: Consultation | None = Consultation.get(consultation_id)
    return row if row is not None and row.professional_id == professional_id else None


def of_account(account_id: uuid.UUID) -> list[Prescription]:
    """The account's prescriptions, newest first."""
    query = select(Prescription).where(Prescription.account_id == account_id)
    return list(db.session.execute(query.order_by(Prescription.issued_at.desc())).scalars())


def of_consultation(consultation_id: uuid.UUID) -> list[Prescription]:
    """The prescriptions of a consultation, oldest first; empty is the ordinary case (CB-180)."""
    query = select(Prescription).where(Prescription.consultation_id == consultation_id)
    return list(db.session.execute(query.order_by(Prescription.issued_at)).scalars())


def waiting_at_practice(professional_id: uuid.UUID) -> list[Prescription]:
    """What waits at the professional's practice, oldest first."""
    query = select(Prescription).where(
        Prescription.professional_id == professional_id,
        Prescription.state == "issued",
        Prescription.delivery == AT_PRACTICE,
    )
    return list(db.session.execute(query.order_by(Prescription.issued_at)).scalars())


def meta_of(row: Prescription) -> dict[str, Any]:
    """What was kept with a prescription. Raises keys.Erased."""
    found: dict[str, Any] = keys.unseal_json(row.person_id, "prescriptions", "meta", row.meta)
    return found


def document_of(row: Prescription) -> bytes | None:
    """The physician's document; None where it is on paper."""
    return keys.unseal(row.person_id, "prescriptions", "document", row.document) if row.document else None


def proof_of(row: Prescription) -> bytes | None:
    """The sealed proof; None where there is none (on paper, or no medicine)."""
    return keys.unseal(row.person_id, "prescriptions", "proof", row.proof) if row.proof else None


def told_to_patient(row: Prescription) -> list[Any]:
    """The obligations of the decision that are for the patient's eyes (CB-181, CB-188, CB-189, CB-194)."""
    receipt = receipts.access_receipt(uuid.UUID(meta_of(row)["receipt"]), row.account_id)
    if receipt is None:
        return []
    return [o for o in receipt.decision.obligations if o.code.startswith("tell_") or o.code == "eu_cross_border_notice"]


# -- changing -------------------------------------------------------------------------------------------------------


def locked(prescription_id: uuid.UUID) -> Prescription:
    """The row, locked until the end of the transaction."""
    return db.session.execute(
        select(Prescription)
        .where(Prescription.id == prescription_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()


def renew_code(row: Prescription) -> Prescription:
    """The patient lost the proof: a new code and proof, the old code is worth nothing from now on. Raises Refused."""
    now = locked(row.id)
    if now.state != "issued" or now.code_digest is None:
        raise Refused(_("There is no code any more that could be renewed."))
    give_code(now, meta_of(now))
    looks.note(now, looks.PATIENT, "code_renewed")
    return now


def closed(row: Prescription, state: str, **values: Any) -> bool:
    """Leave `issued` for good; False where somebody else did so first. The database decides, whoever asks at once."""
    conditions = [Prescription.id == row.id, Prescription.state == "issued", Prescription.delivery == row.delivery]
    if row.code_digest is not None:
        conditions.append(Prescription.code_digest == row.code_digest)
    done = db.session.execute(
        update(Prescription)
        .where(*conditions)
        .values(state=state, closed_at=clock.now(), **values)
        .returning(Prescription.id)
        .execution_options(synchronize_session=False)
    ).first()
    db.session.refresh(row)
    return done is not None


def withdraw(row: Prescription) -> None:
    """The prescriber takes a prescription back that nobody dispensed yet. Raises Refused."""
    if not closed(row, "withdrawn"):
        raise Refused(_("This prescription can no longer be withdrawn."))
    looks.note(row, looks.PROFESSIONAL, "withdrawn")


def hand_over(row: Prescription, evidence: str) -> None:
    """The paper was handed over at the practice (CB-193). Raises Incomplete without a check of identity, Refused."""
    if evidence not in EVIDENCE:
        raise Incomplete({"evidence": [_("Check the patient's identity first, and say by which document.")]})
    if row.delivery != AT_PRACTICE or not closed(row, "collected"):
        raise Refused(_("This prescription does not wait at the practice any more."))
    looks.note(row, looks.PROFESSIONAL, "collected", evidence=evidence)
