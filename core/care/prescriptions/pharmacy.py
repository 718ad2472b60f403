"""What a pharmacist does with the code of a proof: check, read, dispense once, refuse. No account: code and register.

The numbers of pharmacy and pharmacist are public, so they open nothing: the code does, with more than 82 random bits.
They say who looked, are held against the imported register, and are counted to slow down whoever guesses.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select

from core import audit
from core.audit import Actor
from core.care.prescriptions import codes, looks, service
from core.care.prescriptions.models import Prescription
from core.care.prescriptions.service import EVIDENCE, Incomplete
from core.db import db
from core.directory import registers
from core.hooks.types import IdentifierType, PharmacySpace
from core.identity import throttle
from core.jobs import announce
from core.messages import Message, _
from core.tenancy import keys
from core.tenancy.current import TenantView, current_tenant
from core.tenancy.schema_policies import Prescriptions
from core.web.frame import Refused

PLACE_FACTOR = 2
"""A pharmacy has several desks: it may fail this many times as often as one code before it waits."""
REASON_LIMIT = 1000
NUMBER_LIMIT = 40
_SALT = "portico-pharmacy"
NO_SUCH_CODE = _(
    "This code opens nothing. It may have been typed wrongly, or replaced because the proof was lost: "
    "ask the patient for the newest proof."
)


class Wait(Refused):
    """Too many tries that failed; `seconds` until the next one counts."""

    def __init__(self, seconds: int) -> None:
        super().__init__(_("Too many codes were wrong. Please wait {seconds} seconds.", seconds=seconds), status=429)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Visit:
    """A pharmacist in the space of one prescription: the numbers they gave and the code's digest."""

    prescription_id: uuid.UUID
    place: str
    person: str
    digest: str

    @property
    def actor(self) -> Actor:
        """Who acts, for the trail: opaque there; the patient is shown the numbers."""
        return Actor("pharmacist", keys.blind(self.person, "pharmacist")[:8].hex())


def space() -> PharmacySpace | None:
    """How pharmacists are let in on this portal; None where no enabled jurisdiction says so."""
    found = current_tenant().dispatcher.collect("pharmacy_spaces")
    return found[0] if found else None


def numbers(of: PharmacySpace) -> tuple[IdentifierType, IdentifierType]:
    """The kinds of number asked for: the pharmacy's, the pharmacist's."""
    known = {t.code: t for t in current_tenant().dispatcher.collect("identifier_types")}
    return known[of.place], known[of.person]


def minutes(tenant: TenantView) -> int:
    """How long a space stays open."""
    section: Mapping[str, Any] = tenant.config.get("prescriptions") or Prescriptions().load({})
    return int(section["pharmacy_space_minutes"])


# -- letting in -----------------------------------------------------------------------------------------------------


def check(where: PharmacySpace, *, place: str, person: str, code: str, ip: str) -> Visit:
    """Let a pharmacist in (CB-186, CB-188). Raises Incomplete for numbers that cannot be right, Wait, Refused.

    A wrong, a replaced and an unknown code have one answer, found by the same steps. Commits the counts of tries.
    """
    place_type, person_type = numbers(where)
    read, at, who = (
        codes.read(code[:NUMBER_LIMIT]),
        place_type.check(place[:NUMBER_LIMIT]),
        person_type.check(person[:NUMBER_LIMIT]),
    )
    errors = {"code": read.error, "place": at.error, "person": who.error}
    if any(errors.values()):
        raise Incomplete({field: [error] for field, error in errors.items() if error is not None})
    digest = service.blind(read.code)
    counted = (
        ("pharmacy-ip", ip, throttle.IP_FACTOR),
        ("pharmacy-place", at.value, PLACE_FACTOR),
        ("pharmacy-code", digest.hex(), 1),
    )
    wait = max(throttle.take(kind, subject, factor=factor) for kind, subject, factor in counted)
    if wait:
        raise Wait(wait)
    found = db.session.execute(select(Prescription).where(Prescription.code_digest == digest)).scalar_one_or_none()
    wrong = _not_in_register(where, who.value)
    if wrong is not None:
        audit.record("pharmacy.not_in_register", "pharmacist", keys.blind(who.value, "pharmacist")[:8].hex())
        db.session.commit()
        raise Refused(wrong, status=403)
    if found is None:
        audit.record("pharmacy.no_such_code", "pharmacist", keys.blind(who.value, "pharmacist")[:8].hex())
        db.session.commit()
        raise Refused(NO_SUCH_CODE, status=403)
    for kind, subject, _factor in counted:
        throttle.forget(kind, subject)
    visit = Visit(found.id, at.value, who.value, digest.hex())
    with acting(visit):
        looks.note(
            found, looks.PHARMACIST, "opened" if found.state == "issued" else "status_checked",
            place=visit.place, pharmacist=visit.person, state=found.state,
        )  # fmt: skip
        # The trail is written by the commit; the actor stands in each entry already.
        db.session.commit()
    return visit


