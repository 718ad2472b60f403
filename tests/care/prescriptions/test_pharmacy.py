"""The pharmacist's space: who is let in, what is seen, what is done once; what guessing meets; what the patient learns."""

import datetime as dt
import io
import logging
import re

import pytest

from core import clock
from core.audit.models import AuditEntry
from core.care.prescriptions import codes, looks, pharmacy, service
from core.care.prescriptions.models import Prescription, PrescriptionLook
from core.db import db, global_scope
from core.directory.registers import Entry
from core.tenancy.current import entered
from core.web import cookies
from tests.care.prescriptions.conftest import (
    FINESS,
    FINESS_2,
    MARK,
    OTHER,
    PHARMACIST,
    code_of,
)

SPACE = "/pharmacy/prescription"
CONTENT = (MARK, "Patiente", "Éloïse")


@pytest.fixture
def issued(scene):
    row = scene.issue()
    scene.row, scene.code = row, code_of(row)
    return scene


def knock(visitor, code, place=FINESS, person=PHARMACIST):
    return visitor.post("/pharmacy", {"code": code, "place": place, "person": person})


def enter(browse, code, **more):
    visitor = browse()
    answer = knock(visitor, code, **more)
    assert answer.status_code == 302, visitor.text(answer)
    return visitor


def words(answer):
    """What a person reads, without the token and what was typed."""
    body = answer.get_data(as_text=True)
    body = re.sub(r'value="[^"]*"', "", body)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def seen(row):
    """(by, what) of the looks, oldest first."""
    return [(look.by_kind, look.what) for look in reversed(looks.of(row.id))]


@pytest.mark.rule("CB-186", "CB-187")
def test_a_pharmacist_checks_reads_and_dispenses_once(issued, browse, document, inbox):
    visitor = enter(browse, codes.shown(issued.code).lower())
    page = words(visitor.get(SPACE))
    for word in ("Anna Patiente", "1 May 1980", issued.pro.name, issued.pro.register_number, "Éloïse Châtelet", "Metz"):
        assert word in page
    assert visitor.get(f"{SPACE}/document").data == document
    answer = visitor.post(f"{SPACE}/dispense", {"evidence": "social_security_card"})
    assert answer.status_code == 302
    after = words(visitor.get(SPACE))
    assert "Already dispensed" in after
    assert not any(word in after for word in CONTENT)
    assert visitor.get(f"{SPACE}/document").status_code == 404
    row = db.session.get(Prescription, (issued.view.id, issued.row.id), populate_existing=True)
    assert (row.state, row.place, row.pharmacist) == ("dispensed", FINESS, PHARMACIST)
    told = [m.subject for m in inbox() if str(row.id) in m.body_text]
    assert len(told) == 2  # that it was issued, that the code was used


@pytest.mark.rule("CB-186")
def test_of_a_dispensed_one_only_the_status_is_told(issued, browse):
    first = enter(browse, issued.code)
    first.post(f"{SPACE}/dispense", {"evidence": "proof_of_identity"})
    second = enter(browse, issued.code, place=FINESS_2)
    page = words(second.get(SPACE))
    assert "Already dispensed" in page
    assert FINESS in page
    assert not any(word in page for word in CONTENT)
    assert second.get(f"{SPACE}/document").status_code == 404
    again = second.post(f"{SPACE}/dispense", {"evidence": "proof_of_identity"})
    assert again.status_code == 409
    assert not any(word in words(again) for word in CONTENT)
    assert second.post(f"{SPACE}/refuse", {"reason": "x"}).status_code == 409


@pytest.mark.rule("CB-187")
@pytest.mark.parametrize("evidence", ["", "a smile", "none"])
def test_without_a_check_of_identity_nothing_is_recorded(issued, browse, evidence):
    visitor = enter(browse, issued.code)
    answer = visitor.post(f"{SPACE}/dispense", {"evidence": evidence})
    assert answer.status_code == 422
    assert "identity" in words(answer)
    assert db.session.query(Prescription.state).scalar() == "issued"


