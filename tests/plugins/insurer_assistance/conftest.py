"""A mutual's portal, with people who are covered and a care team."""

from __future__ import annotations

import contextvars
import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask.globals import _cv_app

from core.consent import service as consent
from core.db import db
from core.identity import accounts
from core.identity.accounts import Person
from core.tenancy import current
from core.testing import makers
from core.testing.browser import Browser
from plugins.insurer_assistance import listing, members, team
from plugins.insurer_assistance.models import Member
from plugins.insurer_assistance.requesting import Wanted

_numbers = itertools.count(1)
TUESDAY = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


def letters(number: int) -> str:
    """A number as letters: names have no digits."""
    return "".join(chr(ord("A") + int(digit)) for digit in str(number))


@pytest.fixture
def mutual(
    portal_with: Callable[..., current.TenantView], staged: Callable[[str, Callable[[], Any]], Any]
) -> Iterator[current.TenantView]:
    """Inside a portal with the assistance, at the contract's figures."""
    made = staged("mutual", lambda: portal_with("jurisdiction_fr", "insurer_assistance", slug="mutuelle").id)
    with current.entered(made) as entered:
        yield entered


@pytest.fixture
def member(mutual: current.TenantView) -> Callable[..., SimpleNamespace]:
    """Somebody who is covered, with an account: `account`, `member`, `number`."""

    def make(role: str = "insured", **changed: Any) -> SimpleNamespace:
        n = next(_numbers)
        born = changed.pop("born", dt.date(1980, 5, 1))
        person = Person(
            "Léa", f"Du-Pré {letters(n)}", f"lea{n}@example.org", "+33639980001", born.isoformat(), "female"
        )
        account = accounts.create_account(
            "patient", person, "", language="fr", state="active", country="FR", hashed="!"
        )
        consent.accept(account.id, consent.missing(account.id), language="fr", way="express")
        line = {
            "number": f"M{n}",
            "contract_number": f"C{n}",
            "last_name": person.last_name,
            "first_name": person.first_name,
            "birth_date": born,
            "role": role,
            "opens_on": dt.date(2026, 1, 1),
            **changed,
        }
        found: Member = listing.put(listing.Listed(**line), "file")
        assert members.link(found, account.id, None) == ""
        db.session.commit()
        return SimpleNamespace(account=account, member=found, number=line["number"], contract=line["contract_number"])

    return make


@pytest.fixture
def doctor(mutual: current.TenantView) -> Callable[..., SimpleNamespace]:
    """A general practitioner of the team."""

    def make(**changed: Any) -> SimpleNamespace:
        made = makers.make_professional()
        made.pro.services = ["assistance_teleconsultation"]
        db.session.flush()
        facts = {
            "registered": True,
            "practises_in_country": True,
            "engaged_from": "2026-01-01",
            "engaged_until": None,
            "by": "tests",
            **changed,
        }
        team.set_facts(made.account.id, team.DOCTOR, **facts)
        db.session.commit()
        return made

    return make


def wanted(someone: SimpleNamespace, **changed: Any) -> Wanted:
    """A request by the web, as plain as can be."""
    return Wanted(
        **{
            "account_id": someone.account.id,
            "dependant_id": None,
            "channel": "web",
            "reason": "general",
            "words": "Je tousse depuis trois jours.",
            "contact": "phone",
            "kind": "now",
            "country": "FR",
            "phone": "+33639980001",
            "emergency": False,
            "treating_doctor_unavailable": True,
            **changed,
        }
    )


@pytest.fixture
def ask_for() -> Callable[..., Wanted]:
    return wanted


def call(someone: SimpleNamespace, **changed: Any) -> dict[str, str]:
    """What an agent types when that person calls, all of it noted."""
    who = accounts.person_of(someone.account.id)
    return {
        "emergency": "no",
        "last_name": who.last_name,
        "first_name": who.first_name,
        "birth_date": who.birth_date,
        "phone": "+33612345678",
        "postcode": "57000",
        "email": who.email,
        "contract": someone.contract,
        "who": "self",
        "informed": "yes",
        "in_person": "yes",
        "consent": "yes",
        "recording": "told",
        "reason": "general",
        "words": "Canari : je tousse depuis trois jours.",
        "contact": "phone",
        "kind": "now",
        "country": "FR",
        "doctor_away": "yes",
        "act": "save",
        **changed,
    }


@pytest.fixture
def call_of() -> Callable[..., dict[str, str]]:
    return call


@pytest.fixture
def staff(mutual: current.TenantView) -> Callable[..., Any]:
    """Somebody of the team: `staff("nurse")`, `staff("agent", listens=True)`; with the facts that make the role active."""

    def make(role: str, **changed: Any) -> Any:
        account = makers.make_account("professional")
        if role == team.NURSE:
            profile = makers.make_professional(kind="allied")
            profile.pro.specialty = "nurse"
            account = profile.account
        db.session.flush()
        facts = {
            "registered": True,
            "practises_in_country": True,
            "engaged_from": "2026-01-01",
            "engaged_until": None,
            "by": "tests",
        }
        team.set_facts(account.id, role, **{**facts, **changed})
        db.session.commit()
        return account

    return make


class Visitor(Browser):
    """A browser whose visits leave the context of the test as it is: as a server answers, on its own."""

    def get(self, path: str, **kwargs: Any) -> Any:
        return alone(lambda: super(Visitor, self).get(path, **kwargs))

    def post(self, path: str, data: dict[str, Any] | None = None, *, csrf: bool = True, **kwargs: Any) -> Any:
        return alone(lambda: super(Visitor, self).post(path, data, csrf=csrf, **kwargs))


def alone(call: Callable[[], Any]) -> Any:
    """Call without the application context that stands around."""

    def run() -> Any:
        _cv_app.set(None)  # type: ignore[arg-type]
        return call()

    return contextvars.copy_context().run(run)


@pytest.fixture
def visit(app: Any, mutual: current.TenantView) -> Callable[..., Browser]:
    """A browser on the mutual's portal, in which an account is signed in."""

    def make(account: Any = None) -> Browser:
        browser = Visitor(app, "mutuelle.localhost", "en")
        if account is not None:
            browser.client.set_cookie("portico_language", "en", domain="mutuelle.localhost")
            makers.sign_in_as(browser, mutual.id, account)
        return browser

    return make
