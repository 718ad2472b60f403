"""A mutual's portal, with people who are covered and a care team."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from core.consent import service as consent
from core.db import db
from core.identity import accounts
from core.identity.accounts import Person
from core.tenancy import current
from core.testing import makers
from plugins.insurer_assistance import listing, members, team
from plugins.insurer_assistance.models import Member
from plugins.insurer_assistance.requesting import Wanted

_numbers = itertools.count(1)
TUESDAY = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def mutual(portal_with: Callable[..., current.TenantView]) -> Iterator[current.TenantView]:
    """Inside a portal with the assistance, at the contract's figures."""
    view = portal_with("jurisdiction_fr", "insurer_assistance", slug="mutuelle")
    with current.entered(view.id) as entered:
        yield entered


@pytest.fixture
def member(mutual: current.TenantView) -> Callable[..., SimpleNamespace]:
    """Somebody who is covered, with an account: `account`, `member`, `number`."""

    def make(role: str = "insured", **changed: Any) -> SimpleNamespace:
        n = next(_numbers)
        born = changed.pop("born", dt.date(1980, 5, 1))
        person = Person("Léa", f"Du-Pré{n}", f"lea{n}@example.org", "+33639980001", born.isoformat(), "female")
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
