"""Opening an account: what is asked, what is refused, what is stored, the link."""

import dataclasses
import datetime as dt
import json

import pytest
from flask import g
from sqlalchemy import func, select
from werkzeug.exceptions import NotFound

from core import clock
from core.audit.models import AuditEntry
from core.consent.models import Acceptance
from core.db import db
from core.identity import accounts
from core.identity.models import Account
from core.identity.registration import register_patient

PASSWORD = "quince lantern orbit veil"


def main(answer):
    """What stands between the frame's header and footer."""
    return answer.get_data(as_text=True).split("<main", 1)[1].split("</main", 1)[0]


def count(model):
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def sent(browser):
    answer = browser.follow(browser.last)
    assert "mailbox" in browser.text(answer)


@pytest.mark.rule("CB-008", "CB-061", "CB-080")
def test_the_form_warns_first_has_empty_boxes_and_asks_for_no_money(browse):
    page = main(browse().get("/register/patient"))
    assert page.index("They are sensitive") < page.index('type="submit">Open my account')
    assert page.count('name="accept_') == 3
    assert " checked" not in page
    assert 'autocomplete="cc-' not in page and "payment" not in page.lower()


@pytest.mark.rule("CB-061", "CB-081", "CB-082", "CB-087", "CB-278", "CB-059")
def test_from_the_form_to_an_open_account(browse, mail, link_in, patient_form, rows):
    b = browse()
    b.post("/register/patient", patient_form())
    sent(b)
    account, acceptances = rows(
        lambda: (accounts.by_email("Eloise@Example.org"), list(db.session.execute(select(Acceptance)).scalars()))
    )
    assert account.state == "pending_confirmation"
    assert b"loise" not in account.sealed
    assert {(a.document, a.version, a.way) for a in acceptances} == {
        (code, "2026-11", "registration")
        for code in ("terms_of_use_and_sale", "information_and_consent_notice", "cookie_policy")
    }
    assert all(a.account_id == account.id and len(a.digest) == 64 for a in acceptances)

    (body,) = mail("eloise@example.org", "Confirm")
    link = link_in(body)
    assert "48 hours" in body
    # Before the link is opened nobody gets in, and looking at the link changes nothing.
    refused = b.post("/sign-in", {"email": "eloise@example.org", "password": PASSWORD})
    assert refused.status_code == 422
    assert "confirmation link" in b.text(refused)
    assert b.get(link).status_code == 200
    # Activation without the consent leaves the account closed.
    again = b.post(link, {})
    assert again.status_code == 422
    assert rows(lambda: accounts.by_email("eloise@example.org")).state == "pending_confirmation"
    b.post(link, {"accept_information_and_consent_notice": "2026-11"})
    assert "Your account is open" in b.text(b.follow(b.last))
    account, activation = rows(
        lambda: (
            accounts.by_email("eloise@example.org"),
            db.session.execute(select(Acceptance).where(Acceptance.act_kind == "activation")).scalar_one(),
        )
    )
    assert account.state == "active"
    assert (activation.document, activation.version) == ("information_and_consent_notice", "2026-11")
    # A link works once.
    assert b.get(link).status_code == 410
    assert b.post(link, {"accept_information_and_consent_notice": "2026-11"}).status_code == 410


def test_a_link_that_is_old_or_replaced_is_gone(browse, mail, link_in, patient_form, rows):
    b = browse()
    b.post("/register/patient", patient_form())
    first = link_in(mail("eloise@example.org", "Confirm")[0])
    b.post("/password/forgot", {"email": "eloise@example.org"})
    second = link_in(mail("eloise@example.org", "Confirm")[0])
    assert first != second
    assert b.get(first).status_code == 410
    with clock.at(clock.now() + dt.timedelta(hours=48, seconds=1)):
        assert b.get(second).status_code == 410
    assert b.get(second).status_code == 200
    assert b.get("/confirm/nonsense").status_code == 410


