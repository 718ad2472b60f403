"""Belgium has patients here and no professionals: it only keeps its patients out of teleconsultation."""

from __future__ import annotations

from core.plugin_api import NOT_APPLICABLE, Decision, Domain, Question, Reason, deny
from plugins.jurisdiction_be.rules.common import TERMS

_ = Domain("jurisdiction_be")
SOURCE = "jurisdiction_be"


def service_access(question: Question) -> Decision:
    """A deny for teleconsultations of patients resident in Belgium (CB-108); no say in all the rest."""
    if question.service != "teleconsultation" or question.patient.category != "be_resident":
        return NOT_APPLICABLE
    message = _(
        "Patients resident in Belgium have every service but teleconsultation. "
        "You can ask a professional for advice by message or video where they offer it to you, "
        "or book an in-person appointment."
    )
    return deny(Reason("no_teleconsultation_for_category", SOURCE, message, "CB-108", TERMS))
