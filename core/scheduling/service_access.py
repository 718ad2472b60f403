"""Whether this patient may have this service of this professional: the question, and the answer for display."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from core import clock
from core.directory.models import Professional
from core.hooks.decisions import Decision, PatientFacts, ProfessionalFacts, Question
from core.tenancy.current import current_tenant
from core.web.frame import Refused


@dataclass(frozen=True, slots=True)
class Booker:
    """Who books for whom: the patient's account and person, the dependant if any, and what decisions need to know."""

    account_id: uuid.UUID
    person_id: uuid.UUID
    facts: PatientFacts
    dependant_id: uuid.UUID | None = None
    on_health_card: bool | None = None


class NotAllowed(Refused):
    """A decision denied; `decision` says all of why, `receipt_id` finds the page."""

    def __init__(self, decision: Decision, receipt_id: uuid.UUID | None = None) -> None:
        super().__init__(*(r.message for r in decision.reasons), status=403)
        self.decision, self.receipt_id = decision, receipt_id


def access_question(booker: Booker, professional: Professional, service: str, at: dt.date) -> Question:
    """The question "may this patient have this service from this professional?"."""
    facts: dict[str, Any] = {"dependant": booker.dependant_id is not None}
    if booker.dependant_id is not None and booker.on_health_card is not None:
        facts["on_patient_health_card"] = booker.on_health_card
    return Question(
        "service_access",
        at,
        service,
        booker.facts,
        ProfessionalFacts(professional.country, professional.kind, professional.specialty),
        facts,
    )


def may_have(booker: Booker, professional: Professional, service: str, at: dt.date | None = None) -> Decision:
    """The decision for display: recomputed, not kept."""
    day = at or clock.today(current_tenant().time_zone)
    return current_tenant().dispatcher.decide(access_question(booker, professional, service, day))
