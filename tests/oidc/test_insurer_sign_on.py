"""The insurer's own sign-on, against a real provider: what it says of contract and member links the cover, and no other's."""

import copy
import datetime as dt

import pytest
from sqlalchemy import select

from core.audit.models import AuditEntry
from core.db import db
from core.tenancy import service

pytest.importorskip("plugins.insurer_assistance.arriving")
from plugins.insurer_assistance import arriving, listing, members
from plugins.insurer_assistance.models import Member

ANNA = {"sub": "anna", "given_name": "Anna", "family_name": "Schmit", "birthdate": "1985-07-12"}


@pytest.fixture
def insured(enable, bundles, portals, provider, rows):
    """The portal with the assistance and the insurer's sign-on; Anna is on the list."""

    def make(sources=("file", "oidc"), **changed):
        bundle = copy.deepcopy(bundles["frontalia"])
        bundle["config"]["identity"]["providers"] = [{
            "code": "insurer", "client_id": "portico-tests", "discovery": f"{provider.issuer}/.well-known/openid-configuration",
            "secret_env": "PORTICO_OIDC_FRONTALIA__HORIZON", "acr": ["eidas2"], "two_factors": [{"since": "2020-01-01", "acr": ["eidas2"]}],
        }]  # fmt: skip
        bundle["config"]["plugins"]["insurer_assistance"] = {
            "eligibility": {"sources": list(sources), "removal_confirm_percent": 10}
        }
        enable()
        service.store(bundle, "tests")
        line = {
            "number": "N1", "contract_number": "C-100", "last_name": "Schmit", "first_name": "Anna",
            "birth_date": dt.date(1985, 7, 12), "role": "insured", "opens_on": dt.date(2020, 1, 1),
        }  # fmt: skip
        rows(lambda: listing.put(listing.Listed(**(line | changed)), "file"))

    return make


def linked(rows):
    return rows(
        lambda: list(db.session.execute(select(Member.account_id).where(Member.account_id.is_not(None))).scalars())
    )


@pytest.mark.rule("IA-009")
@pytest.mark.parametrize("claims", [
    {"contract_number": "C-100", "member_number": "N1"}, {"member_number": "n1"}, {"numero_contrat": "c-100"},
])  # fmt: skip
def test_the_cover_is_linked_by_what_the_insurer_says(insured, provider, account, connect, rows, claims):
    insured()
    made = account()
    provider(person=ANNA | claims)
    connect(made, "insurer")
    assert linked(rows) == [made.id]


def test_a_later_sign_in_links_what_the_list_has_by_then(insured, provider, account, connect, sign_in, browse, rows):
    insured(last_name="Somebody else")
    made = account()
    provider(person=ANNA | {"member_number": "N2", "contract_number": "C-100"})
    connect(made, "insurer")
    assert linked(rows) == []
    rows(
        lambda: listing.put(
            listing.Listed("N2", "C-100", "Schmit", "Anna", dt.date(1985, 7, 12), "insured", dt.date(2020, 1, 1)),
            "file",
        )
    )
    assert sign_in(browse(), "/sign-in/with/insurer").status_code == 302
    assert linked(rows) == [made.id]


@pytest.mark.parametrize("claims", [
    {}, {"member_number": "N7"}, {"contract_number": "C-999"}, {"member_number": "N1", "contract_number": "C-999"}, {"member_number": ["N1"]},
    {"member_number": 1}, {"member_number": "N" * 300},
])  # fmt: skip
def test_claims_that_name_nobody_link_nothing_and_stop_nobody(insured, provider, account, connect, rows, claims):
    insured()
    provider(person=ANNA | claims)
    connect(account(), "insurer")
    assert linked(rows) == []


def test_another_persons_member_number_opens_no_cover(insured, provider, account, connect, rows):
    insured(first_name="Bertha")
    provider(person=ANNA | {"member_number": "N1", "contract_number": "C-100"})
    connect(account(), "insurer")
    assert linked(rows) == []
    entries = rows(
        lambda: [
            e.details
            for e in db.session.execute(
                select(AuditEntry).where(AuditEntry.action == "assistance.cover_not_linked")
            ).scalars()
        ]
    )
    assert len(entries) == 1 and '"reason":"another_person"' in entries[0]


def test_who_was_taken_off_or_a_portal_without_this_source_links_nothing(insured, provider, account, connect, rows):
    insured()
    rows(lambda: listing.take_off("N1"))
    provider(person=ANNA | {"member_number": "N1"})
    connect(account(), "insurer")
    assert linked(rows) == []
    rows(
        lambda: listing.put(
            listing.Listed("N1", "C-100", "Schmit", "Anna", dt.date(1985, 7, 12), "insured", dt.date(2020, 1, 1)),
            "file",
        )
    )
    insured(sources=("file",))
    provider(person=ANNA | {"sub": "again", "member_number": "N1"})
    connect(account(email="second@example.org"), "insurer")
    assert linked(rows) == []


def test_a_plugin_that_fails_there_stops_nobody(insured, provider, account, connect, rows, monkeypatch):
    def broken(*_asked):
        db.session.execute(select(Member.no_such_column))

    insured()
    monkeypatch.setattr(members, "of_person", broken)
    provider(person=ANNA | {"member_number": "N1"})
    connect(account(), "insurer")
    monkeypatch.undo()
    assert linked(rows) == []


def test_what_is_carried_is_this_and_no_more():
    assert set(arriving.PROVIDER.carried) == {"contract_number", "member_number"}


@pytest.mark.rule("IA-010")
def test_the_contract_number_stands_in_no_address_and_on_no_trail(
    insured, provider, account, connect, sign_in, browse, rows
):
    insured()
    provider(person=ANNA | {"member_number": "NSECRET1", "contract_number": "CSECRET1"})
    connect(account(), "insurer")
    answer = sign_in(browse(), "/sign-in/with/insurer")
    assert "SECRET" not in answer.headers["Location"] and "SECRET" not in str(answer.headers)
    kept = rows(lambda: [str(e.details) for e in db.session.execute(select(AuditEntry)).scalars()])
    assert not [k for k in kept if "SECRET" in k]
