"""Every URL, by a table made from the URL map: as nobody, as the wrong role, as another patient, from another portal."""

import re
import uuid

import pytest

from core import clock
from core.care.colleagues import reservations, threads
from core.care.colleagues.models import Expertise
from core.care.consultations.models import Consultation
from core.care.documents import service as documents
from core.care.prescriptions.models import Prescription
from core.care.record import service as record
from core.care.record.models import HealthEntry, RecordGrant
from core.care.rooms import service as rooms
from core.consent import service as consent
from core.console.service import ensure_console
from core.db import db
from core.directory.models import Professional
from core.identity import dependants, sessions
from core.privacy import authority
from core.privacy import service as rights
from core.scheduling import booking, slots
from core.scheduling.models import Appointment
from core.tenancy import keys
from core.tenancy.current import entered
from core.testing.browser import Browser
from core.testing.makers import choice, make_account, make_booker, make_professional, signed_in
from core.web.access import declared

# Ids of what belongs to one patient and one professional, of the same portal too.
PRIVATE = {
    "appointment_id",
    "consultation_id",
    "prescription_id",
    "document_id",
    "grant_id",
    "entry_id",
    "room_id",
    "thread_id",
    "expertise_id",
    "reservation_id",
    "request_id",
    "authority_id",
}
SKIP = ("static", "bootstrap.static")


def rules(app):
    return [r for r in app.url_map.iter_rules() if r.endpoint not in SKIP and not r.rule.startswith("/x/")]


def path_of(rule, ids=None):
    def fill(match):
        kind, _colon, name = match.group(1).rpartition(":")
        if ids and name in ids:
            return str(ids[name])
        if kind == "int":
            return "1"
        return (
            str(uuid.UUID(int=7))
            if "id" in name or kind == "uuid"
            else {"code": "legal_notice", "page": "help", "slug": "frontalia"}.get(name, "x")
        )

    return re.sub(r"<([^>]+)>", fill, rule.rule)


def counted(portals):
    found = {}
    for view in portals.values():
        with entered(view.id):
            for model in (Appointment, Professional, HealthEntry, RecordGrant):
                found[(view.slug, model.__tablename__)] = db.session.query(model).count()
    return found


def test_every_view_declares_who_may_call_it(app):
    for rule in rules(app):
        assert declared(app, rule.endpoint), rule.endpoint


def test_nobody_reaches_only_what_is_public(app, browse, portals):
    visitor = browse()
    walked = 0
    for rule in rules(app):
        wanted = declared(app, rule.endpoint)
        if "public" in wanted:
            continue
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            answer = visitor.client.open(
                path_of(rule), method=method, headers=visitor.headers, base_url=f"http://{visitor.host}:8000"
            )
            # A page without its token is refused before anybody is asked for; the API asks for its bearer.
            expected = (
                {404}
                if rule.rule.startswith("/console")
                else {401, 403}
                if method != "GET" or rule.rule.startswith("/api")
                else {302, 401}
            )
            assert answer.status_code in expected, (method, rule.rule, answer.status_code)
            if answer.status_code == 302:
                assert "/sign-in" in answer.headers["Location"], rule.rule
            walked += 1
    assert walked > 80
    assert sum(counted(portals).values()) == 0


@pytest.mark.parametrize("role", ["patient", "professional", "partner"])
def test_a_role_reaches_no_page_of_another(app, browse, frontalia, role):
    visitor = browse()
    signed_in(visitor, frontalia.id, role)
    token = visitor.token()
    for rule in rules(app):
        wanted = declared(app, rule.endpoint)
        if {"public", "signed_in", role} & set(wanted) or rule.rule.startswith("/api"):
            continue
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            answer = visitor.client.open(
                path_of(rule),
                method=method,
                headers={**visitor.headers, "X-CSRF-Token": token},
                base_url=f"http://{visitor.host}:8000",
            )
            assert answer.status_code in (403, 404), (method, rule.rule, answer.status_code)


def test_unsafe_requests_without_a_token_are_refused(app, browse, frontalia):
    visitor = browse()
    signed_in(visitor, frontalia.id)
    for rule in rules(app):
        if rule.rule.startswith(("/api", "/console")):
            continue
        for method in sorted(rule.methods - {"HEAD", "OPTIONS", "GET"}):
            answer = visitor.client.open(
                path_of(rule), method=method, headers=visitor.headers, base_url=f"http://{visitor.host}:8000"
            )
            assert answer.status_code == 403, (method, rule.rule, answer.status_code)


