"""The operator and people: validations, accounts, complaints, breaches; everything looked at is on the portal's trail."""

from __future__ import annotations

import datetime as dt
import html
import re
import uuid
from zoneinfo import ZoneInfo

import pytest

from core import clock
from core.audit.models import AuditEntry
from core.db import db
from core.directory import service as directory
from core.identity import accounts, professionals, profile, recovery, sessions, uploads
from core.identity.models import ProfessionalProfile
from core.promises.models import Promise
from core.tenancy import current
from core.testing.makers import make_account

PDF = b"%PDF-1.4 a copy of a diploma %%EOF"


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))))


def actions(tenant_id: int) -> list[str]:
    with current.entered(tenant_id):
        return [r.action for r in db.session.query(AuditEntry).order_by(AuditEntry.seq)]


def declared(tenant_id: int, country: str = "FR", complete: bool = True, **person: str) -> uuid.UUID:
    """A professional who registered and waits."""
    with current.entered(tenant_id) as view:
        account = make_account("professional", **person)
        professionals.declare(account, country=country, specialty="general_practice", place="1 rue A")
        wanted = professionals.practice_country(country)
        types = profile.identifier_types("professional")
        for code in wanted.identifiers if complete else ():
            assert profile.set_identifier(account, types[code], types[code].example) is None
        for code in wanted.documents if complete else ():
            uploads.keep(account, code, uploads.Upload("application/pdf", PDF))
        db.session.commit()
        assert view.id == tenant_id
        return account.id


# -- validations -------------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-110", "CB-030")
def test_a_professional_is_listed_only_once_an_operator_validated(operator, visit, frontalia):
    who = declared(frontalia.id, first_name="Odile", last_name="Kellermann")
    listed = operator.get("/console/validations")
    path = f"/console/validations/frontalia/{who}"
    assert path in listed.get_data(as_text=True)
    assert "Kellermann" not in text_of(listed)
    assert "Kellermann" not in text_of(visit("frontalia").get("/professionals"))
    dossier = operator.get(path)
    assert "Odile Kellermann" in text_of(dossier)
    assert operator.post(path + "/validate", {}).status_code == 422
    assert operator.yes(path + "/validate", {"order_confirmed": "yes"}).status_code == 302
    assert "Kellermann" in text_of(visit("frontalia").get("/professionals"))
    assert path not in operator.get("/console/validations").get_data(as_text=True)
    assert path in operator.get("/console/validations?show=validated").get_data(as_text=True)
    assert operator.post(path + "/validate", {"order_confirmed": "yes", "confirmed": "yes"}).status_code == 409
    assert {"operator.entered", "professional.dossier_read", "professional.validated"} <= set(actions(frontalia.id))


@pytest.mark.rule("CB-110", "CB-091")
def test_nobody_is_validated_while_a_proof_is_missing(operator, frontalia):
    who = declared(frontalia.id, complete=False)
    path = f"/console/validations/frontalia/{who}"
    assert "Missing" in text_of(operator.get(path))
    refused = operator.yes(path + "/validate", {"order_confirmed": "yes"})
    assert refused.status_code == 409
    with current.entered(frontalia.id):
        assert professionals.professional(who).state == "pending"
        assert directory.profile_of(who) is None


def test_copies_are_opened_one_by_one_each_on_the_trail(operator, visit, portals, frontalia):
    who = declared(frontalia.id)
    page = operator.get(f"/console/validations/frontalia/{who}").get_data(as_text=True)
    links = re.findall(rf"/console/validations/frontalia/{who}/documents/[\w-]+", page)
    assert links
    assert "document.read" not in actions(frontalia.id)
    copy = operator.get(links[0])
    assert (copy.data, copy.mimetype, copy.headers["Cache-Control"]) == (PDF, "application/pdf", "no-store")
    assert "sandbox" in copy.headers["Content-Security-Policy"]
    assert actions(frontalia.id).count("document.read") == 1
    other = declared(frontalia.id, "LU")
    for wrong in (
        links[0].replace("frontalia", "rdv-confiance"), links[0].replace(str(who), str(other)), links[0].replace(str(who), "x"),
        links[0][:-4] + "0000",
    ):  # fmt: skip
        assert operator.get(wrong).status_code == 404
    assert visit("console", "professional").get(links[0]).status_code == 403
    assert actions(frontalia.id).count("document.read") == 1


def test_a_refusal_has_a_reason_that_the_person_reads(operator, frontalia, inbox):
    who = declared(frontalia.id)
    path = f"/console/validations/frontalia/{who}/refuse"
    assert operator.post(path, {"reason": " "}).status_code == 422
    assert operator.post(path, {"reason": "x" * 1001}).status_code == 422
    assert operator.yes(path, {"reason": "The copy of the diploma is not readable."}).status_code == 302
    with current.entered(frontalia.id):
        assert professionals.professional(who).state == "refused"
        address = accounts.person_of(who).email
    assert any(m.recipient == address and "not readable" in m.body_text for m in inbox())


