"""The mutual's own portal, live, by its pages: who comes, what each sees, and what nobody of the insurer ever sees."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from core.care.consultations import messages, reports
from core.care.consultations.models import Consultation
from core.consent import service as consent
from core.db import db
from core.identity import accounts, profile
from core.identity.accounts import Person
from core.identity.models import Account
from core.jobs import outbox
from core.jobs.models import OutboxMessage
from core.notifications.models import InboxMessage
from core.tenancy import current, service
from core.tenancy.loader import load_folder
from core.testing import makers
from core.testing.browser import Browser
from core.testing.plugin import TENANTS
from plugins.insurer_assistance import cases, doctoring, listing, members, requesting, team
from plugins.insurer_assistance.models import Case

X = "/x/insurer_assistance"
CANARY = "zinnober"


@pytest.fixture
def horizon(app: Flask, runtime: Any) -> current.TenantView:
    """The mutual's portal, live."""
    loaded = load_folder(TENANTS / "mutuelle-horizon", runtime)
    assert loaded.bundle is not None, [str(p) for p in loaded.problems]
    made = service.store(loaded.bundle, "tests")
    service.go_live("mutuelle-horizon", "tests")
    return current.view_by_id(made.tenant_id)


@pytest.fixture
def visit(app: Flask, horizon: current.TenantView) -> Callable[..., Browser]:
    """A browser on the portal, in English; signed in as an account where one is given."""

    def make(account: Account | None = None, language: str = "en") -> Browser:
        browser = Browser(app, "mutuelle-horizon.localhost", language)
        if account is not None:
            makers.sign_in_as(browser, horizon.id, account)
        return browser

    return make


@pytest.fixture
def lea(horizon: current.TenantView) -> Iterator[SimpleNamespace]:
    """An insured member with an account, reading English."""
    with current.entered(horizon.id):
        person = Person("Léa", "Moreau", "lea@example.org", "+33612345678", "1986-04-12", "female")
        account = accounts.create_account(
            "patient", person, "", language="en", state="active", country="FR", hashed="!"
        )
        profile.write(account, profile.Declared("FR", "", True))
        consent.accept(account.id, consent.to_accept(), language="en", way="registration")
        row = listing.put(
            listing.Listed("M1", "MH-1001", "Moreau", "Léa", dt.date(1986, 4, 12), "insured", dt.date(2025, 1, 1)),
            "file",
        )
        db.session.commit()
    yield SimpleNamespace(account=account, row=row)


@pytest.fixture
def barrois(horizon: current.TenantView) -> SimpleNamespace:
    """A general practitioner of the team."""
    with current.entered(horizon.id):
        made = makers.make_professional()
        made.pro.services = ["assistance_teleconsultation"]
        made.account.language = "en"
        team.set_facts(
            made.account.id, team.DOCTOR, registered=True, practises_in_country=True, engaged_from="2025-01-01",
            engaged_until=None, by="tests",
        )  # fmt: skip
        db.session.commit()
    return made


FORM = {
    "emergency": "no",
    "person": "self",
    "reason": "general",
    "words": f"A cough since Monday, {CANARY}.",
    "contact": "phone",
    "kind": "now",
    "country": "FR",
    "doctor_away": "yes",
}


def test_the_whole_way_through_pages(horizon, visit, lea, barrois):
    patient, doctor = visit(lea.account), visit(barrois.account)
    assert "Link my cover" in patient.get(f"{X}/").text
    assert patient.post(f"{X}/cover", {"person": "self", "contract": "MH-1001"}).status_code == 302
    assert "5 teleconsultations can still be asked for" in patient.get(f"{X}/").text
    sent = patient.post(f"{X}/ask", FORM)
    assert sent.status_code == 302
    case = re.search(r"/cases/([0-9a-f-]{36})", sent.headers["Location"]).group(1)
    assert "A doctor is being looked for" in patient.get(f"{X}/cases/{case}").text
    desk = doctor.get(f"{X}/desk").text
    assert case in desk
    assert "Moreau" not in desk  # who it is, is told to who takes it
    for path, body in (
        (f"{X}/desk/{case}/take", {}),
        (f"{X}/desk/{case}/attempt", {"result": "reached"}),
        (f"{X}/desk/{case}/hang-up", {}),
        (f"/requests/{case}/report", {"conclusion": "Rest and warm drinks."}),
    ):
        assert doctor.post(path, body).status_code == 302, path
    with current.entered(horizon.id):
        outbox.drain()
    page = patient.get(f"{X}/cases/{case}").text
    assert "The consultation took place" in page
    assert "Rest and warm drinks." in page
    assert "4 teleconsultations can still be asked for" in patient.get(f"{X}/").text


