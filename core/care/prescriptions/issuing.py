"""Issuing a prescription: what is asked, what is refused, what is written."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from core import clock, i18n
from core.care.consultations import states
from core.care.consultations.models import Consultation
from core.care.prescriptions import codes, deciding, looks, opening, proof
from core.care.prescriptions.deciding import AT_PRACTICE, CLASSES, ELECTRONIC, KINDS, MEDICINE, SICK_LEAVE, Declared
from core.care.prescriptions.models import Prescription
from core.db import current_tenant_id, db, new_id
from core.directory import service as directory
from core.directory.models import Practice, Professional
from core.hooks.decisions import Decision, Question
from core.identity import people as identity
from core.jobs import announce
from core.lazy import lazy
from core.messages import Message, _
from core.scheduling.service_access import NotAllowed
from core.tenancy import keys, receipts
from core.tenancy.current import current_tenant
from core.web.frame import Refused

if TYPE_CHECKING:
    from core.care.prescriptions import documents
else:
    documents = lazy("core.care.prescriptions.documents")

WHILE = frozenset({states.IN_PROGRESS, states.AWAITING_REPORT, states.COMPLETED})
"""A prescription ends a consultation: it is issued while the report is written, or added after it."""
NOTE_LIMIT = 500
KEY_LIMIT = 64
MOST_DAYS = 366 * 3
_CODE = "prescription-code"


class Incomplete(Refused):
    """What was given lacks something; `errors` says what, by field."""

    def __init__(self, errors: Mapping[str, Sequence[Message]]) -> None:
        super().__init__(*(m for found in errors.values() for m in found), status=422)
        self.errors = errors


def blind(code: str) -> bytes:
    """What is stored of a code: a keyed digest. Without the portal's key it can neither be read nor tried."""
    return keys.blind(code, _CODE)


def issue(
    consultation: Consultation,
    professional: Professional,
    *,
    client_key: str,
    kind: str = MEDICINE,
    pdf: bytes | None = None,
    checklist: Collection[str] = (),
    cross_border: bool = False,
    classes: Collection[str] | None = None,
    duration_days: int | None = None,
    renewal: bool = False,
    one_off: bool = False,
    is_treating_physician: bool | None = None,
    practice_id: uuid.UUID | None = None,
    when: str = "",
    signed_with: str = "",
) -> Prescription:
    """Issue a prescription (CB-179 to CB-185, CB-190, CB-191, CB-195); the same `client_key` gives the same one.

    `pdf` is the physician's own document, for electronic delivery only; `checklist` the codes of the mentions that the
    physician confirms; `one_off`, where a renewal is asked about, that it is a single supply; `classes` the classes of medicines that it holds, an empty collection for none, None for not said.
    Issuing is the physician's signature: the trail names who, the digest, and `signed_with`, the factors of their sign-in
    (IA-115, IA-116).
    For delivery at the practice `practice_id` says where and `when` in free words from when.
    Raises NotAllowed (the receipt is stored: commit before showing it), Incomplete, Refused. The caller commits.
    """
    if consultation.professional_id != professional.id:
        raise Refused(_("There is no such consultation."), status=404)
    if consultation.state not in WHILE:
        raise Refused(_("A prescription ends a consultation: start it first."))
    key = client_key[:KEY_LIMIT]
    # Two clicks at once are one after the other: the second finds what the first made.
    db.session.execute(select(Consultation.id).where(Consultation.id == consultation.id).with_for_update())
    before = _same(consultation.id, key)
    if before is not None:
        return before
    _check_declared(kind, classes, duration_days)
    declared = Declared(kind, tuple(classes or ()), duration_days, renewal, is_treating_physician, one_off)
    asked, decision = deciding.decide(consultation, professional, declared)
    id_ = new_id()
    if not decision.permitted:
        raise NotAllowed(decision, _kept(asked, decision, consultation, id_))
    delivery = str(decision.values.get("delivery", ""))
    meta = _meta(consultation, professional, declared, checklist, cross_border)
    if delivery == ELECTRONIC:
        _check_electronic(professional, meta, pdf, checklist, kind, cross_border)
    else:
        meta["collect"] = _place(professional, practice_id, when, pdf, decision)
    # As decided today: nothing decided later opens it more easily (IA-074).
    meta["opening"] = opening.figures(decision)
    meta["receipt"] = str(_kept(asked, decision, consultation, id_))
    return _written(id_, key, consultation, professional, delivery, declared, meta, pdf, _until(decision), signed_with)