def _not_in_register(where: PharmacySpace, number: str) -> Message | None:
    """What stands against the pharmacist; None where the register has them as one."""
    if not registers.imported(where.country):
        return _(
            "The register of pharmacists cannot be asked at the moment, so nobody can be let in. Please try again later."
        )
    entry = registers.look_up(where.country, number)
    if entry is None:
        return _(
            "The register of professionals has no entry with this number. New registrations may take days to appear."
        )
    if entry.absent_since is not None:
        return _("The register of professionals no longer has this number.")
    if not set(where.professions) & set(entry.professions):
        return _("The register has this number with another profession. Only pharmacists are let in.")
    return None


@contextmanager
def acting(visit: Visit) -> Iterator[None]:
    """What is recorded inside is this pharmacist's doing."""
    with audit.acting_as(visit.actor):
        yield


def _serializer() -> URLSafeTimedSerializer:
    secrets = current_app.extensions["portico"].settings.secret_keys
    # The newest key signs and stands last here; a portal's cookie is worth nothing on another one.
    return URLSafeTimedSerializer(list(reversed(secrets)), salt=f"{_SALT}|{current_tenant().id}")


def ticket(visit: Visit) -> str:
    """The visit as a signed text for a cookie."""
    return str(_serializer().dumps([str(visit.prescription_id), visit.place, visit.person, visit.digest]))


def visiting(text: str | None) -> tuple[Visit, Prescription] | None:
    """The visit of a cookie with its prescription; None once it ran out, or the code was replaced."""
    if not text:
        return None
    try:
        id_, place, person, digest = _serializer().loads(text, max_age=minutes(current_tenant()) * 60)
        visit = Visit(uuid.UUID(id_), place, person, digest)
    except (BadData, ValueError, TypeError):
        return None
    row: Prescription | None = Prescription.get(visit.prescription_id)
    if row is None or row.code_digest is None or row.code_digest.hex() != visit.digest:
        return None
    return visit, row


# -- what is done there ---------------------------------------------------------------------------------------------


def document(visit: Visit, row: Prescription) -> bytes | None:
    """The prescription, only while it was not dispensed (CB-186); None after that."""
    if row.state != "issued":
        return None
    with acting(visit):
        looks.note(row, looks.PHARMACIST, "document_read", place=visit.place, pharmacist=visit.person)
        found = service.document_of(row)
        db.session.commit()
    return found


def dispense(visit: Visit, row: Prescription, evidence: str) -> bool:
    """Dispense: once, under any race (CB-187). False where it was closed before.

    Raises Incomplete without a check of the patient's identity. Commits.
    """
    if evidence not in EVIDENCE:
        raise Incomplete({"evidence": [_("Check the patient's identity first, and say by which document.")]})
    with acting(visit):
        done = service.closed(row, "dispensed", place=visit.place, pharmacist=visit.person)
        if done:
            looks.note(
                row, looks.PHARMACIST, "dispensed", place=visit.place, pharmacist=visit.person, evidence=evidence
            )
            announce("prescription_dispensed", {"prescription_id": str(row.id)})
        else:
            looks.note(row, looks.PHARMACIST, "status_checked", place=visit.place, pharmacist=visit.person)
        db.session.commit()
    return done


def refuse(visit: Visit, row: Prescription, reason: str) -> bool:
    """Refuse as not compliant, with the reason for patient and prescriber (CB-190). False where it was closed before.

    Raises Incomplete without a reason. Commits.
    """
    words = reason.strip()
    if not words:
        raise Incomplete({"reason": [_("Please say what is missing or wrong: the prescriber reads it.")]})
    if len(words) > REASON_LIMIT:
        raise Incomplete({"reason": [_("At most {count} characters are possible; {found} were typed.", count=REASON_LIMIT, found=len(words))]})  # fmt: skip
    with acting(visit):
        done = service.closed(row, "refused", place=visit.place, pharmacist=visit.person)
        if done:
            looks.note(row, looks.PHARMACIST, "refused", place=visit.place, pharmacist=visit.person, words=words)
            announce("prescription_not_compliant", {"prescription_id": str(row.id)})
        db.session.commit()
    return done
