"""What people decide for themselves: advertising, the consent to health data, directives after death; and the closed lists."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from sqlalchemy.exc import IntegrityError

from core import clock as instants
from core.consent import service as consent
from core.db import db
from core.identity import accounts, clients
from core.jobs import outbox
from core.notifications import marketing
from core.notifications.catalogue import TEMPLATES
from core.notifications.models import NotificationDelivery
from core.notifications.service import notify
from core.privacy import directives, evidence, recipients, service
from core.privacy.models import Directive, RightsRequest
from core.web.frame import Refused

NEWS = "account_validated"


@pytest.fixture
def campaign(monkeypatch):
    """A template of marketing that goes out on every channel; writes to one account."""
    template = dataclasses.replace(TEMPLATES[NEWS], purpose="marketing", channels=("in_app", "email", "sms"))
    monkeypatch.setitem(TEMPLATES, NEWS, template)

    def send(account_id):
        account = accounts.by_id(account_id)
        return notify(
            NEWS, account_id=account_id, person_id=account.person_id, to=accounts.recipient(account), link="/"
        )

    return send


def deliveries():
    db.session.expire_all()
    return sorted((d.channel, d.state) for d in db.session.query(NotificationDelivery))


# -- advertising -----------------------------------------------------------------------------------------------------


@pytest.mark.rule("IA-098")
def test_who_objects_is_out_of_the_next_campaign_and_of_its_profiling(anna, berta, sign, campaign):
    assert sign(anna).post("/account/privacy/marketing", {"objects": "yes"}).status_code == 302
    everybody = [anna.id, berta.id]
    assert marketing.audience(everybody) == [berta.id]
    assert marketing.campaign(everybody, campaign) == 1
    with pytest.raises(marketing.Objected):
        campaign(anna.id)


@pytest.mark.rule("IA-098")
def test_an_objection_holds_at_once_on_all_channels_also_for_what_waits(anna, campaign, inbox):
    campaign(anna.id)
    db.session.commit()
    assert deliveries() == [("email", "waiting"), ("sms", "waiting")]
    marketing.object_to(anna.id)
    db.session.commit()
    outbox.drain()
    assert deliveries() == [("email", "dropped"), ("sms", "dropped")]
    assert inbox() == []


@pytest.mark.rule("IA-098")
def test_what_a_service_needs_is_sent_all_the_same(anna, inbox):
    marketing.object_to(anna.id)
    service.file(anna.id, "access", "")
    db.session.commit()
    assert [m.subject for m in inbox()] == ["Your request was received"]


def test_an_objection_can_be_taken_back_and_made_again(anna, trail):
    for _n in range(2):
        marketing.object_to(anna.id)
    assert marketing.objection(anna.id) is not None
    marketing.lift(anna.id)
    marketing.lift(anna.id)
    assert marketing.objection(anna.id) is None
    marketing.object_to(anna.id)
    db.session.commit()
    assert [a for a, _d in trail("marketing.")] == [
        "marketing.objected",
        "marketing.objection_lifted",
        "marketing.objected",
    ]


# -- the consent to health data ----------------------------------------------------------------------------------------


@pytest.mark.rule("IA-099", "IA-089")
def test_a_withdrawn_consent_closes_services_and_both_acts_stay_as_evidence(anna, sign, doctor):
    browser = sign(anna)
    assert browser.get("/record").status_code == 200
    assert browser.post("/account/privacy/withdraw", {}).status_code == 422
    assert browser.get("/record").status_code == 200
    at = instants.now()
    assert browser.post("/account/privacy/withdraw", {"sure": "yes"}).status_code == 302
    for path in ("/record", "/consultations", "/professionals", "/home"):
        answer = browser.get(path)
        assert answer.status_code == 302 or path == "/professionals", path
    assert browser.get("/record").headers["Location"].startswith("/acceptances")
    with pytest.raises(Refused):
        consent.order_version(anna.id)
    assert accounts.by_id(anna.id).state == "active"
    kept = [(r.act, r.at >= at) for r in evidence.records(anna.id) if r.document == "information_and_consent_notice"]
    assert kept == [("registration", False), ("withdrawn", True)]
    # Rights over one's data do not end with the consent.
    assert browser.get("/account/privacy").status_code == 200
    assert browser.post("/privacy/requests/new", {"kind": "erasure", "words": "all"}).status_code == 302
    assert db.session.query(RightsRequest).count() == 1


@pytest.mark.rule("IA-099")
def test_a_consent_can_be_given_again(anna, sign):
    browser = sign(anna)
    browser.post("/account/privacy/withdraw", {"sure": "yes"})
    version = next(v for v in consent.to_accept() if v.consent)
    browser.post("/acceptances", {f"accept_{version.code}": version.version})
    assert browser.get("/record").status_code == 200


# -- directives after death ------------------------------------------------------------------------------------------

SPECIFIC = {"kind": "specific", "fate": "hand_over", "trusted": "Berta Specht", "words": "the whole file"}


@pytest.mark.rule("CB-286", "IA-097")
def test_directives_need_their_own_consent_and_are_read_back(anna, sign):
    browser = sign(anna)
    assert browser.post("/account/privacy/directives", SPECIFIC).status_code == 422
    assert db.session.query(Directive).count() == 0
    assert browser.post("/account/privacy/directives", SPECIFIC | {"consents": "yes"}).status_code == 302
    page = browser.text(browser.get("/account/privacy/directives"))
    assert "Berta Specht" in page and "the whole file" in page
    row = db.session.query(Directive).one()
    assert row.consented_at is not None and len(row.consent_digest) == 64
    assert b"Berta" not in row.sealed


@pytest.mark.rule("CB-286")
def test_directives_are_changed_and_revoked(anna, sign):
    browser = sign(anna)
    browser.post("/account/privacy/directives", SPECIFIC | {"consents": "yes"})
    browser.post("/account/privacy/directives", {"kind": "specific", "fate": "erase", "consents": "yes"})
    browser.post("/account/privacy/directives", {"kind": "general", "trusted": "Tiers Exemple, 4711"})
    found = directives.in_force(anna.id)
    assert (found["specific"].fate, found["general"].trusted) == ("erase", "Tiers Exemple, 4711")
    browser.post("/account/privacy/directives/revoke", {"kind": "specific"})
    assert set(directives.in_force(anna.id)) == {"general"}
    assert [d.fate for d in directives.history(anna.id) if d.kind == "specific"] == ["hand_over", "erase"]


@pytest.mark.parametrize(
    "form",
    [
        {"kind": "specific", "fate": "burn", "consents": "yes"},
        {"kind": "specific", "fate": "hand_over", "trusted": " ", "consents": "yes"},
        {"kind": "general", "trusted": ""},
        {"kind": "other"},
        {"kind": "specific", "fate": "keep", "words": "x" * 5001, "consents": "yes"},
    ],
)
def test_directives_that_cannot_be_kept(anna, sign, form):
    assert sign(anna).post("/account/privacy/directives", form).status_code == 422


@pytest.mark.rule("CB-286")
def test_the_database_keeps_no_specific_directives_without_consent(anna):
    db.session.add(
        Directive(account_id=anna.id, person_id=anna.person_id, kind="specific", sealed=b"x", set_at=instants.now())
    )
    with pytest.raises(IntegrityError):
        db.session.commit()
    db.session.rollback()


# -- the closed lists ------------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-277")
@pytest.mark.parametrize("purpose", ["marketing", "insurance_scoring", ""])
def test_another_purpose_is_refused_and_on_the_trail(anna, trail, purpose):
    with pytest.raises(Refused) as refusal:
        recipients.disclose("patient", purpose, anna.person_id, "access")
    assert refusal.value.status == 403
    assert trail("disclosure.") == [("disclosure.refused", {"recipient": "patient", "purpose": purpose})]


@pytest.mark.rule("CB-277")
def test_the_four_purposes_stand_and_a_survey_is_one_of_them(anna):
    assert set(recipients.PURPOSES) == {
        "service_delivery",
        "professional_invoicing",
        "operator_invoicing",
        "satisfaction",
    }
    recipients.check("patient", "satisfaction", anna.person_id)


@pytest.mark.rule("CB-281", "IA-093")
@pytest.mark.parametrize("recipient", ["partner_staff", "insurer", "employer", ""])
def test_whoever_is_not_on_the_list_receives_nothing_and_it_is_on_the_trail(anna, trail, recipient):
    with pytest.raises(Refused):
        recipients.disclose(recipient, "service_delivery", anna.person_id, "access")
    assert [a for a, _d in trail("disclosure.")] == ["disclosure.refused"]


@pytest.mark.rule("CB-281", "IA-093")
def test_a_partners_program_that_asks_for_health_data_is_refused_and_on_the_trail(app, inside, trail):
    client, _secret = clients.add("Insurer", ["decisions"])
    token = clients.TOKEN_PREFIX + "a" * 30
    clients.keep_token(client, token, ["decisions"])
    db.session.commit()
    for path in ("/api/v1/me", "/api/v1/consultations", "/record", "/privacy/requests/new"):
        call = app.test_client(use_cookies=False)
        headers = {"Host": "frontalia.localhost:8000", "Authorization": f"Bearer {token}"}
        assert call.get(path, headers=headers, base_url="http://frontalia.localhost:8000").status_code in (
            302,
            403,
            404,
        ), path
    refused = [d for a, d in trail("access.refused")]
    assert refused and all(d["role"] == "client" for d in refused)


@pytest.mark.rule("CB-281", "IA-093")
@pytest.mark.parametrize(
    ("role", "path"), [("professional", "/record"), ("operator", "/record"), ("patient", "/data-requests")]
)
def test_a_role_that_is_no_recipient_is_refused_and_on_the_trail(inside, sign, trail, role, path):
    from core.testing.makers import make_account

    account = make_account(role)
    assert sign(account).get(path).status_code == 403
    (entry,) = trail("access.refused")
    assert entry[1]["role"] == role and entry[1]["endpoint"]


def test_a_release_goes_to_the_patient_for_the_service(anna, trail):
    from core.privacy import answering

    row = service.file(anna.id, "portability", "")
    answering.answer(row.id, "operator-1", "")
    db.session.commit()
    assert trail("disclosure.made") == [
        ("disclosure.made", {"recipient": "patient", "purpose": "service_delivery", "what": "portability"})
    ]


def test_objections_of_years_ago_still_hold(anna, clock):
    clock.set(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    marketing.object_to(anna.id)
    db.session.commit()
    clock.set(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert marketing.audience([anna.id]) == []