@pytest.mark.rule("CB-190")
def test_a_refusal_is_kept_and_both_sides_are_told(issued, browse, inbox):
    visitor = enter(browse, issued.code)
    for reason in ("", "   ", "x" * 1001):
        assert visitor.post(f"{SPACE}/refuse", {"reason": reason}).status_code == 422
    assert visitor.post(f"{SPACE}/refuse", {"reason": "No signature <b>here</b>"}).status_code == 302
    assert "Refused" in words(visitor.get(SPACE))
    assert visitor.get(f"{SPACE}/document").status_code == 404
    row = db.session.get(Prescription, (issued.view.id, issued.row.id), populate_existing=True)
    assert (row.state, row.place) == ("refused", FINESS)
    look = looks.of(row.id)[0]
    assert looks.words_of(row, look) == "No signature <b>here</b>"
    assert b"signature" not in look.note
    sent = inbox()
    assert any(f"/prescriptions/{row.id}" in m.body_text and "signature" not in m.body_text for m in sent)
    assert any(f"/consultations/{row.consultation_id}/prescription" in m.body_text for m in sent)


# -- who is let in ------------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-188")
@pytest.mark.parametrize(("place", "person", "says"), [
    ("759999999", PHARMACIST, "one digit is probably wrong"), ("B123456", PHARMACIST, "9 digits are expected"),
    ("", PHARMACIST, "9 digits"), (FINESS, "10000000018", "one digit is probably wrong"), (FINESS, "LU-4711", "only digits"),
    (FINESS, "", "only digits"), ("\x00" * 9, "\x00" * 11, "only digits"), ("7" * 4000, "1" * 4000, "expected"),
])  # fmt: skip
def test_numbers_of_no_french_pharmacy_are_told_as_such(issued, browse, place, person, says):
    answer = knock(browse(), issued.code, place, person)
    assert answer.status_code == 422
    assert says in words(answer)
    assert seen(issued.row) == [("professional", "issued")]


@pytest.mark.rule("CB-186", "CB-188")
@pytest.mark.parametrize(
    ("person", "says"), [("10000000041", "no entry with this number"), (OTHER, "another profession")]
)
def test_only_pharmacists_of_the_register_are_let_in(issued, browse, person, says):
    answer = knock(browse(), issued.code, person=person)
    assert answer.status_code == 403
    assert says in words(answer)
    assert not any(word in words(answer) for word in CONTENT)
    assert seen(issued.row) == [("professional", "issued")]


def change_register(**changed):
    with global_scope():
        entry = db.session.get(Entry, ("FR", PHARMACIST))
        if not changed:
            for other in db.session.query(Entry).all():
                db.session.delete(other)
        for name, value in changed.items():
            setattr(entry, name, value)
        db.session.commit()


def test_a_number_that_the_register_lost_is_not_let_in(issued, browse):
    change_register(absent_since=clock.now())
    assert "no longer has this number" in words(knock(browse(), issued.code))


