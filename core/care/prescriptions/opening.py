"""Opening a prescription over the Internet with a one-time code by text message, where its decision asks for it (IA-074).

The decision that permits a prescription says so by the obligation `open_with_code`, with the figures of the portal's
contract; they are kept with the prescription, so that nothing decided later opens it more easily. The code belongs to the
consultation: it is sent while doctor and patient talk, and opens what was issued in it, once. Of a code only a keyed digest
is kept. Pharmacists have a way of their own, and are not concerned.
"""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from core import audit, clock, crypto
from core.care.consultations import states
from core.care.consultations.models import Consultation
from core.care.prescriptions import deciding, looks
from core.care.prescriptions.models import Prescription, PrescriptionCode
from core.care.prescriptions.proof import digest_of
from core.db import db
from core.directory.models import Professional
from core.hooks.decisions import Decision
from core.identity import people as identity
from core.identity import throttle
from core.messages import Message, _
from core.notifications.service import Recipient, notify
from core.tenancy import keys
from core.web.frame import Refused

OBLIGATION = "open_with_code"
COOKIE = "papers"
OPEN_FOR = dt.timedelta(minutes=15)
"""How long one browser reads and prints after a right code: one visit."""
DIGITS = 6
_PURPOSE = "prescription-opening"
_THROTTLE = "papers"

