"""May this patient have this service from a professional in France? The matrix is contract, teleconsultation is law."""

from __future__ import annotations

from collections.abc import Mapping

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    Message,
    NoRuleInForce,
    Obligation,
    Parameters,
    Question,
    Reason,
    deny,
    missing_fact,
    permit,
)
from plugins.jurisdiction_fr.rules.common import TERMS

_ = Domain("jurisdiction_fr")
SOURCE = "jurisdiction_fr"
COUNTRY = "FR"
IN_PERSON, EXPRESS, VIDEO = "in_person", "express_consultation", "video_consultation"
TELECONSULTATION = "teleconsultation"
SERVICES = (IN_PERSON, EXPRESS, VIDEO, TELECONSULTATION)
FRENCH = ("fr_resident", "fr_cross_border")
CATEGORIES = (*FRENCH, "lu_resident", "be_resident", "other")
_HOME = {"fr_resident": "FR", "fr_cross_border": "FR", "lu_resident": "LU", "be_resident": "BE"}
_REMOTE = frozenset((IN_PERSON, EXPRESS, VIDEO))
_VISIT = frozenset((IN_PERSON,))
# CB-115. The cells that the contract does not state (allied, patients insured elsewhere) stay closed at a distance.
MATRIX: Mapping[tuple[str, str], frozenset[str]] = {
    ("fr_resident", "physician"): _REMOTE | {TELECONSULTATION},
    ("fr_cross_border", "physician"): _REMOTE | {TELECONSULTATION},
    ("fr_resident", "allied"): _REMOTE,
    ("fr_cross_border", "allied"): _REMOTE,
    **{(category, kind): _VISIT for category in CATEGORIES[2:] for kind in ("physician", "allied")},
}


def service_access(question: Question, parameters: Parameters) -> Decision:
    """The answer for professionals in France, and for teleconsultation wherever the professional is.

    Facts: `dependant` (default false), `on_patient_health_card` (asked for a dependant's teleconsultation that nothing
    else refuses). Rules CB-033, 046, 053, 056, 100, 102, 109, 111, 113, 115, 135.
    """
    patient, professional, service = question.patient, question.professional, question.service
    teleconsultation = service == TELECONSULTATION
    if service not in SERVICES or (professional.country not in (None, COUNTRY) and not teleconsultation):
        return NOT_APPLICABLE
    known = (
        ("patient.category", patient.category),
        ("professional.country", professional.country),
        ("professional.kind", professional.kind),
    )
    missing = [name for name, value in known if not value]
    refusals = [*_not_this_category(question), *(_not_by_law(question, parameters) if teleconsultation else ())]
    if not refusals and not missing:
        refusals += _not_by_contract(question)
    if not refusals and not missing and teleconsultation and question.facts.get("dependant", False):
        attached = question.facts.get("on_patient_health_card")
        if attached is None:
            missing.append("on_patient_health_card")
        elif not attached:
            refusals.append(_not_on_card())
    if refusals or missing:
        return deny(*refusals, *missing_fact(SOURCE, *missing).reasons)
    if (patient.category, professional.kind) not in MATRIX:
        return NOT_APPLICABLE
    reasons = [_by_contract(question)]
    if teleconsultation:
        reasons.append(_by_law(question, parameters))
    return permit(*reasons, obligations=_obligations(question))


def _cell(question: Question) -> frozenset[str] | tuple[str, ...] | list[str]:
    """The services of the cell: the portal's word, else the contract's."""
    category, kind = question.patient.category or "", question.professional.kind or ""
    opened = question.settings.get("access", {}).get(category, {}).get(kind)
    return opened if opened is not None else MATRIX.get((category, kind), frozenset())


def _by_default(question: Question) -> bool:
    key = (question.patient.category or "", question.professional.kind or "")
    return question.service in MATRIX.get(key, frozenset())


def _not_this_category(question: Question) -> list[Reason]:
    if question.patient.category != "fr_cross_border" or "jurisdiction_lu" in question.plugins:
        return []
    message = _(
        "This portal does not know cross-border workers, because it does not work with Luxembourg. "
        "Please check the place of work in your profile."
    )
    return [Reason("category_unavailable", SOURCE, message, "CB-053")]