def _same(consultation_id: uuid.UUID, key: str) -> Prescription | None:
    return db.session.execute(
        select(Prescription).where(Prescription.consultation_id == consultation_id, Prescription.client_key == key)
    ).scalar_one_or_none()


def _check_declared(kind: str, classes: Collection[str] | None, duration_days: int | None) -> None:
    errors: dict[str, list[Message]] = {}
    if kind not in KINDS:
        raise Refused(_("“{kind}” is no kind of prescription.", kind=kind[:40]), status=422)
    if kind == MEDICINE:
        if classes is None:
            errors["classes"] = [_("Please say which classes of medicines it holds, or that it holds none of them.")]
        elif unknown := sorted(set(classes) - set(CLASSES)):
            errors["classes"] = [_("“{name}” is no class of medicines.", name=unknown[0][:40])]
    if kind == SICK_LEAVE and duration_days is None:
        errors["duration_days"] = [_("Please say for how many days.")]
    if duration_days is not None and not 1 <= duration_days <= MOST_DAYS:
        errors["duration_days"] = [_("A number of days from 1 to {most} is expected.", most=MOST_DAYS)]
    if errors:
        raise Incomplete(errors)


def _kept(asked: Question, decision: Decision, consultation: Consultation, id_: uuid.UUID) -> uuid.UUID:
    return receipts.keep(
        asked,
        decision,
        person_id=consultation.person_id,
        account_id=consultation.patient_account_id,
        act_kind="prescription",
        act_id=id_,
    )


def _meta(
    consultation: Consultation,
    professional: Professional,
    declared: Declared,
    checklist: Collection[str],
    cross_border: bool,
) -> dict[str, Any]:
    """What is kept with the prescription, as it was on the day: people change their names and practices."""
    patient, _on_card = identity.patient_facts(consultation.patient_account_id, consultation.dependant_id)
    name = identity.display_name(consultation.patient_account_id, consultation.dependant_id)
    places = directory.practices_of(professional.id)
    place = next((p for p in places if p.mode == "in_person"), None)
    return {
        "patient": {"name": name, "birth_date": patient.birth_date.isoformat() if patient.birth_date else ""},
        "prescriber": {
            "name": f"{professional.title} {professional.name}".strip(),
            "qualification": _qualification(professional),
            "number": professional.register_number or "",
            "country": professional.country,
            "practice": address(place) if place is not None else "",
        },
        "classes": sorted(declared.classes),
        "duration_days": declared.duration_days,
        "renewal": declared.renewal,
        "one_off": declared.one_off,
        "mentions": sorted(checklist),
        "cross_border": cross_border,
    }


def _qualification(professional: Professional) -> dict[str, str]:
    tenant = current_tenant()
    found = [s for s in tenant.dispatcher.collect("specialties") if s.code == professional.specialty]
    return {code: i18n.render(s.label, code) for s in found[:1] for code in tenant.languages}


def address(place: Practice) -> str:
    """A practice in one line."""
    return f"{place.name}, {place.street}, {place.postal_code} {place.city}, {place.country}"


def _check_electronic(
    professional: Professional,
    meta: Mapping[str, Any],
    pdf: bytes | None,
    checklist: Collection[str],
    kind: str,
    cross_border: bool,
) -> None:
    """CB-190, CB-191: a document of the physician's own, all mentions confirmed, and what the portal itself must know."""
    errors: dict[str, list[Message]] = {}
    if pdf is None:
        errors["document"] = [_("Please add the prescription: a PDF that your own software makes.")]
    elif (wrong := documents.problem(pdf)) is not None:
        errors["document"] = [wrong]
    lacking = [
        m for m in deciding.mentions(professional.country, kind, cross_border=cross_border) if m.code not in checklist
    ]
    if lacking:
        errors["checklist"] = [
            _("Not confirmed: {mention} ({reference}).", mention=m.label, reference=m.reference) for m in lacking
        ]  # fmt: skip
    if not meta["prescriber"]["number"]:
        errors["prescriber"] = [
            _("Your register number is not known here, and a proof must name it. Please write to our support.")
        ]
    if not meta["patient"]["birth_date"] or not meta["patient"]["name"]:
        errors["patient"] = [
            _("The name or the birth date of the patient is not known here, and a proof must name both.")
        ]
    if errors:
        raise Incomplete(errors)


