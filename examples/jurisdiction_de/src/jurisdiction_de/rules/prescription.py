"""How does a prescription reach the patient?"""

from __future__ import annotations

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    NoRuleInForce,
    Obligation,
    Parameters,
    Question,
    Reason,
    deny,
    missing_fact,
    permit,
)
from jurisdiction_de.rules.access import COUNTRY, RESIDENT, SOURCE

_ = Domain("jurisdiction_de")
RULE = "DE-5"
PAPER_ONLY = "narcotic"


def prescription(question: Question, parameters: Parameters) -> Decision:
    """DE-5: physicians prescribe medicines electronically. Narcotics have rules of their own: nothing is said of them."""
    professional, facts = question.professional, question.facts
    if question.patient.category != RESIDENT or professional.country != COUNTRY:
        return NOT_APPLICABLE
    known = {"professional.kind": professional.kind, "kind": facts.get("kind")}
    if known["kind"] == "medicine":
        known["medicine_classes"] = facts.get("medicine_classes")
    missing = [name for name, value in known.items() if value is None]
    if missing:
        return missing_fact(SOURCE, *missing)
    if professional.kind != "physician" or facts["kind"] != "medicine" or PAPER_ONLY in facts["medicine_classes"]:
        return NOT_APPLICABLE
    try:
        used = parameters.at("electronic_prescription", question.at)
    except NoRuleInForce:
        none = _("For that day this portal cannot say how a prescription reaches you. Please ask your physician.")
        return deny(Reason("no_rule_in_force", SOURCE, none, RULE))
    message = _("Your prescription is electronic: show your health card at any pharmacy.")
    reason = Reason("electronic", SOURCE, message, RULE, parameters.citation(used.key, question.at), (used,))
    told = _("Issue the prescription electronically, through the telematics infrastructure.")
    return permit(
        reason,
        obligations=(Obligation("prescribe_electronically", SOURCE, told),),
        values={"delivery": "electronic"},
    )
