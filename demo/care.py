"""Consultations of the demo: tariffs, money in wallets, requests that wait, talks under way, reports."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from core.care.consultations import messages, reports, requests
from core.care.consultations.models import Consultation
from core.care.record import service as record
from core.db import db
from core.directory import service as directory
from core.directory.models import Professional
from core.identity import accounts
from core.money import service as money
from core.scheduling import people as booking_people
from core.scheduling.service_access import NotAllowed
from core.web.frame import Refused

TARIFFS = (2500, 2200, 2800, 3000, 2000)
WALLET_CENTS = 15_000
STATES = ("waits", "talks", "done")
BY_REQUEST = ("express_consultation", "video_consultation", "teleconsultation")


def offer(professional: Professional, number: int) -> None:
    """Advice by message for everyone of a portal that has it; a tariff for each service by request."""
    offered = {s.code for s in directory.offered_services()}
    if "express_consultation" in offered:
        professional.services = [*professional.services, "express_consultation"]
    for code in BY_REQUEST:
        if code in professional.services:
            money.set_tariff(professional.id, code, TARIFFS[number % len(TARIFFS)])


def fill(wallets: list[uuid.UUID]) -> None:
    """Money for each patient, once."""
    for account_id in wallets:
        money.credit(account_id, uuid.uuid5(account_id, "demo"), WALLET_CENTS)


def health(account_id: uuid.UUID) -> None:
    """A health profile with its mandatory answers, for who has none yet."""
    subject = record.subject_of(account_id)
    if not record.complete(subject):
        return
    author = record.Author(account_id)
    record.write_entry(
        subject, "biometrics",
        {"height": "172", "weight": "70", "blood_group": "O+", "eye_colour": "brown", "hair_colour": "brown", "skin_colour": "fair"}, author,
    )  # fmt: skip
    record.write_entry(
        subject, "allergies", {"kind": "medicine", "what": "Pénicilline", "reaction": "Éruption"}, author
    )
    for code in ("personal_history", "family_history", "medicines"):
        record.declare_none(subject, code, author)


def consult(patients: list[tuple[uuid.UUID, str]], emails: list[str]) -> None:
    """A request that waits, a talk under way, a report: for the first professionals, by the patients whom the rules allow."""
    if db.session.execute(select(Consultation.id).limit(1)).first() is not None:
        return
    doctors = []
    for email in emails:
        account = accounts.by_email(email)
        found = directory.profile_of(account.id) if account is not None else None
        if found is not None and "express_consultation" in found.services:
            doctors.append(found)
    for account_id, question in patients:
        health(account_id)
        db.session.commit()
        left = list(STATES)
        for doctor in doctors:
            if left and _one(account_id, doctor, question, left[0]):
                left.pop(0)


def _one(account_id: uuid.UUID, doctor: Professional, question: str, how: str) -> bool:
    """One consultation; False where the rules or the wallet do not allow it."""
    booker = booking_people.booker(account_id)
    found = {c.professional.id: c for c in requests.candidates(booker, "express_consultation")}
    candidate = found.get(doctor.id)
    if candidate is None or not candidate.possible or money.wallet_cents(account_id) < candidate.tariff_cents:
        return False
    try:
        row = requests.request(
            booker,
            service="express_consultation",
            professional_ids=[doctor.id],
            question=question,
            highest_cents=candidate.tariff_cents,
            acknowledged={o.code for o in requests.obligations_of([candidate.decision])},
            profile_confirmed=True,
            terms_version="2026-11",
        )
    except (NotAllowed, Refused):
        db.session.rollback()
        return False
    if how != "waits":
        requests.accept(doctor, row.id)
        messages.post(doctor.account_id, row.id, "Bonjour, depuis quand exactement ? Avez-vous de la fièvre ?")
        messages.post(account_id, row.id, "Depuis lundi, sans fièvre.")
    if how == "done":
        reports.save(
            doctor,
            row.id,
            {
                "reason": question,
                "conclusion": "Rien d’inquiétant à ce stade. Repos et boissons chaudes ; revenez vers moi si cela dure plus d’une semaine.",
            },
        )
    db.session.commit()
    return True
