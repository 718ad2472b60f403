"""What everybody may read: the officer, the policy, recipients, purposes, subcontractors, periods; duties and reports."""

from __future__ import annotations

import html
import re

import pytest

from core.db import db
from core.identity.models import SecurityReport
from core.privacy import recipients, reports


def words(answer):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))))


@pytest.mark.rule("IA-100", "IA-063")
def test_the_officers_addresses_stand_on_the_privacy_page(browse, frontalia):
    page = words(browse().get("/privacy"))
    told = frontalia.config["data_protection"]
    assert told["email"] in page and told["postal_address"] in page and told["officer_name"] in page


@pytest.mark.rule("CB-274")
def test_who_hosts_and_who_runs_the_portal_is_published(browse, frontalia):
    page = words(browse().get("/privacy"))
    for s in frontalia.config["data_protection"]["subcontractors"]:
        assert s["name"] in page
    assert "Hosting of the data" in page and "Running the installation" in page


@pytest.mark.rule("CB-277", "CB-281")
def test_purposes_and_recipients_are_the_lists_that_bind(browse):
    page = words(browse().get("/privacy"))
    for message in (*recipients.PURPOSES.values(), *recipients.RECIPIENTS.values()):
        assert str(message.msgid) in page


@pytest.mark.rule("IA-095")
def test_the_periods_are_published(browse):
    page = words(browse().get("/privacy"))
    assert "Reports of anomalies and misuse 12 months, after they were handled" in page


@pytest.mark.rule("IA-104")
def test_the_policy_opens_for_a_visitor_and_from_the_account(browse, anna, sign, frontalia):
    visitor = browse()
    link = "/legal/information_and_consent_notice"
    assert f'href="{link}"' in visitor.text(visitor.get("/privacy"))
    browser = sign(anna)
    assert f'href="{link}"' in browser.text(browser.get("/account"))
    current = frontalia.bundle["legal"]["information_and_consent_notice"]["version"]
    for one in (visitor, browser):
        answer = one.get(link)
        assert answer.status_code == 200 and f"Version {current}" in words(answer)


@pytest.mark.rule("IA-021")
@pytest.mark.parametrize("path", ["/", "/professionals", "/pages/help", "/sign-in", "/register/patient"])
def test_both_documents_are_one_click_from_every_page(browse, anna, sign, path):
    documents = ("terms_of_use_and_sale", "information_and_consent_notice")
    visitor, browser = browse(), sign(anna)
    for one, where in ((visitor, path), (browser, "/account"), (browser, "/record")):
        foot = one.text(one.get(where)).split("<footer")[1]
        for code in documents:
            assert f'href="/legal/{code}"' in foot
    for code in documents:
        assert "in force since" in words(visitor.get(f"/legal/{code}"))


@pytest.mark.rule("IA-105")
def test_the_help_page_shows_the_duties_and_takes_a_report_with_a_reference(browse, anna, sign):
    assert "Your part in security" not in words(browse().get("/pages/help"))
    browser = sign(anna)
    page = words(browser.get("/pages/help"))
    assert "tell them to nobody" in page and "Never use the login or the password of another person" in page
    sent = browser.post("/account/privacy/report", {"what": "The calendar shows another day."})
    assert sent.status_code == 302
    row = db.session.query(SecurityReport).one()
    reference = reports.reference_of(row.id)
    assert reference in words(browser.get(sent.headers["Location"]))
    assert b"calendar" not in row.sealed
    assert [r.reference for r in reports.everybody()] == [reference]


@pytest.mark.parametrize("what", ["", "   ", "x" * 4001])
def test_an_empty_or_endless_report_is_refused(anna, sign, what):
    assert sign(anna).post("/account/privacy/report", {"what": what}).status_code == 422
    assert db.session.query(SecurityReport).count() == 0


def test_a_reference_in_the_address_that_is_not_ones_own_is_not_repeated(anna, sign):
    browser = sign(anna)
    assert "is recorded under" not in browser.text(browser.get("/account/privacy/report?sent=A-CANARY"))


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_the_page_opens_in_every_language(browse, language):
    assert browse("frontalia", language).get("/privacy").status_code == 200