@pytest.mark.rule("CB-081")
@pytest.mark.parametrize("field", ["first_name", "last_name", "phone", "email", "birth_date", "sex", "password"])
def test_each_required_field_is_named_when_missing(browse, patient_form, rows, field):
    b = browse()
    answer = b.post("/register/patient", patient_form(**{field: None}))
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in b.text(answer)
    assert rows(lambda: count(Account)) == 0


@pytest.mark.rule("CB-062")
@pytest.mark.parametrize("box", ["terms_of_use_and_sale", "information_and_consent_notice", "cookie_policy"])
def test_each_document_is_a_separate_act_and_one_missing_stores_nothing(browse, patient_form, rows, box):
    b = browse()
    answer = b.post("/register/patient", patient_form(**{f"accept_{box}": None}))
    assert answer.status_code == 422
    assert f'href="#f-accept_{box}"' in b.text(answer)
    assert rows(lambda: (count(Account), count(Acceptance))) == (0, 0)


def test_a_box_of_another_version_is_no_agreement_to_this_one(browse, patient_form, rows):
    assert browse().post("/register/patient", patient_form(accept_cookie_policy="2020-01")).status_code == 422
    assert rows(lambda: count(Account)) == 0


@pytest.mark.rule("CB-050")
def test_a_minor_alone_gets_no_account_and_is_told_what_to_do(browse, patient_form, rows):
    b = browse()
    today = clock.today("Europe/Paris")
    tomorrow18 = today.replace(year=today.year - 18) + dt.timedelta(days=1)
    answer = b.post("/register/patient", patient_form(birth_date=tomorrow18.isoformat()))
    assert answer.status_code == 422
    assert "parent or guardian" in b.text(answer)
    assert rows(lambda: count(Account)) == 0
    b.post("/register/patient", patient_form(birth_date=today.replace(year=today.year - 18).isoformat()))
    sent(b)


@pytest.mark.rule("CB-077")
def test_organisations_cannot_be_users(browse, patient_form, rows, person):
    b = browse()
    assert b.get("/register/organisation").status_code == 404
    b.post("/register/patient", patient_form(role="organisation", kind="company"))
    assert rows(lambda: accounts.by_email("eloise@example.org")).role == "patient"
    with pytest.raises(ValueError, match="organisation"):
        rows(lambda: accounts.create_account("organisation", person(), PASSWORD, language="en"))


HOSTILE = [
    ("first_name", "<script>alert(1)</script>"),
    ("first_name", "A" * 81),
    ("last_name", "{{7*7}}"),
    ("last_name", "1234"),
    ("email", "no address"),
    ("email", "a@b.org\nBcc: all@example.org"),
    ("email", "x" * 300 + "@example.org"),
    ("phone", "12"),
    ("phone", "+33 1 42 68 53 00"),
    ("birth_date", "31/02/1980"),
    ("birth_date", "9999-01-01"),
    ("birth_date", "1785-07-12"),
    ("birth_date", "12.7.85"),
    ("sex", "unknown"),
    ("residence", "ZZ"),
    ("password", "short"),
    ("password", "aaaaaaaaaaaaaaaa"),
    ("password", "éloïse-has-a-long-password"),
    ("password", "x" * 129),
]


@pytest.mark.parametrize(("field", "value"), HOSTILE)
def test_hostile_overlong_and_wrong_values_are_refused_in_words(browse, patient_form, rows, field, value):
    b = browse()
    answer = b.post("/register/patient", patient_form(**{field: value}))
    page = b.text(answer)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in page
    assert "<script>alert" not in page
    assert rows(lambda: count(Account)) == 0


def test_a_birth_date_in_the_future_is_told_as_such(browse, patient_form):
    b = browse()
    answer = b.post("/register/patient", patient_form(birth_date="2099-01-01"))
    assert "lies in the future" in b.text(answer)


def test_nothing_typed_is_lost_but_the_password(browse, patient_form):
    b = browse()
    page = main(b.post("/register/patient", patient_form(sex=None, birth_date_day="1")))
    assert 'value="N&#39;Diaye-Müller"' in page
    assert 'value="12"' in page and 'value="1985"' in page
    assert page.count(" checked") == 4
    assert PASSWORD not in page


