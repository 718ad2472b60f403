"""May this patient have this service from a professional in Luxembourg? The matrix is contract."""

from __future__ import annotations

from collections.abc import Mapping

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    Obligation,
    Question,
    Reason,
    deny,
    missing_fact,
    permit,
)
from plugins.jurisdiction_lu.rules.common import TERMS

_ = Domain("jurisdiction_lu")
SOURCE = "jurisdiction_lu"
COUNTRY = "LU"
TELECONSULTATION = "teleconsultation"
OFFERED = ("in_person", "express_consultation", "video_consultation")
SERVICES = (*OFFERED, TELECONSULTATION)
CATEGORIES = ("fr_resident", "fr_cross_border", "lu_resident", "be_resident", "other")
KINDS = ("physician", "allied")
_HOME = {"fr_resident": "FR", "fr_cross_border": "FR", "lu_resident": "LU", "be_resident": "BE"}
# CB-057, CB-115, CB-192: all but the plain French patient, by physicians and others alike.
MATRIX: Mapping[tuple[str, str], frozenset[str]] = {
    (category, kind): frozenset(() if category == "fr_resident" else OFFERED)
    for category in CATEGORIES
    for kind in KINDS
}


def service_access(question: Question) -> Decision:
    """The answer for professionals in Luxembourg, and for teleconsultations of patients insured there.

    Rules CB-053, 057, 107, 112, 114, 115, 135, 192.
    """
    patient, professional, service = question.patient, question.professional, question.service
    if service == TELECONSULTATION:
        refusals = _no_teleconsultation(question)
        return deny(*refusals) if refusals else NOT_APPLICABLE
    if professional.country not in (None, COUNTRY):
        return NOT_APPLICABLE
    if service not in SERVICES:
        # CB-192 closes every service of a Luxembourg professional to the plain French patient, other plugins' too.
        closed = professional.country == COUNTRY and patient.category == "fr_resident" and not _cell(question)
        return deny(_out_of_reach()) if closed else NOT_APPLICABLE
    known = (
        ("patient.category", patient.category),
        ("professional.country", professional.country),
        ("professional.kind", professional.kind),
    )
    missing = [name for name, value in known if not value]
    refusals = _not_this_category(question)
    if not missing and not refusals:
        refusals = _not_by_contract(question)
    if refusals or missing:
        return deny(*refusals, *missing_fact(SOURCE, *missing).reasons)
    if (patient.category, professional.kind) not in MATRIX:
        return NOT_APPLICABLE
    return permit(_by_contract(question), obligations=_obligations(question))


def _cell(question: Question) -> frozenset[str] | tuple[str, ...] | list[str]:
    """The services of the cell: the portal's word, else the contract's."""
    category, kind = question.patient.category or "", question.professional.kind or ""
    opened = question.settings.get("access", {}).get(category, {}).get(kind)
    return opened if opened is not None else MATRIX.get((category, kind), frozenset())


def _by_default(question: Question) -> bool:
    key = (question.patient.category or "", question.professional.kind or "")
    return question.service in MATRIX.get(key, frozenset())


def _no_teleconsultation(question: Question) -> list[Reason]:
    found = []
    if question.professional.country == COUNTRY:
        message = _(
            "Professionals in Luxembourg do not give teleconsultations in the French sense. "
            "Many of them give advice by message or by video: please see what this professional offers."
        )
        rule = "CB-112" if question.professional.kind == "allied" else "CB-114"
        found.append(Reason("no_teleconsultation_in_luxembourg", SOURCE, message, rule, TERMS))
    if question.patient.category == "lu_resident":
        message = _(
            "Patients insured in Luxembourg have every service but teleconsultation. "
            "You can ask a professional in Luxembourg for advice by message or video, or book an in-person appointment."
        )
        found.append(Reason("no_teleconsultation_for_category", SOURCE, message, "CB-107", TERMS))
    return found


def _not_this_category(question: Question) -> list[Reason]:
    if question.patient.category != "fr_cross_border" or "jurisdiction_fr" in question.plugins:
        return []
    message = _(
        "This portal does not know cross-border workers, because it does not work with France. "
        "Please check the place of residence in your profile."
    )
    return [Reason("category_unavailable", SOURCE, message, "CB-053")]


def _not_by_contract(question: Question) -> list[Reason]:
    cell = (question.patient.category or "", question.professional.kind or "")
    if cell not in MATRIX or question.service in _cell(question):
        return []
    if cell[0] == "fr_resident" and not _by_default(question):
        return [_out_of_reach()]
    message = _("This portal does not offer you this service. Please see the other services of this professional.")
    return [Reason("closed_by_portal", "tenant", message, "CB-115")]


def _out_of_reach() -> Reason:
    message = _(
        "Patients who are insured in France only cannot use the services of professionals in Luxembourg. "
        "You can choose a professional in France. If you work in Luxembourg, add your CNS card to your profile: "
        "professionals in Luxembourg are then open to you."
    )
    return Reason("out_of_reach_for_category", SOURCE, message, "CB-192", TERMS)


def _by_contract(question: Question) -> Reason:
    if not _by_default(question):
        return Reason("opened_by_portal", "tenant", _("This portal opens this service to you."), "CB-115")
    if question.service == "in_person":
        message = _("You may book an in-person appointment with professionals in Luxembourg.")
        return Reason("in_person_within_reach", SOURCE, message, "CB-135")
    message = _("Advice by message and by video from professionals in Luxembourg is open to you.")
    return Reason("within_reach", SOURCE, message, "CB-115")


def _obligations(question: Question) -> list[Obligation]:
    patient = question.patient
    country = _HOME.get(patient.category or "") or patient.country or COUNTRY
    warning = _("Before you ask: in an emergency, call the emergency number. This portal does not replace it.")
    found = [Obligation("show_emergency_warning", SOURCE, warning, {"country": country})]
    if question.service != "in_person":
        message = _("This is advice at a distance: the national health insurance (CNS) does not reimburse it.")
        found.append(
            Obligation("tell_not_reimbursed", SOURCE, message, {"care_class": "tele_advice", "insurer": "CNS"})
        )
    return found
