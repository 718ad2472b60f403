"""May this consultation end with this prescription? The facts of the question, and what the law wants said on paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from core import clock
from core.care.consultations.models import Consultation
from core.directory.models import Professional
from core.hooks.decisions import Decision, ProfessionalFacts, Question
from core.hooks.parameters import Parameters, load_parameters
from core.hooks.types import LegalReference, PrescriptionMention
from core.identity import people as identity
from core.messages import Message, _
from core.tenancy.current import current_tenant

MEDICINE, SICK_LEAVE, CERTIFICATE = "medicine", "sick_leave", "certificate"
KINDS: dict[str, Message] = {
    MEDICINE: _("Medicines"),
    SICK_LEAVE: _("Sick leave"),
    CERTIFICATE: _("Certificate"),
}
# The classes that a physician declares; which of them are excluded is decided (CB-182).
CLASSES: dict[str, Message] = {
    "restricted": _("Medicines of restricted prescription"),
    "prior_agreement": _("Medicines that need the insurer's agreement first"),
    "exception": _("Exception medicines"),
    "narcotic": _("Narcotics"),
    "magistral_or_officinal": _("Preparations that the pharmacist makes"),
}
ELECTRONIC, AT_PRACTICE = "electronic", "at_practice"


@dataclass(frozen=True, slots=True)
class Declared:
    """What the physician declares of a prescription. `duration_days` None: not said; `one_off`: of a renewal, a single supply."""

    kind: str = MEDICINE
    classes: Collection[str] = field(default_factory=tuple)
    duration_days: int | None = None
    renewal: bool = False
    is_treating_physician: bool | None = None
    one_off: bool = False


@lru_cache(maxsize=1)
def parameters() -> Parameters:
    """The dated values that the core itself needs: who is a member of the Union."""
    return load_parameters(Path(__file__).parent / "parameters")


def today() -> dt.date:
    """The day on which a prescription is dated: the portal's."""
    return clock.today(current_tenant().time_zone)


_residences: dict[str, Callable[[Consultation], str | None]] = {}


def residence_by(service: str, find: Callable[[Consultation], str | None]) -> None:
    """Where the people of a service live, by whoever knows it, for those who did not declare it themselves."""
    _residences[service] = find


def _residence(consultation: Consultation) -> str | None:
    find = _residences.get(consultation.service)
    return find(consultation) if find is not None else None


def question(consultation: Consultation, professional: Professional, declared: Declared, day: dt.date) -> Question:
    """The question "may this act end with this prescription?" (CB-179, CB-181, CB-182, CB-195)."""
    patient, _on_card = identity.patient_facts(consultation.patient_account_id, consultation.dependant_id)
    facts: dict[str, Any] = {"kind": declared.kind, "renewal": declared.renewal}
    if declared.kind == MEDICINE:
        facts["medicine_classes"] = sorted(declared.classes)
        if declared.renewal:
            facts["one_off"] = declared.one_off
    if declared.duration_days is not None:
        facts["duration_days"] = declared.duration_days
    if declared.is_treating_physician is not None:
        facts["is_treating_physician"] = declared.is_treating_physician
    residence = patient.country or _residence(consultation)
    if residence:
        facts["patient_residence_eu"] = residence in parameters().at("european_union", day).value
    return Question(
        "prescription",
        day,
        consultation.service,
        patient,
        ProfessionalFacts(professional.country, professional.kind, professional.specialty),
        facts,
    )


def decide(consultation: Consultation, professional: Professional, declared: Declared) -> tuple[Question, Decision]:
    """(question, decision) of today; nothing is kept."""
    asked = question(consultation, professional, declared, today())
    return asked, current_tenant().dispatcher.decide(asked)


def expected(consultation: Consultation, professional: Professional, kind: str = MEDICINE) -> Decision:
    """The decision for display, before anything is declared: as it would be for the plainest prescription of a kind."""
    plain = Declared(kind, duration_days=1, is_treating_physician=True)
    return decide(consultation, professional, plain)[1]


def offered(consultation: Consultation, professional: Professional) -> list[str]:
    """The kinds that this consultation can end with, in order; what can never be issued is not offered."""
    return [k for k in KINDS if expected(consultation, professional, k).permitted]


def asks_duration(consultation: Consultation, professional: Professional) -> bool:
    """Whether the answer for a medicine depends on how long the treatment is."""
    decision = decide(consultation, professional, Declared())[1]
    return any(r.code == "missing_fact" and r.message.params.get("fact") == "duration_days" for r in decision.reasons)


def asks_one_off(consultation: Consultation, professional: Professional) -> bool:
    """Whether a treatment is renewed here only as a single supply that is marked so."""
    marked, plain = (
        decide(consultation, professional, Declared(duration_days=1, renewal=True, one_off=one_off))[1].permitted
        for one_off in (True, False)
    )
    return marked and not plain


def mentions(country: str, kind: str, *, cross_border: bool, day: dt.date | None = None) -> list[PrescriptionMention]:
    """What the law of the prescriber's country wants said, in order (CB-190)."""
    return [
        m
        for m in current_tenant().dispatcher.collect("prescription_mentions", day=day or today())
        if m.country == country and kind in m.kinds and (cross_border or not m.cross_border)
    ]


def adverse_effects(country: str) -> list[LegalReference]:
    """Where a professional of a country declares a suspected adverse effect (CB-196)."""
    return [
        r
        for r in current_tenant().dispatcher.collect("legal_references")
        if r.topic == "adverse_effects" and r.party == f"professional:{country}"
    ]