def _prescription(professional, booker):
    now = clock.now()
    consultation = Consultation(
        service="teleconsultation", form="request", state="completed", patient_account_id=booker.account_id,
        person_id=booker.person_id, professional_id=professional.id, requested_at=now, answer_by=now, highest_cents=0,
        currency="EUR",
    )  # fmt: skip
    db.session.add(consultation)
    db.session.flush()
    meta = keys.seal_json(booker.person_id, "prescriptions", "meta", {"patient": {"name": "Secret Canaryname"}})
    made = Prescription(
        consultation_id=consultation.id, professional_id=professional.id, account_id=booker.account_id, person_id=booker.person_id,
        kind="medicine", delivery="electronic", state="issued", client_key="k", meta=meta, issued_at=now,
        document=keys.seal(booker.person_id, "prescriptions", "document", "canary note"),
    )  # fmt: skip
    db.session.add(made)
    db.session.commit()
    return made


@pytest.fixture
def rich(app, portals):
    """On the portal `frontalia`: a professional, and a patient's appointment, with words that may not leak."""
    with entered(portals["frontalia"].id):
        made = make_professional()
        booker = make_booker(first_name="Secret", last_name="Canaryname")
        free = slots.next_free(made.pro.id, "in_person", 20, slots.earliest())[0]
        row = booking.book(booker, **choice(made, free.starts_at), note="canary note")
        file = documents.keep(
            documents.Upload("application/pdf", b"canary note"), person_id=booker.person_id, subject_kind="consultation",
            subject_id=uuid.UUID(int=8), author_account_id=booker.account_id, kind="document", name="Canaryname.pdf",
        )  # fmt: skip
        room = rooms.open_room(
            subject_id=row.id, service="video_consultation", patient_account_id=booker.account_id,
            professional_account_id=made.account.id, opens_at=free.starts_at,
        )  # fmt: skip
        db.session.commit()
        documents.scan(file.id)
        whose = record.subject_of(booker.account_id)
        grant_id = record.grant(whose, made.pro.id)
        told = {"kind": "other", "what": "canary note"}
        entry_id = record.write_entry(whose, "allergies", told, record.Author(booker.account_id))
        two = make_professional()
        thread = threads.write(made.pro, two.pro.id, "canary note")
        held = reservations.express(made.account.id, "canary note")
        row_of_care = Consultation(
            service="express_consultation", form="request", state="in_progress", patient_account_id=booker.account_id,
            person_id=booker.person_id, professional_id=made.pro.id, requested_at=clock.now(), answer_by=clock.now(),
            highest_cents=0, currency="EUR",
        )  # fmt: skip
        db.session.add(row_of_care)
        db.session.flush()
        advice = Expertise(
            consultation_id=row_of_care.id, asker_id=made.pro.id, person_id=booker.person_id, state="open",
            asked_at=clock.now(), sealed=keys.seal_json(booker.person_id, "expertises", "sealed", {"question": "canary note"}),
        )  # fmt: skip
        db.session.add(advice)
        asked = rights.file(booker.account_id, "rectification", "canary note")
        data = {
            "first_name": "Secret",
            "last_name": "Canaryname",
            "birth_date": "2019-01-02",
            "sex": "male",
            "relation": "parent",
        }
        held_by = dependants.add_dependant(booker.account_id, data | {"declared": "yes"})
        evidence = authority.ask(booker.account_id, held_by.id, "operator-1", "canary note")
        db.session.commit()
        prescription = _prescription(made.pro, booker)
        return {
            "document_id": file.id,
            "prescription_id": prescription.id,
            "consultation_id": prescription.consultation_id,
            "thread_id": thread.id,
            "expertise_id": advice.id,
            "reservation_id": held,
            "request_id": asked.id,
            "authority_id": evidence.id,
            "appointment_id": row.id,
            "professional_id": made.pro.id,
            "reason_id": made.reason.id,
            "practice_id": made.practice.id,
            "account_id": booker.account_id,
            "receipt_id": uuid.UUID(int=9),
            "grant_id": grant_id,
            "entry_id": entry_id,
            "room_id": room.id,
        }


@pytest.mark.parametrize(
    ("slug", "role"),
    [
        ("frontalia", "patient"),
        ("frontalia", "professional"),
        ("frontalia", "partner"),
        ("rdv-confiance", "patient"),
        ("rdv-confiance", "professional"),
        ("rdv-confiance", "partner"),
    ],
)
def test_somebody_elses_ids_answer_as_absent_ones(app, browse, portals, rich, slug, role):
    visitor = browse(slug)
    signed_in(visitor, portals[slug].id, role)
    token = visitor.token()
    before = counted(portals)
    for rule in rules(app):
        if not rule.arguments & set(rich) or rule.rule.startswith("/api"):
            continue
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            answer = visitor.client.open(
                path_of(rule, rich),
                method=method,
                headers={**visitor.headers, "X-CSRF-Token": token},
                base_url=f"http://{visitor.host}:8000",
            )
            body = answer.get_data(as_text=True)
            assert "Canaryname" not in body, (method, rule.rule)
            assert "canary note" not in body, (method, rule.rule)
            if rule.arguments & PRIVATE or slug != "frontalia":
                assert answer.status_code in (403, 404), (method, rule.rule, answer.status_code)
    if slug == "frontalia":
        # Marking a professional and starting a booking are open to every patient of the same portal.
        before = counted(portals) if role == "patient" else before
    assert counted(portals) == before


