"""What prescriptions tell people, in neutral words: that a document waits, and where; what happened to it stands inside."""

from __future__ import annotations

import uuid

from core.care.consultations.models import Consultation
from core.care.consultations.telling import has_way_in
from core.care.prescriptions import looks, service
from core.care.prescriptions.deciding import AT_PRACTICE
from core.care.prescriptions.models import Prescription
from core.directory.models import Professional
from core.hooks.types import Event
from core.identity import people as identity
from core.jobs import consumer
from core.notifications.service import notify


def _tell(row: Prescription, code: str, **params: str) -> None:
    notify(
        code,
        account_id=row.account_id,
        person_id=identity.person_of(row.account_id),
        to=identity.recipient(row.account_id),
        params=params,
        link=f"/prescriptions/{row.id}",
    )


def _row(event: Event) -> Prescription | None:
    found: Prescription | None = Prescription.get(uuid.UUID(event.payload["prescription_id"]))
    return found


def _professional(row: Prescription) -> Professional:
    found: Professional = Professional.get(row.professional_id)
    return found


def notify_collection(row: Prescription) -> None:
    """Tell the patient that a paper waits at the practice, with its address (CB-181). In the present transaction."""
    collect = service.meta_of(row)["collect"]
    by = _professional(row)
    _tell(row, "prescription_to_collect", professional=f"{by.title} {by.name}".strip(), place=collect["address"])
    looks.note(row, looks.PORTAL, "told")


@consumer("prescription_issued", "core.care.prescriptions")
def issued(event: Event) -> None:
    """A document waits: in the space, or at the practice."""
    row = _row(event)
    if row is None:
        return
    if row.delivery == AT_PRACTICE:
        notify_collection(row)
        return
    if not has_way_in(Consultation.get(row.consultation_id)):
        return  # the service that took them in sends a link of its own
    by = _professional(row)
    _tell(row, "prescription_ready", professional=f"{by.title} {by.name}".strip())
    looks.note(row, looks.PORTAL, "told")


@consumer("prescription_dispensed", "core.care.prescriptions")
def dispensed(event: Event) -> None:
    """The patient learns of each use of the code."""
    row = _row(event)
    if row is not None:
        _tell(row, "prescription_used")


@consumer("prescription_not_compliant", "core.care.prescriptions")
def not_compliant(event: Event) -> None:
    """Both sides learn that a pharmacy refused it, and why (CB-190): the reason stands inside."""
    row = _row(event)
    if row is None:
        return
    _tell(row, "prescription_not_accepted")
    by = _professional(row)
    notify(
        "prescription_to_mend",
        account_id=by.account_id,
        person_id=identity.person_of(by.account_id),
        to=identity.recipient(by.account_id),
        link=f"/consultations/{row.consultation_id}/prescription",
    )
