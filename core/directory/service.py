"""Use cases of the directory: linking practitioners, publishing profiles, practices and reasons, favourites, invitations."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from core import audit, clock, crypto, i18n
from core.db import db, new_id
from core.directory.models import (
    Favourite,
    Invitation,
    PatientLink,
    Practice,
    Practitioner,
    PractitionerRegistration,
    Professional,
    VisitReason,
)
from core.messages import _
from core.tenancy import keys
from core.tenancy.current import current_tenant
from core.web.frame import Refused

INVITATION_DAYS = 30
MAX_TEXT = 4000


def link_practitioner(registrations: Sequence[tuple[str, str]], chosen: uuid.UUID | None = None) -> uuid.UUID:
    """The practitioner of these (country, number) registrations, found or made; where none is asked, the one chosen.

    Raises Refused when the numbers belong to two persons.
    """
    found = {
        row.practitioner_id
        for country, number in registrations
        if (row := db.session.get(PractitionerRegistration, (country, number))) is not None
    }
    if chosen is not None:
        found.add(chosen)
    if len(found) > 1:
        raise Refused(_("These register numbers belong to two different persons."))
    if found:
        practitioner_id = found.pop()
    else:
        practitioner_id = new_id()
        db.session.add(Practitioner(id=practitioner_id, created_at=clock.now()))
        db.session.flush()
    for country, number in registrations:
        db.session.execute(
            insert(PractitionerRegistration)
            .values(country=country, number=number, practitioner_id=practitioner_id)
            .on_conflict_do_nothing()
        )
        row = db.session.get(PractitionerRegistration, (country, number))
        if row is None or row.practitioner_id != practitioner_id:
            raise Refused(_("The number {number} was registered for somebody else at this moment.", number=number))
    return practitioner_id


def open_profile(
    *,
    account_id: uuid.UUID,
    practitioner_id: uuid.UUID,
    name: str,
    title: str,
    specialty: str,
    kind: str,
    country: str,
    register_number: str | None = None,
    languages: Sequence[str] = (),
    services: Sequence[str] | None = None,
    listed: bool = True,
) -> Professional:
    """Make the profile of a validated professional (CB-110); found again when it exists."""
    found = db.session.execute(select(Professional).where(Professional.account_id == account_id)).scalar_one_or_none()
    if found is not None:
        found.listed = listed
        return found
    offered = [s.code for s in offered_services()]
    made = Professional(
        account_id=account_id,
        practitioner_id=practitioner_id,
        name=name,
        title=title,
        specialty=specialty,
        kind=kind,
        country=country,
        register_number=register_number,
        languages=list(languages) or [current_tenant().language],
        presentation={},
        # A teleconsultation is a choice of the physician (CB-046): never preset.
        services=list(services)
        if services is not None
        else [s for s in offered if s in ("in_person", "video_consultation")],
        booking_open=True,
        search_text="",
        listed=listed,
        created_at=clock.now(),
    )
    refresh_search(made)
    db.session.add(made)
    db.session.flush()
    audit.record("professional.opened", "professional", made.id, {"practitioner": str(practitioner_id)})
    return made


def refresh_search(professional: Professional) -> None:
    """Fold what search looks at: name, specialty in every language of the portal."""
    tenant = current_tenant()
    names = [professional.title, professional.name]
    for specialty in tenant.dispatcher.collect("specialties"):
        if specialty.code == professional.specialty:
            names += [i18n.render(specialty.label, language) for language in tenant.languages]
    professional.search_text = db.session.execute(
        select(func.portico_fold(" ".join(n for n in names if n)))
    ).scalar_one()


def offered_services() -> list[Any]:
    """The services that the portal of this request or job offers, in order."""
    return current_tenant().offered_services()


def books() -> bool:
    """Whether anything can be booked on this portal with a chosen professional."""
    return any(s.bookable for s in offered_services())


def asks() -> bool:
    """Whether anything is asked for on this portal by a request to chosen professionals."""
    return any(s.channel in ("message", "video") and not s.home_page for s in offered_services())


def service_of(code: str) -> Any | None:
    """A service of this portal, None where it is not offered."""
    return next((s for s in offered_services() if s.code == code), None)


def profile_of(account_id: uuid.UUID) -> Professional | None:
    """The profile of a professional's account, None before validation."""
    return db.session.execute(select(Professional).where(Professional.account_id == account_id)).scalar_one_or_none()