@pytest.mark.rule("IA-003", "IA-004", "IA-005", "IA-007", "IA-054", "IA-088", "IA-106", "IA-111")
def test_what_is_said_before_the_first_field(horizon, visit, lea):
    patient = visit(lea.account)
    patient.post(f"{X}/cover", {"person": "self", "contract": "MH-1001"})
    page = patient.get(f"{X}/ask").text
    before, _found, after = page.partition('name="emergency"')
    for words in (
        "This is not an emergency service.",
        "no medical device",
        "is not checked by the operator",
        "is needed: without it",
        "telephone and Internet costs stay with you",
        "Networks can fail",
        "At a distance, the doctor cannot check it",
    ):
        assert words in before, words
    for number in ("15", "17", "18", "112"):
        assert f'href="tel:{number}"' in before
    assert "€" not in after
    assert "pay" not in re.sub(r"<[^>]+>", "", after.partition("<footer")[0]).lower().split()


@pytest.mark.rule("IA-047", "IA-076")
def test_yes_to_an_emergency_shows_the_numbers_and_stops(horizon, visit, lea):
    patient = visit(lea.account)
    patient.post(f"{X}/cover", {"person": "self", "contract": "MH-1001"})
    answer = patient.follow(patient.post(f"{X}/ask", {**FORM, "emergency": "yes"}))
    assert "Please call the emergency services now" in answer.text
    assert 'href="tel:15"' in answer.text
    with current.entered(horizon.id):
        assert db.session.execute(select(Case.id)).first() is None


def test_nothing_typed_is_lost_when_something_is_wrong(visit, lea):
    patient = visit(lea.account)
    patient.post(f"{X}/cover", {"person": "self", "contract": "MH-1001"})
    page = patient.post(f"{X}/ask", {**FORM, "doctor_away": ""})
    assert page.status_code == 422
    assert CANARY in page.text
    assert "own doctor is away" in page.text


@pytest.mark.rule("IA-055")
def test_by_the_web_an_account_comes_first(visit):
    answer = visit().post(f"{X}/ask", FORM)
    assert answer.status_code in (302, 401)
    assert "/sign-in" in answer.headers.get("Location", "/sign-in")


@pytest.mark.rule("IA-056", "IA-048", "IA-051")
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"last_name": ""}, "last_name"),
        ({"first_name": ""}, "first_name"),
        ({"birth_date_year": ""}, "birth_date"),
        ({"phone": ""}, "phone"),
        ({"phone": "+33199001234"}, "phone"),
        ({"email": ""}, "email"),
        ({"postcode": ""}, "postcode"),
        ({"last_name": "SIREN 908 417 263"}, "last_name"),
    ],
)
def test_an_account_asks_for_six_facts_of_one_natural_person(horizon, visit, changed, field):
    typed = {
        "first_name": "Marc", "last_name": "Noël", "birth_date_day": "12", "birth_date_month": "4", "birth_date_year": "1980",
        "sex": "male", "email": "marc@example.org", "phone": "+33612345678", "postcode": "75011", "password": "Abcdefghi!",
        "undertaking": "yes", **changed,
    }  # fmt: skip
    page = visit().post("/register/patient", typed)
    assert page.status_code == 422
    assert f'id="f-{field}-error"' in page.text
    with current.entered(horizon.id):
        assert db.session.execute(select(Account.id)).first() is None


@pytest.mark.rule("IA-110", "IA-053", "IA-078")
def test_no_page_lists_or_promotes_a_professional(visit, lea, barrois):
    assert visit().get("/professionals").status_code == 404
    for path in ("/", f"{X}/", f"{X}/ask"):
        assert barrois.pro.name not in visit(lea.account).get(path).text


@pytest.mark.rule("IA-053")
def test_an_advertising_block_cannot_be_switched_on(horizon, runtime):
    """There is no kind of content for advertising: pages of a portal are those of a closed list."""
    loaded = load_folder(TENANTS / "mutuelle-horizon", runtime)
    assert loaded.bundle is not None
    kinds = set(loaded.bundle["content"])
    assert not [k for k in kinds if "advert" in k or "promo" in k]