@pytest.mark.rule("CB-092")
def test_where_no_number_is_asked_the_operator_says_who_is_who(operator, portals, frontalia):
    """Luxembourg asks for no number: the same name on another portal is offered, and the choice makes one person of two."""
    rdv = portals["rdv-confiance"].id
    first = declared(frontalia.id, "LU", first_name="Marc", last_name="Thill")
    path = f"/console/validations/frontalia/{first}"
    assert "another portal knows" not in text_of(operator.get(path))
    assert operator.yes(path + "/validate", {"order_confirmed": "yes"}).status_code == 302
    with current.entered(frontalia.id):
        known = directory.profile_of(first).practitioner_id
    again = declared(rdv, "LU", first_name="Marc", last_name="Thill")
    path = f"/console/validations/rdv-confiance/{again}"
    page = operator.get(path)
    assert "another portal knows" in text_of(page)
    assert f'value="{known}"' in page.get_data(as_text=True)
    chosen = {"order_confirmed": "yes", "practitioner_id": str(known)}
    assert operator.yes(path + "/validate", chosen).status_code == 302
    with current.entered(rdv):
        assert directory.profile_of(again).practitioner_id == known


def test_an_unknown_account_is_absent(operator, frontalia):
    for path in (
        f"/console/validations/frontalia/{uuid.uuid4()}",
        f"/console/accounts/frontalia/{uuid.uuid4()}",
        "/console/accounts/frontalia/x",
    ):
        assert operator.get(path).status_code == 404
    assert (
        operator.post(
            f"/console/validations/frontalia/{uuid.uuid4()}/refuse", {"reason": "x", "confirmed": "yes"}
        ).status_code
        == 404
    )


# -- accounts ----------------------------------------------------------------------------------------------------


@pytest.fixture
def somebody(frontalia):
    """A patient with an open session."""
    with current.entered(frontalia.id):
        account = make_account(first_name="Nadia", last_name="Perrin", email="nadia@example.org")
        token = sessions.open_session(account, "tests")
        db.session.commit()
        return account.id, token


def alive(tenant_id: int, token: str) -> bool:
    with current.entered(tenant_id):
        return sessions.load(token) is not None