def access_professional(professional_id: uuid.UUID) -> Professional | None:
    """A listed professional, or None: "absent" and "not listed" are the same to a visitor."""
    return db.session.execute(
        select(Professional).where(Professional.id == professional_id, Professional.listed)
    ).scalar_one_or_none()


def relist(account_id: uuid.UUID, listed: bool) -> None:
    """Show a professional in the directory, or take them out of it while their access is closed."""
    found = profile_of(account_id)
    if found is not None and found.listed != listed:
        found.listed = listed
        audit.record("professional.listed" if listed else "professional.unlisted", "professional", found.id)


def practices_of(professional_id: uuid.UUID) -> list[Practice]:
    """The practices in use, in person first."""
    return list(
        db.session.execute(
            select(Practice)
            .where(Practice.professional_id == professional_id, ~Practice.archived)
            .order_by(Practice.mode, Practice.name)
        ).scalars()
    )


def reasons_of(professional_id: uuid.UUID) -> list[VisitReason]:
    """The visit reasons in use, in the professional's order."""
    return list(
        db.session.execute(
            select(VisitReason)
            .where(VisitReason.professional_id == professional_id, ~VisitReason.archived)
            .order_by(VisitReason.position, VisitReason.label)
        ).scalars()
    )


def edit_profile(
    professional: Professional,
    *,
    presentation: Mapping[str, str],
    languages: Sequence[str],
    services: Sequence[str],
    booking_open: bool,
) -> None:
    """What the professional says of themself. Raises Refused for a service that the portal or the kind does not have."""
    known = {s.code: s for s in offered_services()}
    for code in services:
        if code not in known:
            raise Refused(_("This portal does not offer the service “{service}”.", service=code), status=422)
        if known[code].care_class == "teleconsultation" and professional.kind != "physician":
            raise Refused(_("Only a physician can offer teleconsultations."), status=422)
    tenant = current_tenant()
    professional.presentation = {
        k: v.strip()[:MAX_TEXT] for k, v in presentation.items() if k in tenant.languages and v.strip()
    }
    professional.languages = list(dict.fromkeys(languages)) or [tenant.language]
    professional.services = list(dict.fromkeys(services))
    professional.booking_open = booking_open
    audit.record("professional.edited", "professional", professional.id, {"services": professional.services})


