"""Makers for tests: a professional with a practice, a reason and hours; a patient; by the use cases themselves."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from core.care.record import service as record
from core.consent import service as consent
from core.db import db
from core.directory import service as directory
from core.hooks.decisions import PatientFacts
from core.identity import accounts, sessions
from core.identity.accounts import ROLES, Person
from core.identity.models import Account
from core.identity.parties import RIGHTS
from core.scheduling import hours
from core.scheduling.service_access import Booker
from core.tenancy.current import TenantView, entered
from core.testing.browser import Browser

MONDAY = dt.datetime(2026, 11, 23, 6, 0, tzinfo=dt.UTC)
_numbers = itertools.count(1)
UNUSABLE = "!"


def make_account(role: str = "patient", *, rights: Sequence[str] = RIGHTS, **changed: str) -> Account:
    """An active account; nobody can sign in to it. One of the role `partner` is the insurer's, with `rights`, unless `party` says whose."""
    number = next(_numbers)
    person = Person(
        first_name=changed.get("first_name", "Anna"),
        last_name=changed.get("last_name", f"Muster{number}"),
        email=changed.get("email", f"person{number}@example.org"),
        phone="+33612345678",
        birth_date="1980-05-01",
        sex="female",
    )
    party: dict[str, Any] = {"party": changed.get("party", "insurer")} if role == "partner" else {}
    return accounts.create_account(
        role,
        person,
        "",
        language=changed.get("language", "fr"),
        state="active",
        hashed=UNUSABLE,
        party_rights=rights if role == "partner" else (),
        **party,
    )


def make_booker(category: str = "fr_resident", **changed: str) -> Booker:
    """A patient of a category, as bookings see them."""
    account = make_account(**changed)
    return Booker(
        account.id, account.person_id, PatientFacts(category=category, birth_date=dt.date(1980, 5, 1), country="FR")
    )


NO_ILLNESS = ("personal_history", "family_history", "allergies", "medicines")
BODY = {
    "height": "172", "weight": "70", "blood_group": "O+", "eye_colour": "green", "hair_colour": "brown", "skin_colour": "fair",
}  # fmt: skip


def fill_profile(account_id: uuid.UUID, dependant_id: uuid.UUID | None = None) -> None:
    """Answer the mandatory registers of a health profile, with “none” where that is an answer."""
    subject = record.subject_of(account_id, dependant_id)
    author = record.Author(account_id)
    record.write_entry(subject, "biometrics", BODY, author)
    for code in NO_ILLNESS:
        record.declare_none(subject, code, author)


def make_professional(
    country: str = "FR",
    kind: str = "physician",
    practitioner: uuid.UUID | None = None,
    service: str = "in_person",
    number: str | None = None,
    grid: int = 20,
    minutes: int = 20,
) -> SimpleNamespace:
    """A listed professional: `pro`, `practice`, `reason`, `account`; open every day from 9 to 12. Commits."""
    account = make_account("professional", first_name="Éloïse", last_name=f"Châtelet{next(_numbers)}")
    practitioner_id = practitioner or directory.link_practitioner([(country, number)] if number else [])
    pro = directory.open_profile(
        account_id=account.id,
        practitioner_id=practitioner_id,
        name=f"Éloïse Châtelet{next(_numbers)}",
        title="Dr",
        specialty="general_practice",
        kind=kind,
        country=country,
        services=["in_person", "video_consultation"],
    )
    zone = {"FR": "Europe/Paris", "LU": "Europe/Luxembourg"}[country]
    if service == "in_person":
        practice = directory.add_practice(
            pro,
            mode="in_person",
            name="Cabinet",
            street="1 rue A",
            postal_code="57000",
            city="Metz",
            country=country,
            time_zone=zone,
        )
    else:
        practice = directory.add_practice(pro, mode="virtual", name="Video", country=country, time_zone=zone)
    reason = directory.add_reason(
        pro, label="Consultation", service=service, duration_minutes=minutes, price_cents=3000
    )
    for weekday in range(1, 8):
        hours.add_hours(
            pro, practice, weekday=weekday, opens=dt.time(9), closes=dt.time(12), grid_minutes=grid, services=[service],
            valid_from=dt.date(2026, 1, 1),
        )  # fmt: skip
    db.session.commit()
    return SimpleNamespace(pro=pro, practice=practice, reason=reason, account=account)


def choice(made: SimpleNamespace, starts_at: dt.datetime) -> dict[str, Any]:
    """The arguments of a booking with that professional."""
    return {
        "professional_id": made.pro.id,
        "reason_id": made.reason.id,
        "practice_id": made.practice.id,
        "starts_at": starts_at,
    }


def signed_in(browser: Browser, tenant_id: int, role: str = "patient", language: str = "fr") -> Account:
    """Give a browser an open session of a fresh account of a role that accepted what must be accepted. Commits."""
    with entered(tenant_id):
        account = make_account(
            role, first_name="Canary", last_name=f"Leak{tenant_id}x{next(_numbers)}", language=language
        )
        _sign_in(browser, account)
    return account


def sign_in_as(browser: Browser, tenant_id: int, account: Account) -> None:
    """Give a browser an open session of an account that accepted what must be accepted. Commits."""
    with entered(tenant_id):
        _sign_in(browser, account)


def session_of(account: Account) -> str:
    """The token of a fresh session of an account that accepted what must be accepted. Commits; the session holds no object after."""
    consent.accept(account.id, consent.to_accept(), language=account.language, way="registration")
    token = sessions.open_session(account, "password+code")
    db.session.commit()
    db.session.expunge_all()
    return token


def _sign_in(browser: Browser, account: Account) -> None:
    token = session_of(account)
    browser.client.set_cookie(sessions.COOKIE, token, domain=browser.host)


@dataclass(frozen=True)
class Twin:
    """One of two portals that hold similar data: an account of every role, and a professional who can be booked.

    `accounts` holds ids by role; `bookable` is what `make_professional` made.
    """

    view: TenantView
    accounts: Mapping[str, uuid.UUID]
    bookable: SimpleNamespace

    @property
    def slug(self) -> str:
        return self.view.slug

    def sign_in(self, browser: Browser, role: str) -> None:
        """Give a browser of this portal a session of the account of a role. Raises KeyError for an unknown role."""
        with entered(self.view.id):
            account = db.session.get(Account, (self.view.id, self.accounts[role]))
            assert account is not None
            _sign_in(browser, account)


def make_twin(view: TenantView) -> Twin:
    """People of every role, by the same names and addresses in each portal that is given. Commits."""
    with entered(view.id):
        accounts = {
            role: make_account(role, first_name="Anna", last_name=f"Zwilling-{role}", email=f"{role}@example.org").id
            for role in ROLES
        }
        bookable = make_professional()
        db.session.commit()
        db.session.expunge_all()
    return Twin(view, accounts, bookable)