def test_where_no_register_was_imported_nobody_is_let_in(issued, app, browse, test_database):
    import psycopg
    from sqlalchemy.engine import make_url

    url = make_url(test_database.admin_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("DELETE FROM register_entries")
    answer = knock(browse(), issued.code)
    assert answer.status_code == 403
    assert "cannot be asked" in words(answer)


def test_a_portal_without_french_pharmacies_has_no_door(app, portal_with):
    from core.testing.browser import Browser

    portal_with("jurisdiction_lu", slug="lu-only")
    visitor = Browser(app, "lu-only.localhost")
    for path in ("/pharmacy", SPACE, f"{SPACE}/document"):
        assert visitor.get(path).status_code == 404
    for path in ("/pharmacy", f"{SPACE}/dispense", f"{SPACE}/refuse", "/pharmacy/leave"):
        assert visitor.post(path).status_code == 404


# -- codes --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-185")
def test_a_slip_is_told_as_a_slip(issued, browse):
    wrong = issued.code[:-1] + ("2" if issued.code[-1] != "2" else "3")
    answer = knock(browse(), wrong)
    assert answer.status_code == 422
    assert "One character is probably wrong" in words(answer)


@pytest.mark.rule("CB-186")
def test_unknown_replaced_and_other_portals_codes_have_one_answer(issued, browse, portals):
    old = issued.code
    service.renew_code(issued.row)
    db.session.commit()
    new = code_of(issued.row)
    answers = [knock(browse(), code) for code in (codes.new_code(), codes.new_code(), old)]
    elsewhere = browse("rdv-confiance")
    if elsewhere.get("/pharmacy").status_code == 200:
        foreign = knock(elsewhere, new)
        assert foreign.status_code == 403
        assert "opens nothing" in words(foreign)
    assert [a.status_code for a in answers] == [403] * 3
    assert len({words(a) for a in answers}) == 1
    assert "opens nothing" in words(answers[0])
    assert not any(word in words(answers[2]) for word in CONTENT)
    assert knock(browse(), new).status_code == 302


@pytest.mark.rule("CB-186")
def test_guessing_is_slowed_down_for_all(issued, browse):
    visitor = browse()
    statuses = [knock(visitor, codes.new_code()).status_code for _number in range(14)]
    assert statuses[:10] == [403] * 10
    assert 429 in statuses[10:]
    # The right code waits too, from the same pharmacy: a guesser learns nothing by trying on.
    blocked = knock(visitor, issued.code)
    assert blocked.status_code == 429
    assert int(blocked.headers["Retry-After"]) > 0
    assert "wait" in words(blocked)
    with clock.at(clock.now() + dt.timedelta(hours=2)):
        assert knock(visitor, issued.code).status_code == 302


def test_one_wrong_code_over_and_over_is_slowed_down(issued, browse):
    code = codes.new_code()
    places = (FINESS, FINESS_2, "2A0001238")
    statuses = [knock(browse(), code, place=places[i % 3]).status_code for i in range(8)]
    assert statuses.count(429) >= 1


def test_who_gets_in_may_go_on(issued, browse):
    visitor = browse()
    for _round in range(12):
        assert knock(visitor, issued.code).status_code == 302


# -- the space ----------------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-186")
def test_nothing_is_read_without_the_code(issued, browse):
    visitor = browse()
    assert visitor.get(SPACE).headers["Location"] == "/pharmacy"
    assert visitor.get(f"{SPACE}/document").status_code == 404
    assert visitor.post(f"{SPACE}/dispense", {"evidence": "proof_of_identity"}).status_code == 404
    assert visitor.post(f"{SPACE}/refuse", {"reason": "x"}).status_code == 404
    forged = pharmacy.Visit(issued.row.id, FINESS, PHARMACIST, issued.row.code_digest.hex())
    said, _dot, signature = pharmacy.ticket(forged).rpartition(".")
    spoilt = f"{said}.{'a' if signature[0] != 'a' else 'b'}{signature[1:]}"
    for value in ("", "x", "a.b.c", f'["{issued.row.id}"]', spoilt):
        visitor.client.set_cookie("portico_pharmacy", value, domain=visitor.host)
        assert visitor.get(f"{SPACE}/document").status_code == 404
    assert db.session.query(Prescription.state).scalar() == "issued"


def test_the_space_closes_by_itself_and_by_the_pharmacist(issued, browse, monkeypatch):
    visitor = enter(browse, issued.code)
    assert "HttpOnly" in str(visitor.last.headers.get("Set-Cookie", "HttpOnly"))
    assert visitor.post("/pharmacy/leave").status_code == 302
    assert visitor.get(SPACE).status_code == 302
    other = enter(browse, issued.code)
    monkeypatch.setattr(pharmacy, "minutes", lambda _tenant: -1)
    assert other.get(SPACE).status_code == 302


def test_a_new_code_closes_open_spaces(issued, browse):
    visitor = enter(browse, issued.code)
    service.renew_code(issued.row)
    db.session.commit()
    assert visitor.get(f"{SPACE}/document").status_code == 404
    assert visitor.post(f"{SPACE}/dispense", {"evidence": "proof_of_identity"}).status_code == 404


def test_a_ticket_of_one_portal_is_nothing_on_another(issued, browse, portals):
    visitor = enter(browse, issued.code)
    value = visitor.client.get_cookie(cookies.cookie_name("portico_pharmacy"), domain=visitor.host).value
    other = browse("rdv-confiance")
    other.client.set_cookie("portico_pharmacy", value, domain=other.host)
    assert other.get(SPACE).status_code in (302, 404)
    assert other.get(f"{SPACE}/document").status_code == 404


def test_the_code_stands_in_no_address_and_no_log(issued, browse, caplog):
    with caplog.at_level(logging.DEBUG):
        visitor = browse()
        answers = [knock(visitor, issued.code), visitor.get(SPACE), visitor.get(f"{SPACE}/document")]
        answers.append(visitor.post(f"{SPACE}/dispense", {"evidence": "proof_of_identity"}))
    for answer in answers:
        assert issued.code not in answer.headers.get("Location", "")
        assert codes.shown(issued.code) not in answer.headers.get("Location", "")
    said = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert issued.code not in said
    assert MARK not in said
    for entry in db.session.query(AuditEntry).all():
        assert issued.code not in entry.details
        assert PHARMACIST not in (entry.actor_id + entry.details + entry.object_id)


@pytest.mark.rule("CB-186", "CB-187")
def test_the_patient_sees_each_look_and_act(issued, browse):
    visitor = enter(browse, issued.code)
    visitor.get(f"{SPACE}/document")
    visitor.post(f"{SPACE}/dispense", {"evidence": "proof_of_identity"})
    enter(browse, issued.code, place=FINESS_2)
    assert seen(issued.row) == [
        ("professional", "issued"), ("pharmacist", "opened"), ("pharmacist", "document_read"), ("pharmacist", "dispensed"),
        ("pharmacist", "status_checked"),
    ]  # fmt: skip
    kinds = {e.actor_kind for e in db.session.query(AuditEntry).all() if e.action == "prescription.dispensed"}
    assert kinds == {"pharmacist"}
    rows = db.session.query(PrescriptionLook).filter(PrescriptionLook.by_kind == "pharmacist").all()
    assert {r.place for r in rows} == {FINESS, FINESS_2}


def test_a_withdrawn_one_tells_its_status_only(issued, browse):
    service.withdraw(issued.row)
    db.session.commit()
    visitor = enter(browse, issued.code)
    page = words(visitor.get(SPACE))
    assert "Withdrawn" in page
    assert not any(word in page for word in CONTENT)


def test_a_late_first_dispensing_is_told_not_hidden(issued, browse):
    with clock.at(clock.now() + dt.timedelta(days=120)):
        visitor = browse()
        assert knock(visitor, issued.code).status_code == 302
        # The ticket's own time is the machine's: the page is asked for at the same moment.
        assert "may not be dispensed for the first time" in words(visitor.get(SPACE))


def test_the_same_numbers_on_two_portals_open_their_own_only(scene, portals, browse, document):
    first = scene.issue()
    with entered(portals["rdv-confiance"].id):
        assert pharmacy.space() is not None, "the other portal lets pharmacists in too"
    other = browse("rdv-confiance")
    assert knock(other, code_of(first)).status_code == 403


def test_an_uploaded_file_never_reaches_the_door(issued, browse):
    visitor = browse()
    answer = visitor.post("/pharmacy", {"code": (io.BytesIO(b"x"), "x.txt"), "place": FINESS, "person": PHARMACIST})
    assert answer.status_code == 422