# What an operation of the API takes, so that a call gets as far as the question whose it is.
BODIES = {
    "health_record.write_entry": {"values": {"what": "x"}},
    "health_record.complete_entry": {"values": {"what": "x"}},
    "files.send_file": {"name": "a.pdf", "content": "JVBERi0xLjcKJSVFT0YK"},
    "consultations.send_message": {"text": "x"},
    "requests.write_report": {"parts": {"conclusion": "x"}},
    "prescribed.hand_over": {"evidence": "proof_of_identity"},
    "peers.give_advice": {"text": "x"},
    "appointments.move": {"starts_at": "2026-11-30T08:00:00Z"},
}
# Of every patient alike: registers by code stand under the caller's own record.
SHARED_ARGUMENTS = {"professional_id", "reason_id", "practice_id"}


@pytest.mark.parametrize(
    ("slug", "role"),
    [("frontalia", "patient"), ("frontalia", "professional"), ("rdv-confiance", "patient"), ("rdv-confiance", "professional")],
)  # fmt: skip
def test_the_api_answers_somebody_elses_ids_as_absent_ones(app, portals, rich, slug, role):
    with entered(portals[slug].id):
        account = make_account("patient") if role == "patient" else make_professional().account
        consent.accept(account.id, consent.to_accept(), language="en", way="registration")
        token = sessions.open_session(account, "password+code")
        db.session.commit()
        db.session.expunge_all()
    absent = {name: uuid.uuid4() for name in rich}
    before, walked = counted(portals), 0

    def ask(rule, method, ids):
        sent = {"Host": f"{slug}.localhost:8000", "Authorization": f"Bearer {token}", "Accept-Language": "en"}
        if method not in ("GET", "DELETE"):
            sent["Idempotency-Key"] = uuid.uuid4().hex
        answer = app.test_client(use_cookies=False).open(
            path_of(rule, {**ids, "code": "allergies"}), method=method, headers=sent, base_url=f"http://{slug}.localhost:8000",
            json=None if method in ("GET", "DELETE") else BODIES.get(rule.endpoint, {}),
        )  # fmt: skip
        return answer, answer.get_data(as_text=True)

    for rule in rules(app):
        wanted = declared(app, rule.endpoint)
        mine = rule.arguments & set(rich) - SHARED_ARGUMENTS
        if not rule.rule.startswith("/api/v1") or not mine or not {role, "signed_in"} & set(wanted):
            continue
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            (answer, body), (other, _body) = ask(rule, method, rich), ask(rule, method, absent)
            assert "Canaryname" not in body, (method, rule.rule)
            assert "canary note" not in body, (method, rule.rule)
            assert answer.status_code == 404, (method, rule.rule, answer.status_code, body)
            told = [(a.status_code, {**a.get_json(), "instance": ""}) for a in (answer, other)]
            assert told[0] == told[1], (method, rule.rule)
            walked += 1
    assert walked > 15
    assert counted(portals) == before


def test_portals_and_console_answer_nothing_of_each_other(app, browse, portals):
    console = ensure_console()
    assert browse().get("/console/").status_code == 404
    on_console = Browser(app, "console.localhost")
    signed_in(on_console, console.id, "operator")
    for path in ("/professionals", "/home", "/agenda", "/register/patient"):
        assert on_console.get(path).status_code in (403, 404), path


def test_a_session_of_one_portal_is_nothing_on_another(app, browse, portals):
    visitor = browse()
    signed_in(visitor, portals["frontalia"].id)
    token = visitor.client.get_cookie("portico_session", domain=visitor.host).value
    other = browse("rdv-confiance")
    other.client.set_cookie("portico_session", token, domain=other.host)
    assert "/sign-in" in other.get("/home").headers["Location"]


@pytest.mark.parametrize("path", ["/", "/sign-in", "/professionals", "/healthz"])
def test_security_headers_are_on_every_answer(browse, path):
    answer = browse().get(path)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Request-Number"]


def test_no_page_holds_inline_script_or_style(browse):
    for slug in ("frontalia", "rdv-confiance"):
        for path in ("/", "/sign-in", "/professionals", "/register", "/cookies", "/law", "/pages/help"):
            body = browse(slug).get(path).get_data(as_text=True)
            assert " style=" not in body, (slug, path)
            assert not re.search(r"<script(?![^>]*\bsrc=)", body), (slug, path)
            assert not re.search(r"\son[a-z]+=", body), (slug, path)


def test_an_unexpected_error_shows_a_number_and_no_trace(app, browse, monkeypatch):
    from core.scheduling import search

    def fail(*_args):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(search, "find", fail)
    answer = browse().get("/professionals")
    body = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "secret detail" not in body
    assert "Traceback" not in body
    assert answer.headers["X-Request-Number"] in body