def _not_by_law(question: Question, parameters: Parameters) -> list[Reason]:
    """All that the law of the day holds against a teleconsultation; facts that are absent hold nothing against it."""
    patient, professional = question.patient, question.professional
    try:
        citation = parameters.citation("teleconsultation_common_law", question.at)
        used = (parameters.at("teleconsultation_common_law", question.at),)
    except NoRuleInForce:
        first = parameters.items["teleconsultation_common_law"].values[0].since
        message = _(
            "A teleconsultation cannot be judged on {day}: the rules for it start on {first}. "
            "You can book an in-person appointment.",
            day=question.at,
            first=first,
        )
        return [Reason("no_rule_in_force", SOURCE, message, "CB-046")]
    found = []
    if professional.country not in (None, COUNTRY):
        message = _(
            "Only physicians who practise in France give teleconsultations. "
            "Patients insured in France can choose one of them."
        )
        found.append(Reason("professional_not_in_france", SOURCE, message, "CB-046", citation, used))
    if professional.kind not in (None, "physician"):
        message = _(
            "Only physicians give teleconsultations, and this professional is not a physician. "
            "Patients insured in France can choose a physician in France."
        )
        found.append(Reason("not_a_physician", SOURCE, message, "CB-111", citation, used))
    if patient.category is not None and patient.category not in FRENCH:
        message = _(
            "A teleconsultation is only for patients insured in France. {what_else}",
            what_else=_what_else(question),
        )
        rule = "CB-109" if patient.category == "other" else "CB-046"
        found.append(Reason("patient_not_insured_in_france", SOURCE, message, rule, citation, used))
    return found


def _not_by_contract(question: Question) -> list[Reason]:
    category, kind = question.patient.category, question.professional.kind
    if (category, kind) not in MATRIX or question.service in _cell(question):
        return []
    if _by_default(question):
        message = _("This portal does not offer you this service. Please see the other services of this professional.")
        return [Reason("closed_by_portal", "tenant", message, "CB-115")]
    if question.service == TELECONSULTATION:
        return []
    what_else = _what_else(question)
    if kind == "physician":
        message = _(
            "At a distance, physicians in France see only patients insured in France. {what_else}", what_else=what_else
        )
        return [Reason("patients_insured_in_france_only", SOURCE, message, "CB-056", TERMS)]
    message = _(
        "On this portal, health professionals in France see only patients insured in France at a distance. {what_else}",
        what_else=what_else,
    )
    return [Reason("closed_unless_opened", SOURCE, message, "CB-115", TERMS)]


def _what_else(question: Question) -> Message:
    """What a patient insured elsewhere can do now."""
    if question.professional.country not in (None, COUNTRY):
        return _("You can ask this professional for advice by message or video instead.")
    if "jurisdiction_lu" in question.plugins:
        return _("You can book an in-person appointment, or choose a professional in Luxembourg.")
    return _("You can book an in-person appointment.")


def _not_on_card() -> Reason:
    message = _(
        "A teleconsultation for a dependant needs that the dependant is on your health card. "
        "You can have them added by your health insurance, book an in-person appointment, or ask for advice by video."
    )
    return Reason("dependant_not_on_health_card", SOURCE, message, "CB-033", TERMS)


def _by_contract(question: Question) -> Reason:
    if not _by_default(question):
        return Reason("opened_by_portal", "tenant", _("This portal opens this service to you."), "CB-115")
    if question.service == IN_PERSON:
        message = _("Every patient may book an in-person appointment with a professional in France.")
        return Reason("in_person_for_all", SOURCE, message, "CB-135")
    if question.service == TELECONSULTATION:
        rule = "CB-102" if question.patient.category == "fr_cross_border" else "CB-100"
        message = _("You are insured in France: teleconsultations by video with physicians in France are open to you.")
        return Reason("insured_in_france", SOURCE, message, rule)
    message = _(
        "You are insured in France: advice by message and by video from professionals in France is open to you."
    )
    return Reason("insured_in_france", SOURCE, message, "CB-115")


def _by_law(question: Question, parameters: Parameters) -> Reason:
    since = parameters.at("teleconsultation_common_law", question.at)
    agreement = parameters.at("teleconsultation_agreement", question.at)
    message = _(
        "Teleconsultation by video is ordinary care in France since {since}, under the agreement “{agreement}”.",
        since=since.since,
        agreement=agreement.value,
    )
    citation = parameters.citation("teleconsultation_common_law", question.at)
    return Reason("teleconsultation_allowed", SOURCE, message, "CB-046", citation, (since, agreement))


def _obligations(question: Question) -> list[Obligation]:
    patient = question.patient
    country = _HOME.get(patient.category or "") or patient.country or COUNTRY
    warning = _("Before you ask: in an emergency, call the emergency number. This portal does not replace it.")
    found = [Obligation("show_emergency_warning", SOURCE, warning, {"country": country})]
    if question.service in (EXPRESS, VIDEO):
        message = _("This is advice at a distance: health insurance does not reimburse it.")
        found.append(Obligation("tell_not_reimbursed", SOURCE, message, {"care_class": "tele_advice"}))
    if question.service == TELECONSULTATION:
        message = _("The physician sees you by video; a telephone call or written messages are not enough.")
        found.append(Obligation("by_video", SOURCE, message, {"channel": "video"}))
        message = _("Please confirm the information on which reimbursement depends.")
        found.append(Obligation("confirm_eligibility_information", SOURCE, message))
        statuses = sorted(patient.statuses & ({"ald", "css"} if patient.category == "fr_resident" else {"ald"}))
        if statuses:
            message = _("The physician checks your rights before you are spared the payment in advance.")
            found.append(Obligation("verify_entitlement", SOURCE, message, {"statuses": statuses}))
    return found
