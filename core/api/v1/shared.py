"""What the topics of version 1 share: the caller as a patient, decisions and appointments as answers, their refusals."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, g

from core.api.operations import Topic, need
from core.api.problems import Problem, answer
from core.db import db
from core.directory import service as directory
from core.directory.models import Practice, Professional
from core.hooks.decisions import Decision
from core.messages import _
from core.scheduling import people, service_access, times
from core.scheduling.models import Appointment
from core.scheduling.slots import Slot
from core.tenancy.current import TenantView
from core.web.language import say

PREFIX = "/api/v1"


@need("appointments")
def offers_appointments(tenant: TenantView) -> bool:
    """Whether the portal offers a service that is booked."""
    return any(s.bookable for s in tenant.offered_services())


def topic(name: str, description: str) -> Topic:
    """A topic of version 1, with the refusals that its operations share."""
    made = Topic(name, __name__, url_prefix=PREFIX, description=description)
    made.register_error_handler(times.SlotGone, slot_gone)
    made.register_error_handler(service_access.NotAllowed, not_allowed)
    return made


def absent() -> Problem:
    """Absent and not yours are the same."""
    return Problem(404, "not_found", _("There is nothing here for you under this address."))


def patient(dependant_id: uuid.UUID | None = None) -> service_access.Booker:
    """The signed-in patient, or one of their dependants, as decisions see them."""
    return people.booker(g.account.id, dependant_id)


def open_to_caller(service: str) -> None:
    """Raise Problem where the operator closed this service to the account (CB-078)."""
    if not g.account.may_use(service):
        raise Problem(
            403,
            "service_closed",
            _("This service is closed to your account at the moment. Please write to our support."),
        )


def patient_or_none(dependant_id: uuid.UUID | None = None) -> service_access.Booker | None:
    """As `patient`, for operations that are open to everybody."""
    account = g.get("account")
    if account is None or account.role != "patient":
        if dependant_id is not None:
            raise Problem(401, "sign_in_wanted", _("Please sign in as a patient to ask for a dependant."))
        return None
    return patient(dependant_id)


def decision_of(decision: Decision, service: str | None = None) -> dict[str, Any]:
    """A decision as an answer, in the caller's language."""
    return {
        "service": service,
        "effect": str(decision.effect),
        "reasons": [
            {
                "code": r.code,
                "effect": str(r.effect),
                "source": r.source,
                "rule": r.rule,
                "citation": r.citation,
                "message": say(r.message),
                "parameters": [
                    {"key": p.key, "value": p.value, "since": p.since, "unit": p.unit} for p in r.parameters
                ],
            }
            for r in decision.reasons
        ],
        "obligations": [
            {"code": o.code, "source": o.source, "message": say(o.message), "details": dict(o.details)}
            for o in decision.obligations
        ],
        "values": dict(decision.values),
    }


def decisions_of(possible: Mapping[str, Decision]) -> list[dict[str, Any]]:
    """Decisions by service as answers."""
    return [decision_of(decision, service) for service, decision in sorted(possible.items())]


def slots_of(found: Iterable[Slot]) -> list[dict[str, Any]]:
    """Slots as members of a problem: JSON-ready."""
    from core.api.v1.schemas import SlotAnswer

    dumped: list[dict[str, Any]] = SlotAnswer(many=True).dump(list(found))
    return dumped


def slot_gone(gone: times.SlotGone) -> Response:
    """409 with the next free times."""
    db.session.rollback()
    return answer(Problem(409, "slot_gone", gone.messages[0], next_free=slots_of(gone.nearest)))


def not_allowed(refusal: service_access.NotAllowed) -> Response:
    """403 with the decision. The receipts of the refusal are kept."""
    db.session.commit()
    from core.api.v1.schemas import DecisionAnswer

    decision = DecisionAnswer().dump(decision_of(refusal.decision))
    return answer(
        Problem(
            403,
            "not_allowed",
            _("This is not possible for you on this portal. The reasons are under “decision”."),
            decision=decision,
            receipt_id=str(refusal.receipt_id) if refusal.receipt_id else None,
        )
    )


def specialty_labels() -> dict[str, str]:
    """Names of the specialties, in the caller's language."""
    return {s.code: say(s.label) for s in g.tenant.dispatcher.collect("specialties")}


def practice_of(practice: Practice) -> dict[str, Any]:
    """A place as an answer."""
    names = ("id", "mode", "name", "street", "postal_code", "city", "country", "time_zone", "access_note")
    return {n: getattr(practice, n) for n in names}


def appointment_of(row: Appointment) -> dict[str, Any]:
    """An appointment as an answer."""
    professional: Professional | None = Professional.get(row.professional_id)
    practice: Practice | None = Practice.get(row.practice_id)
    names = (
        "id",
        "state",
        "professional_id",
        "service",
        "dependant_id",
        "starts_at",
        "ends_at",
        "price_cents",
        "currency",
        "hold_expires_at",
        "terms_version",
        "sequence",
    )
    return {
        **{n: getattr(row, n) for n in names},
        "professional": f"{professional.title} {professional.name}".strip() if professional else "",
        "practice": practice_of(practice) if practice else None,
        "time_zone": practice.time_zone if practice else g.tenant.time_zone,
        "reason": row.reason_label,
        "patient": people.patient_name(row.patient_account_id, row.dependant_id),
    }


def own_professional() -> Professional:
    """The signed-in professional's profile. Raises Problem before validation."""
    found = directory.profile_of(g.account.id)
    if found is None:
        raise Problem(403, "not_validated", _("Your professional account is not validated yet."))
    return found