def test_a_date_of_three_fields_is_put_together(browse, patient_form, rows):
    b = browse()
    b.post(
        "/register/patient",
        patient_form(birth_date=None, birth_date_day="2", birth_date_month="3", birth_date_year="1990"),
    )
    sent(b)
    assert rows(lambda: accounts.person(accounts.by_email("eloise@example.org"))).birth_date == "1990-03-02"


def test_a_known_address_sees_the_same_and_its_owner_is_told(browse, mail, account, patient_form, rows):
    account(email="eloise@example.org")
    b = browse()
    answer = b.post("/register/patient", patient_form())
    fresh = browse().post("/register/patient", patient_form(email="other@example.org"))
    assert (answer.status_code, answer.headers["Location"]) == (fresh.status_code, fresh.headers["Location"])
    assert len(mail("eloise@example.org", "already have")) == 1
    assert rows(lambda: count(Account)) == 2


@pytest.mark.rule("CB-070")
def test_a_changed_birth_date_leaves_both_values_author_and_time(signed_in, account, rows):
    made = account()
    b = signed_in(made)
    form = {
        "first_name": "Anna",
        "last_name": "Schmit",
        "sex": "female",
        "email": "anna@example.org",
        "phone": "+33612345678",
    }
    b.post("/account", form | {"birth_date": "1984-07-12"})
    assert b.last.status_code == 302

    def trail():
        entry = db.session.execute(
            select(AuditEntry).where(AuditEntry.action == "account.birth_date_changed")
        ).scalar_one()
        mine = accounts.by_id(made.id)
        details = json.loads(entry.details)
        return entry, accounts.read_birth_date(mine, details["old"]), accounts.read_birth_date(mine, details["new"])

    entry, old, new = rows(trail)
    assert (old, new) == ("1985-07-12", "1984-07-12")
    assert (entry.actor_kind, entry.actor_id) == ("account", str(made.id))
    assert "1984" not in entry.details


def test_a_new_address_counts_once_its_link_is_opened(signed_in, account, mail, link_in, rows, browse):
    made = account()
    b = signed_in(made)
    form = {
        "first_name": "Anna",
        "last_name": "Schmit",
        "sex": "female",
        "phone": "+33612345678",
        "birth_date": "1985-07-12",
    }
    without = b.post("/account", form | {"email": "new@example.org"})
    assert without.status_code == 422
    b.post("/account", form | {"email": "new@example.org", "password": PASSWORD})
    assert b.last.status_code == 302
    assert rows(lambda: accounts.by_email("new@example.org")) is None
    link = link_in(mail("new@example.org")[0])
    assert browse().get(link).status_code == 200
    assert rows(lambda: accounts.by_email("new@example.org")) is None
    browse().post(link)
    assert rows(lambda: accounts.by_email("new@example.org")).id == made.id
    assert browse().post(link).status_code == 410


@pytest.mark.rule("CB-299")
def test_no_function_changes_the_holder_of_an_account(app):
    rules = {r.rule for r in app.url_map.iter_rules() if r.endpoint.startswith("identity.")}
    assert not [r for r in rules if "transfer" in r or "holder" in r or "owner" in r]


def test_many_registrations_from_one_place_are_slowed(inside, app, patient_form):
    outcomes = []
    for n in range(25):
        outcomes.append(register_patient(patient_form(email=f"p{n}@example.org"), language="en", ip="203.0.113.9"))
    assert outcomes[0].done
    assert "form" in outcomes[-1].errors
    assert register_patient(patient_form(email="q@example.org"), language="en", ip="203.0.113.10").done


def test_nobody_registers_at_the_console(app, inside, frontalia, patient_form):
    console = dataclasses.replace(frontalia, slug="console")
    g.tenant = console
    with pytest.raises(NotFound):
        register_patient(patient_form(), language="en", ip="203.0.113.9")
    g.tenant = frontalia
    assert register_patient(patient_form(), language="en", ip="203.0.113.9").done