@pytest.mark.rule("CB-071", "CB-263")
def test_suspending_and_opening_an_account(operator, frontalia, somebody, inbox):
    who, token = somebody
    path = f"/console/accounts/frontalia/{who}"
    assert operator.post(path + "/suspend", {"reason": ""}).status_code == 422
    assert operator.post(path + "/suspend", {"reason": "x", "until": "2020-01-01T10:00"}).status_code == 422
    assert alive(frontalia.id, token)
    until = (clock.now() + dt.timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    assert operator.yes(path + "/suspend", {"reason": "Several accounts", "until": until}).status_code == 302
    assert not alive(frontalia.id, token)
    assert any(m.recipient == "nadia@example.org" for m in inbox())
    shown = text_of(operator.get(path))
    assert "Suspended" in shown
    assert "Several accounts" in shown
    assert str(who) in operator.get("/console/accounts").get_data(as_text=True)
    assert operator.yes(path + "/reactivate").status_code == 302
    assert operator.yes(path + "/block", {"reason": "Advertising"}).status_code == 302
    with current.entered(frontalia.id):
        assert accounts.by_id(who).state == "blocked"
    found = actions(frontalia.id)
    assert {"account.viewed", "account.suspended", "account.reactivated", "account.blocked"} <= set(found)


@pytest.mark.rule("CB-078", "CB-076")
def test_closing_some_services_only(operator, frontalia, somebody):
    who, token = somebody
    path = f"/console/accounts/frontalia/{who}/limit"
    assert operator.yes(path, {"reason": "abuse", "services": ["video_consultation", "nothing"]}).status_code == 302
    with current.entered(frontalia.id):
        assert accounts.by_id(who).limited_services == ["video_consultation"]
    assert alive(frontalia.id, token)
    assert operator.yes(path, {"reason": "settled"}).status_code == 302
    with current.entered(frontalia.id):
        assert accounts.by_id(who).limited_services == []


def test_lists_hold_no_names_and_addresses_stand_in_no_url(operator, frontalia, somebody):
    who, _token = somebody
    listed = operator.get("/console/accounts?portal=frontalia")
    assert str(who) in listed.get_data(as_text=True)
    assert "Perrin" not in text_of(listed)
    found = operator.post("/console/accounts", {"portal": "frontalia", "email": "NADIA@example.org"})
    assert (found.status_code, found.headers["Location"]) == (302, f"/console/accounts/frontalia/{who}")
    assert (
        operator.post("/console/accounts", {"portal": "rdv-confiance", "email": "nadia@example.org"}).status_code == 404
    )
    assert operator.get(f"/console/accounts/rdv-confiance/{who}").status_code == 404
    assert "Nadia Perrin" in text_of(operator.get(f"/console/accounts/frontalia/{who}"))


# -- complaints --------------------------------------------------------------------------------------------------

COMPLAINT = {
    "portal": "frontalia", "channel": "email", "name": "Jean <b>Dupond</b>", "email": "jean@example.org", "subject": "A late <i>answer</i>",
    "words": "I waited.\nFor long.", "received_at": "2026-11-20T10:30",
}  # fmt: skip


@pytest.mark.rule("CB-240")
def test_a_complaint_is_recorded_acknowledged_and_tracked(operator, frontalia, inbox):
    done = operator.post("/console/complaints", COMPLAINT)
    assert done.status_code == 302, text_of(done)
    assert any(m.recipient == "jean@example.org" for m in inbox())
    path = done.headers["Location"]
    page = operator.get(path)
    assert "I waited." in text_of(page)
    assert "<b>Dupond" not in page.get_data(as_text=True)
    assert "late" not in text_of(operator.get("/console/complaints"))
    for state, status in (("nothing", 409), ("answered", 302), ("answered", 409), ("closed", 302), ("open", 302)):
        assert operator.post(path + "/turn", {"state": state}).status_code == status
    assert path in operator.get("/console/complaints?state=open").get_data(as_text=True)
    assert path not in operator.get("/console/complaints?state=closed").get_data(as_text=True)
    assert operator.get(path.replace("frontalia", "rdv-confiance")).status_code == 404
    assert {"complaint.recorded", "complaint.read", "complaint.turned"} <= set(actions(frontalia.id))
    with current.entered(frontalia.id):
        raw = db.session.execute(db.text("SELECT sealed FROM complaints")).scalar_one()
    assert b"Dupond" not in raw


def test_a_complaint_with_wrong_fields_loses_nothing_typed(operator, frontalia):
    for wrong in (
        {"channel": "pigeon"}, {"subject": " "}, {"words": ""}, {"email": "none"}, {"received_at": "2999-01-01T10:00"}, {"received_at": "soon"},
        {"words": "x" * 10_001}, {"subject": "x" * 201},
    ):  # fmt: skip
        answer = operator.post("/console/complaints", COMPLAINT | wrong)
        assert answer.status_code == 422, wrong
        assert "For long." in text_of(answer) or "words" in wrong
    assert operator.post("/console/complaints", COMPLAINT | {"portal": "console"}).status_code == 404


# -- incidents ---------------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-120")
def test_a_breach_is_told_within_its_hours_and_a_new_password_is_forced(operator, frontalia, somebody, inbox):
    who, token = somebody
    found_at = clock.now() - dt.timedelta(hours=1)
    local = found_at.astimezone(ZoneInfo("Europe/Paris"))
    form = {
        "portal": "frontalia", "found_at": local.strftime("%Y-%m-%dT%H:%M"), "summary": "Passwords in a log file", "scope": "listed",
        "emails": "nadia@example.org",
    }  # fmt: skip
    unknown = operator.yes("/console/incidents", form | {"emails": "nadia@example.org, nobody@example.org"})
    assert unknown.status_code == 422
    assert alive(frontalia.id, token)
    assert operator.yes("/console/incidents", form).status_code == 302
    assert not alive(frontalia.id, token)
    with current.entered(frontalia.id):
        promise = db.session.query(Promise).filter_by(kind="breach_notice").one()
        hours = (promise.due_at - found_at).total_seconds() / 3600
        assert abs(hours - 72) < 0.02
        assert accounts.by_id(who).must_change_password
    page = text_of(operator.get("/console/incidents"))
    assert "Passwords in a log file" in page
    assert any(m.recipient == "nadia@example.org" for m in inbox())
    with current.entered(frontalia.id):
        recovery.watch_breach_notices()
        db.session.commit()
        assert db.session.query(Promise).filter_by(kind="breach_notice").one().state == "kept"
    assert "incident.registered" in actions(frontalia.id)


def test_a_breach_for_everybody_and_a_breach_with_wrong_fields(operator, frontalia, somebody):
    form = {"portal": "frontalia", "found_at": "2026-11-21T01:00", "summary": "A stolen copy", "scope": "all"}
    for wrong in (
        {"found_at": "soon"},
        {"found_at": "2999-01-01T00:00", "confirmed": "yes"},
        {"summary": " ", "confirmed": "yes"},
    ):
        assert operator.post("/console/incidents", form | wrong).status_code == 422
    assert (
        operator.post("/console/incidents", form | {"scope": "listed", "emails": "", "confirmed": "yes"}).status_code
        == 422
    )
    assert operator.yes("/console/incidents", form).status_code == 302
    with current.entered(frontalia.id):
        assert db.session.query(ProfessionalProfile).count() == 0
        assert accounts.by_id(somebody[0]).must_change_password