@pytest.mark.rule("IA-109")
def test_no_setting_scores_or_forces_a_doctor():
    """Of all that the plugin is configured with, nothing weighs, scores or targets what a professional decides."""
    from plugins.insurer_assistance.config import Config

    def names(schema: Any) -> Iterator[str]:
        for name, field in schema.fields.items():
            yield name
            nested = getattr(field, "nested", None)
            if nested is not None:
                yield from names(nested() if isinstance(nested, type) else nested)

    assert not [n for n in names(Config()) if re.search(r"score|target|rank|weight|incentive|bonus|auto", n)]


@pytest.mark.rule("IA-109")
def test_a_job_ends_no_consultation_that_a_doctor_has_begun(clock, horizon, lea, barrois):
    from core.care.consultations import requests
    from core.promises import service as promises
    from plugins.insurer_assistance import following

    with current.entered(horizon.id):
        members.link(lea.row, lea.account.id, None)
        made = requesting.from_web(_wanted(lea))
        doctoring.take(barrois.pro, made.id)
        doctoring.attempt(barrois.pro, made.id, doctoring.REACHED)
        db.session.commit()
        clock.move(days=3)
        for job in (requests.expire, promises.watch, following.watch):
            job()
            db.session.commit()
        outbox.drain()
        db.session.expire_all()
        assert Consultation.get(made.id).state == "in_progress"
        assert Case.get(made.id).state == cases.TO_DOCTOR


def _wanted(lea: SimpleNamespace) -> requesting.Wanted:
    return requesting.Wanted(
        lea.account.id, None, "web", "general", f"A cough, {CANARY}.", "phone", "now", "FR", "+33612345678",
        emergency=False, treating_doctor_unavailable=True,
    )  # fmt: skip


@pytest.mark.rule("IA-092", "IA-096", "IA-002", "IA-093", "IA-094")
def test_no_word_of_health_reaches_the_insurer_by_any_page_file_log_or_event(
    app, horizon, visit, lea, barrois, caplog, clock
):
    """A word that stands for health is written wherever health is written; then all that an insurer can reach is searched."""
    clock.set(dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC))
    with caplog.at_level(logging.DEBUG), current.entered(horizon.id):
        members.link(lea.row, lea.account.id, None)
        made = requesting.from_web(_wanted(lea))
        doctoring.take(barrois.pro, made.id)
        doctoring.attempt(barrois.pro, made.id, doctoring.REACHED)
        messages.post(lea.account.id, made.id, f"More: {CANARY}")
        doctoring.hang_up(barrois.pro, made.id)
        reports.save(barrois.pro, made.id, dict.fromkeys(reports.PARTS, CANARY))
        insurer = accounts.create_account(
            "partner", Person("Martine", "Vallier", "m@example.org", "+33612345679", "", ""), "", language="en", state="active",
            hashed="!", party="insurer", party_rights=("edit_portal", "see_figures"),
        )  # fmt: skip
        db.session.commit()
        outbox.drain()
        answers = _everything(app, visit(insurer), made.id)
        told = [str(m.payload) for m in db.session.execute(select(OutboxMessage)).scalars()]
        mails = [
            m.body_text + m.subject
            for m in db.session.execute(select(InboxMessage)).scalars()
            if m.recipient in ("m@example.org", "+33612345679")
        ]
    assert any(path.endswith("/figures") for path, _text in answers), "the insurer sees its figures"
    for path, text in [*answers, *(("log", r.getMessage()) for r in caplog.records), *(("event", t) for t in told), *(("mail", m) for m in mails)]:  # fmt: skip
        assert CANARY not in text, path
        if path not in ("log", "event"):
            assert "Moreau" not in text, path


def _everything(app: Flask, browser: Browser, case_id: Any) -> list[tuple[str, str]]:
    """(path, text) of every address without or with the ids that could leak, as this browser gets it."""
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in ("static", "identity.sign_out"):
            continue
        values = {a: ("activity" if a == "name" and "figures" in rule.rule else str(case_id)) for a in rule.arguments}
        try:
            with app.test_request_context(base_url="http://mutuelle-horizon.localhost:8000"):
                path = app.url_map.bind("mutuelle-horizon.localhost").build(rule.endpoint, values, "GET")
        except Exception:
            continue
        answer = browser.get(path)
        assert answer.status_code < 500, path
        written = answer.mimetype.startswith("text/") or "json" in answer.mimetype
        found.append((path, answer.get_data().decode() if written else ""))
        answer.close()
    return found