def add_practice(professional: Professional, *, mode: str, name: str, street: str = "", postal_code: str = "", city: str = "", country: str, access_note: str = "", time_zone: str, closed_on_holidays: bool = True) -> Practice:  # fmt: skip
    """A place, in person or virtual. A place in person has an address."""
    if mode == "in_person" and not (street.strip() and city.strip() and postal_code.strip()):
        raise Refused(_("A practice where you receive patients needs its street, postal code and town."), status=422)
    made = Practice(
        professional_id=professional.id, mode=mode, name=name.strip(), street=street.strip(), postal_code=postal_code.strip(),
        city=city.strip(), country=country, access_note=access_note.strip()[:MAX_TEXT], time_zone=time_zone,
        search_place=func.portico_fold(f"{city.strip()} {postal_code.strip()}"), closed_on_holidays=closed_on_holidays, archived=False,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    audit.record("practice.added", "practice", made.id, {"mode": mode, "country": country})
    return made


def add_reason(professional: Professional, *, label: str, service: str, duration_minutes: int, price_cents: int | None = None, known_patients_only: bool = False) -> VisitReason:  # fmt: skip
    """A visit reason. Raises Refused for a service that the professional does not give."""
    if service not in professional.services:
        raise Refused(_("Add this service to your profile first."), status=422)
    position = db.session.execute(
        select(func.count()).select_from(VisitReason).where(VisitReason.professional_id == professional.id)
    ).scalar_one()
    made = VisitReason(
        professional_id=professional.id, label=label.strip(), service=service, duration_minutes=duration_minutes, price_cents=price_cents,
        currency="EUR", known_patients_only=known_patients_only, archived=False, position=position,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


# -- favourites, links, invitations ---------------------------------------------------------------------------------


def mark_favourite(account_id: uuid.UUID, professional_id: uuid.UUID, way: str = "chosen") -> None:
    """Mark a professional; marking twice changes nothing (CB-039)."""
    db.session.execute(
        insert(Favourite)
        .values(tenant_id=current_tenant().id, id=new_id(), account_id=account_id, professional_id=professional_id, way=way, created_at=clock.now())
        .on_conflict_do_nothing()
    )  # fmt: skip


def unmark_favourite(account_id: uuid.UUID, professional_id: uuid.UUID) -> None:
    """Forget a mark."""
    row = db.session.execute(
        select(Favourite).where(Favourite.account_id == account_id, Favourite.professional_id == professional_id)
    ).scalar_one_or_none()
    if row is not None:
        db.session.delete(row)


def favourites_of(account_id: uuid.UUID) -> list[Professional]:
    """Marked and invited professionals, each once, by name."""
    return list(
        db.session.execute(
            select(Professional)
            .join(
                Favourite,
                (Favourite.tenant_id == Professional.tenant_id) & (Favourite.professional_id == Professional.id),
            )
            .where(Favourite.account_id == account_id, Professional.listed)
            .order_by(Professional.name)
        ).scalars()
    )


def link_patient(professional_id: uuid.UUID, account_id: uuid.UUID, way: str) -> None:
    """Put a patient on a professional's list; it opens no record (CB-130)."""
    db.session.execute(
        insert(PatientLink).values(**link_values(professional_id, account_id, way)).on_conflict_do_nothing()
    )


def link_values(professional_id: uuid.UUID, account_id: uuid.UUID, way: str = "appointment") -> dict[str, Any]:
    """The row of a patient on a professional's list, for a function that stores it with the act."""
    return {
        "tenant_id": current_tenant().id,
        "id": new_id(),
        "professional_id": professional_id,
        "account_id": account_id,
        "way": way,
        "created_at": clock.now(),
    }


def knows(professional_id: uuid.UUID, account_id: uuid.UUID) -> bool:
    """Whether the patient is on the professional's list."""
    return (
        db.session.execute(
            select(PatientLink.id).where(
                PatientLink.professional_id == professional_id, PatientLink.account_id == account_id
            )
        ).first()
        is not None
    )


def patients_of(professional_id: uuid.UUID) -> list[tuple[uuid.UUID, str, dt.datetime]]:
    """(account, way, since) of the patients on a professional's list, newest first."""
    rows = db.session.execute(
        select(PatientLink.account_id, PatientLink.way, PatientLink.created_at)
        .where(PatientLink.professional_id == professional_id)
        .order_by(PatientLink.created_at.desc())
    ).all()
    return [(r.account_id, r.way, r.created_at) for r in rows]


def invite(inviter_account_id: uuid.UUID, invited_role: str, email: str) -> str:
    """Invite by e-mail; returns the secret of the link. Only a digest of it and of the address is kept."""
    token = crypto.new_token()
    made = Invitation(
        inviter_account_id=inviter_account_id,
        invited_role=invited_role,
        email_blind=keys.blind(email.strip().lower(), "email"),
        token_digest=crypto.token_digest(token),
        created_at=clock.now(),
        expires_at=clock.now() + dt.timedelta(days=INVITATION_DAYS),
    )
    db.session.add(made)
    db.session.flush()
    audit.record("invitation.sent", "invitation", made.id, {"role": invited_role})
    return token


def invitation_of(token: str) -> Invitation | None:
    """A live invitation by its secret."""
    row = db.session.execute(
        select(Invitation).where(Invitation.token_digest == crypto.token_digest(token))
    ).scalar_one_or_none()
    return row if row is not None and row.accepted_at is None and row.expires_at > clock.now() else None


def accept_invitations(account_id: uuid.UUID, role: str, email: str) -> int:
    """Join the new account to those who invited it: a validated professional becomes frequent for the patient (CB-127),
    a patient is put on the professional's list (CB-130). Returns how many invitations were accepted."""
    rows = db.session.execute(
        select(Invitation)
        .where(
            Invitation.email_blind == keys.blind(email.strip().lower(), "email"),
            Invitation.invited_role == role,
            Invitation.accepted_at.is_(None),
            Invitation.expires_at > clock.now(),
        )
        .with_for_update()
    ).scalars()
    count = 0
    for row in rows:
        professional = profile_of(account_id if role == "professional" else row.inviter_account_id)
        if professional is None or not professional.listed:
            continue
        if role == "professional":
            mark_favourite(row.inviter_account_id, professional.id, "invited")
        else:
            link_patient(professional.id, account_id, "invited")
        row.accepted_at, row.accepted_by = clock.now(), account_id
        count += 1
    return count
