"""What validation of a professional sets off: the practitioner found or made, the profile opened, invitations joined."""

from __future__ import annotations

import uuid

from core.directory import service
from core.hooks.types import Event
from core.identity import accounts
from core.identity.professionals import ProfessionalView, on_validated
from core.jobs import consumer


@on_validated
def open_directory_entry(view: ProfessionalView) -> uuid.UUID | None:
    """Link the practitioner by register number, or as the operator chose, and open the profile (decision 3, CB-110)."""
    registrations = [view.register] if view.register else []
    practitioner_id = service.link_practitioner(registrations, view.practitioner_id)
    service.open_profile(
        account_id=view.account_id,
        practitioner_id=practitioner_id,
        name=view.name,
        title="Dr" if view.kind == "physician" else "",
        specialty=view.specialty,
        kind=view.kind,
        country=view.country,
        register_number=view.register[1] if view.register else None,
        languages=[view.language],
    )
    return practitioner_id


@consumer("professional_validated", "core.directory")
def join_inviters(event: Event) -> None:
    """A validated professional becomes frequent for the patients who invited them (CB-127)."""
    account_id = uuid.UUID(event.payload["account_id"])
    service.accept_invitations(account_id, "professional", accounts.person_of(account_id).email)


@consumer("account_registered", "core.directory")
def join_professionals(event: Event) -> None:
    """A new patient stands on the list of the professionals who invited them (CB-130)."""
    if event.payload.get("role") == "patient":
        account_id = uuid.UUID(event.payload["account_id"])
        service.accept_invitations(account_id, "patient", accounts.person_of(account_id).email)


@consumer("account_suspended", "core.directory")
@consumer("account_closed", "core.directory")
def unlist(event: Event) -> None:
    """A professional whose access is closed is found by nobody."""
    if event.payload.get("role") == "professional":
        service.relist(uuid.UUID(event.payload["account_id"]), False)


@consumer("account_reactivated", "core.directory")
def list_again(event: Event) -> None:
    """Opened again, they are found again."""
    if event.payload.get("role") == "professional":
        service.relist(uuid.UUID(event.payload["account_id"]), True)
