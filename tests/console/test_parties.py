"""Accounts of parties: invited from the console, opened by a link, held to their party and their rights (IA-002)."""

from __future__ import annotations

import re
import uuid

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from core.audit.models import AuditEntry
from core.db import db
from core.identity import accounts, parties, party_accounts, recovery
from core.identity.accounts import UnknownAccount
from core.identity.models import Account
from core.identity.party_accounts import Invitation
from core.tenancy.current import entered
from core.testing.browser import Browser
from core.testing.makers import make_account, sign_in_as

PASSWORD = "quince lantern orbit veil"
LIST = "/console/portals/frontalia/parties"
FORM = {
    "party": "insurer",
    "first_name": "Claire",
    "last_name": "Horizon",
    "email": "claire@assureur.example",
    "phone": "+33 6 12 34 56 78",
    "rights": ["edit_portal", "see_figures"],
}


def link_in(inbox) -> str:
    return next(m for m in (re.search(r"/invitation/[\w-]+", i.body_text) for i in inbox()) if m).group(0)


@pytest.mark.rule("IA-002", "CB-116")
def test_from_the_invitation_to_a_session_with_two_factors(app, operator, inbox, frontalia):
    assert operator.post(LIST, FORM).status_code == 302
    link = link_in(inbox)
    visitor = Browser(app, "frontalia.localhost")
    page = visitor.text(visitor.get(link))
    assert "Insurer" in page and "Edit the portal" in page
    weak = visitor.post(link, {"password": "claire"})
    assert weak.status_code == 422 and "characters" in visitor.text(weak)
    assert visitor.post(link, {"password": PASSWORD}).status_code == 302
    assert visitor.get(link).status_code == 410
    visitor.post("/sign-in", {"email": FORM["email"], "password": PASSWORD})
    assert visitor.last.headers["Location"].endswith("/sign-in/code")
    code = next(re.search(r"\b\d{6}\b", i.body_text) for i in inbox() if re.search(r"\b\d{6}\b", i.body_text)).group(0)
    visitor.post("/sign-in/code", {"code": code})
    assert visitor.last.status_code == 302
    with entered(frontalia.id):
        account = accounts.by_email(FORM["email"])
        assert (account.role, account.party, account.state) == ("partner", "insurer", "active")
        assert "party.invited" in [r.action for r in db.session.query(AuditEntry)]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"party": "bank"}, "choose a party"),
        ({"party": ""}, "choose a party"),
        ({"party": "health_data_host"}, "cannot have the right"),
        ({"party": "assister"}, "cannot have the right"),
        ({"email": "no-address"}, "name@example.org"),
        ({"phone": "12"}, "phone"),
        ({"first_name": ""}, "Please fill this in"),
        ({"last_name": "<script>"}, "letters"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(operator, inbox, changed, words):
    answer = operator.post(LIST, FORM | changed)
    body = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in body
    assert ("claire@assureur.example" in body) == ("email" not in changed)
    assert inbox() == []


def test_an_address_that_has_an_account_gets_no_second_one(operator, inbox, frontalia):
    with entered(frontalia.id):
        make_account("patient", email=FORM["email"])
        db.session.commit()
    answer = operator.post(LIST, FORM)
    assert answer.status_code == 422
    assert "already has an account" in answer.get_data(as_text=True)


def test_an_invitation_that_was_lost_is_sent_again_and_the_first_link_dies(app, operator, inbox, frontalia):
    assert operator.post(LIST, FORM).status_code == 302
    first = link_in(inbox)
    with entered(frontalia.id):
        who = accounts.by_email(FORM["email"]).id
    assert operator.post(f"{LIST}/{who}/again").status_code == 302
    assert link_in(inbox) != first
    visitor = Browser(app, "frontalia.localhost")
    assert visitor.get(first).status_code == 410
    # Somebody who forgot that they never chose a password is helped by the same page as all others.
    with entered(frontalia.id):
        recovery.forgot(FORM["email"], "198.51.100.7")
        db.session.commit()
    assert visitor.get(link_in(inbox)).status_code == 200


def test_rights_change_at_once_and_an_access_can_be_taken_away(app, operator, frontalia):
    browser = Browser(app, "frontalia.localhost")
    with entered(frontalia.id):
        account = make_account("partner", rights=("see_figures",))
        db.session.commit()
    sign_in_as(browser, frontalia.id, account)
    assert browser.get("/partner/texts").status_code == 403
    assert operator.post(f"{LIST}/{account.id}/rights", {"rights": ["edit_portal"]}).status_code == 302
    assert browser.get("/partner/texts").status_code == 200
    assert operator.yes(f"{LIST}/{account.id}/end").status_code == 302
    assert "/sign-in" in browser.get("/partner/texts").headers["Location"]


def test_a_right_beyond_the_party_is_refused_and_counts_for_nothing(operator, frontalia):
    with entered(frontalia.id):
        account = make_account("partner", party="assister", rights=("edit_portal", "see_figures"))
        db.session.commit()
        assert parties.effective(account.party, account.party_rights) == {"see_figures"}
    answer = operator.post(f"{LIST}/{account.id}/rights", {"rights": ["edit_portal"]})
    assert answer.status_code == 422
    assert "cannot have the right" in answer.get_data(as_text=True)


@pytest.mark.rule("IA-002")
@pytest.mark.parametrize(
    ("party", "edits"),
    [("operator", True), ("insurer", True), ("publisher", True), ("assister", False), ("health_data_host", False)],
)
def test_what_an_account_may_see_follows_from_its_party(app, frontalia, portals, party, edits):
    """The same portal, the same rights written on the account: the answer is the party's."""
    browser = Browser(app, "frontalia.localhost")
    with entered(frontalia.id):
        account = make_account("partner", party=party)
        db.session.commit()
    sign_in_as(browser, frontalia.id, account)
    assert browser.get("/partner/").status_code == 200
    assert browser.get("/partner/texts").status_code == (200 if edits else 403)


def test_ids_of_others_are_absent(operator, frontalia):
    with entered(frontalia.id):
        patient = make_account("patient").id
        db.session.commit()
    for who in (patient, uuid.uuid4()):
        for act in ("again", "rights"):
            assert operator.post(f"{LIST}/{who}/{act}").status_code == 404
        assert operator.post(f"{LIST}/{who}/end", {"confirmed": "yes"}).status_code == 404
    assert operator.post(f"{LIST}/nonsense/again").status_code == 404
    with entered(frontalia.id), pytest.raises(UnknownAccount):
        party_accounts.end(patient, "operator")


def test_the_database_knows_no_partner_without_a_party_and_no_party_without_a_partner(inside):
    with pytest.raises(ValueError, match="one party"):
        accounts.create_account(
            "partner", accounts.Person("A", "B", "a@b.example", "", "", ""), "", language="fr", hashed="!"
        )
    with pytest.raises(ValueError, match="one party"):
        accounts.create_account(
            "patient",
            accounts.Person("A", "B", "a@b.example", "", "", ""),
            "",
            language="fr",
            hashed="!",
            party="insurer",
        )
    patient = make_account("patient")
    db.session.commit()
    for values in ({"party": "insurer"}, {"role": "partner"}, {"role": "partner", "party": "bank"}):
        with pytest.raises(IntegrityError):
            db.session.execute(update(Account).where(Account.id == patient.id).values(**values))
        db.session.rollback()


def test_a_view_cannot_ask_for_what_does_not_exist():
    for rights, whose in ((("see_all",), ("insurer",)), (("edit_portal",), ("bank",))):
        with pytest.raises(ValueError, match="no such right or party"):
            parties.partner_view(*rights, parties=whose)


def test_nobody_gets_a_second_link_with_a_password_of_somebody_else(inside, inbox):
    _account, errors = party_accounts.invite(
        Invitation("insurer", ["edit_portal"], "Claire", "Horizon", "c@assureur.example", "+33612345678"), "operator"
    )
    db.session.commit()
    assert errors == {}
    assert [m.body_text.count("/invitation/") for m in inbox()] == [1]
    with pytest.raises(LookupError):
        party_accounts.accept("nonsense", PASSWORD)