def _place(
    professional: Professional, practice_id: uuid.UUID | None, when: str, pdf: bytes | None, decision: Decision
) -> dict[str, str]:
    """Where the paper is handed over (CB-181, CB-193). A file cannot stand for it."""
    if pdf is not None:
        leave = _(
            "Please leave the file out: the prescription is on paper, and the patient is told where to collect it."
        )
        raise Incomplete({"document": [*(r.message for r in decision.reasons), leave]})
    places = {p.id: p for p in directory.practices_of(professional.id) if p.mode == "in_person"}
    if not places:
        raise Incomplete(
            {"practice": [_("Publish a practice with its address first: the paper is handed over there.")]}
        )
    place = places.get(practice_id) if practice_id is not None else None
    if place is None:
        raise Incomplete({"practice": [_("Please choose the practice where the paper waits.")]})
    if len(when) > NOTE_LIMIT:
        raise Incomplete({"when": [_("At most {count} characters are possible; {found} were typed.", count=NOTE_LIMIT, found=len(when))]})  # fmt: skip
    return {"address": address(place), "note": place.access_note, "when": when.strip()}


def _until(decision: Decision) -> dt.date | None:
    """Until when the law lets a pharmacy dispense for the first time; None where it sets no day."""
    for obligation in decision.obligations:
        if obligation.code == "first_dispensing_until":
            return dt.date.fromisoformat(str(obligation.details["until"]))
    return None


def _written(
    id_: uuid.UUID,
    key: str,
    consultation: Consultation,
    professional: Professional,
    delivery: str,
    declared: Declared,
    meta: dict[str, Any],
    pdf: bytes | None,
    until: dt.date | None,
    signed_with: str,
) -> Prescription:
    person, now = consultation.person_id, clock.now()
    row = Prescription(
        tenant_id=current_tenant_id(), id=id_, consultation_id=consultation.id, professional_id=professional.id,
        account_id=consultation.patient_account_id, person_id=person, kind=declared.kind, delivery=delivery, state="issued",
        client_key=key, issued_at=now, first_dispensing_until=until, meta=b"",
    )  # fmt: skip
    if pdf is not None:
        meta["digest"] = proof.digest_of(pdf)
        row.document = keys.seal(person, "prescriptions", "document", pdf)
    row.meta = keys.seal_json(person, "prescriptions", "meta", meta)
    if delivery == ELECTRONIC and declared.kind == MEDICINE:
        give_code(row, meta)
    db.session.add(row)
    db.session.flush()
    what = "to_collect" if delivery == AT_PRACTICE else "issued"
    signature = {"signed_by": str(professional.id), "signed_with": signed_with, "digest": str(meta.get("digest", ""))}
    looks.note(row, looks.PROFESSIONAL, what, kind=declared.kind, **signature)
    announce(
        "prescription_issued",
        {"prescription_id": str(row.id), "consultation_id": str(consultation.id), "delivery": delivery},
    )
    return row


def give_code(row: Prescription, meta: Mapping[str, Any]) -> None:
    """A fresh code with its sealed proof: the code stands in the proof and nowhere else."""
    code = codes.new_code()
    made = proof.proof_pdf(
        current_tenant(),
        language=_reader_language(row.account_id),
        code=code,
        reference=row.reference,
        meta=meta,
        issued_at=row.issued_at,
        made_at=clock.now(),
    )
    row.code_digest = blind(code)
    row.proof = keys.seal(row.person_id, "prescriptions", "proof", made)


def _reader_language(account_id: uuid.UUID) -> str:
    tenant = current_tenant()
    language = identity.recipient(account_id).language
    return language if language in tenant.languages else tenant.language