CLOSED = _("This prescription opens with a code that we send to your mobile telephone.")
WRONG = _("This code is not right. Please check the last message that you received.")
RAN_OUT = _("This code is no longer good. Please ask for another one.")
USED = _("This code was already used: each opens once. Please ask for another one.")
TOO_MANY = _("Too many wrong codes. Please ask for another one.")
NONE_SENT = _("No code was sent yet. Please ask for one.")


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of a code: the token of a browser that may read now, or why not."""

    token: str = ""
    error: Message | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """For a page: whether a code is needed, whether one is out and until when, the end of the number that it went to."""

    needed: bool
    open: bool = False
    waiting: bool = False
    until: dt.datetime | None = None
    number: str = ""


def figures(decision: Decision) -> dict[str, int] | None:
    """What a decision wants of the opening: `validity_minutes` and `attempts`; None where it opens without a code."""
    for obligation in decision.obligations:
        if obligation.code == OBLIGATION:
            return {k: int(obligation.details[k]) for k in ("validity_minutes", "attempts")}
    return None


def kept(row: Prescription) -> dict[str, int] | None:
    """The same, as it was decided when the prescription was issued. Raises keys.Erased."""
    found: dict[str, Any] = keys.unseal_json(row.person_id, "prescriptions", "meta", row.meta)
    opening: dict[str, int] | None = found.get("opening")
    return opening


def may_send(row: Consultation, professional: Professional) -> bool:
    """Whether the doctor can send a code now: the call is on, and prescriptions of it open with one."""
    return row.state == states.IN_PROGRESS and figures(deciding.expected(row, professional)) is not None


def send_in_call(professional: Professional, consultation_id: uuid.UUID, phone: str = "") -> PrescriptionCode:
    """The doctor sends the code while they talk (IA-074). `phone`: the mobile number given; "" for the account's own.

    Raises Refused where there is no call, no number, or nothing that a code opens. The caller commits.
    """
    row: Consultation | None = Consultation.get(consultation_id)
    if row is None or row.professional_id != professional.id:
        raise Refused(_("There is no such consultation."), status=404)
    if row.state != states.IN_PROGRESS:
        raise Refused(
            _("The code is sent during the call. The patient can ask for another one afterwards."), status=409
        )
    rule = figures(deciding.expected(row, professional))
    if rule is None:
        raise Refused(_("Prescriptions of this consultation open without a code."), status=409)
    return _send(row, rule, phone, looks.PROFESSIONAL)


def send_again(prescription: Prescription, phone: str = "") -> PrescriptionCode:
    """The patient asks for another code: the one before is worth nothing from now on.

    It goes to the number of the code before; without one to `phone`, or the account's own. Raises Refused. The caller commits.
    """
    rule = kept(prescription)
    if rule is None:
        raise Refused(_("This prescription opens without a code."), status=409)
    wait = throttle.take(_THROTTLE, str(prescription.consultation_id))
    if wait:
        minutes = -(-wait // 60)
        raise Refused(_("Too many codes were asked for. Please wait {minutes} minutes.", minutes=minutes), status=429)
    row: Consultation = Consultation.get(prescription.consultation_id)
    before = _newest(row.id)
    if before is not None:
        phone = keys.unseal(row.person_id, "prescription_codes", "phone", before.phone).decode()
    return _send(row, rule, phone, looks.PATIENT)


def _send(row: Consultation, rule: dict[str, int], phone: str, by: str) -> PrescriptionCode:
    to = identity.recipient(row.patient_account_id)
    number = phone or to.phone
    if not number:
        raise Refused(_("No mobile number is known to which a code could be sent."), status=409)
    code = "".join(secrets.choice("0123456789") for _digit in range(DIGITS))
    now = clock.now()
    made = PrescriptionCode(
        consultation_id=row.id,
        digest=b"",
        phone=keys.seal(row.person_id, "prescription_codes", "phone", number),
        by_kind=by,
        sent_at=now,
        expires_at=now + dt.timedelta(minutes=rule["validity_minutes"]),
        attempts=0,
        attempts_allowed=rule["attempts"],
    )
    db.session.add(made)
    db.session.flush()
    made.digest = _digest(made.id, code)
    notify(
        "papers_code",
        account_id=row.patient_account_id,
        person_id=identity.person_of(row.patient_account_id),
        to=Recipient(phone=number, language=to.language, zone=to.zone),
        params={"code": code, "minutes": rule["validity_minutes"]},
        channels=("sms",),
    )
    audit.record("prescription.code_sent", "consultation", row.id, {"by": by})
    return made


def _digest(code_id: uuid.UUID, code: str) -> bytes:
    return keys.blind(f"{code_id}:{code}", _PURPOSE)


def _newest(consultation_id: uuid.UUID, *, lock: bool = False) -> PrescriptionCode | None:
    query = (
        select(PrescriptionCode)
        .where(PrescriptionCode.consultation_id == consultation_id)
        .order_by(PrescriptionCode.seq.desc())
        .limit(1)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.execute(query).scalar_one_or_none()


def enter(prescription: Prescription, typed: str) -> Entered:
    """Try a code. It opens once, for one browser; every try is counted and noted. The caller commits, whatever came of it."""
    found, now = _newest(prescription.consultation_id, lock=True), clock.now()
    if found is None:
        return Entered(error=NONE_SENT)
    if found.used_at is not None:
        return Entered(error=USED)
    if found.attempts >= found.attempts_allowed:
        return Entered(error=TOO_MANY)
    if found.expires_at <= now:
        return Entered(error=RAN_OUT)
    found.attempts += 1
    given = "".join(c for c in typed if c in "0123456789")
    if not crypto.same(found.digest, _digest(found.id, given)):
        looks.note(prescription, looks.PATIENT, "code_wrong")
        return Entered(error=WRONG if found.attempts < found.attempts_allowed else TOO_MANY)
    token = crypto.new_token()
    found.used_at, found.open_until, found.reader_digest = now, now + OPEN_FOR, crypto.token_digest(token)
    looks.note(prescription, looks.PATIENT, "code_right")
    return Entered(token=token)


def may_read(prescription: Prescription, token: str | None) -> bool:
    """Whether this browser may open the papers: no code is wanted, or it gave the right one a moment ago."""
    if kept(prescription) is None:
        return True
    if not token:
        return False
    found = _newest_used(prescription.consultation_id)
    return (
        found is not None
        and found.open_until is not None
        and found.open_until > clock.now()
        and found.reader_digest is not None
        and crypto.same(found.reader_digest, crypto.token_digest(token))
    )


class Closed(Refused):
    """The paper opens with a code, and this browser gave none."""

    def __init__(self) -> None:
        super().__init__(CLOSED, status=403)


def read(prescription: Prescription, which: str, token: str | None) -> bytes | None:
    """A paper for its patient (`which`: document or proof), noted as a look; None where there is none, or it was erased.

    Raises Closed without the code, Refused where the document is not the one that was signed (IA-115). The caller commits.
    """
    try:
        if not may_read(prescription, token):
            raise Closed
        sealed = prescription.document if which == "document" else prescription.proof
        if not sealed:
            return None
        data = keys.unseal(prescription.person_id, "prescriptions", which, sealed)
        meta = keys.unseal_json(prescription.person_id, "prescriptions", "meta", prescription.meta)
    except keys.Erased:
        return None
    if which == "document" and not crypto.same(digest_of(data), meta["digest"]):
        raise Refused(_("This document is not the one that was signed. Please write to our support."), status=409)
    looks.note(prescription, looks.PATIENT, f"{which}_read")
    return data


def _newest_used(consultation_id: uuid.UUID) -> PrescriptionCode | None:
    return db.session.execute(
        select(PrescriptionCode)
        .where(PrescriptionCode.consultation_id == consultation_id, PrescriptionCode.used_at.is_not(None))
        .order_by(PrescriptionCode.seq.desc())
        .limit(1)
    ).scalar_one_or_none()


def standing(prescription: Prescription, token: str | None) -> Standing:
    """How the opening stands, for a page."""
    if kept(prescription) is None:
        return Standing(False, True)
    found = _newest(prescription.consultation_id)
    good = (
        found is not None
        and found.used_at is None
        and found.attempts < found.attempts_allowed
        and found.expires_at > clock.now()
    )
    number = ""
    if found is not None:
        number = keys.unseal(prescription.person_id, "prescription_codes", "phone", found.phone).decode()[-2:]
    return Standing(
        True, may_read(prescription, token), good, found.expires_at if good and found is not None else None, number
    )
