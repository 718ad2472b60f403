"""The pages of a record: what a patient and a professional see, what they cannot reach, and that nothing leaks."""

import datetime as dt
import logging
import re
import uuid

import pytest
from sqlalchemy import text

from core import clock
from core.care.record import service
from core.care.record.models import HealthEntry, RecordAccess
from core.db import db
from core.directory import service as directory
from core.identity import accounts
from core.jobs import outbox
from core.tenancy import keys
from core.tenancy.current import entered
from core.testing.makers import make_account, make_professional, signed_in
from tests.care.record.conftest import ANSWERS

CANARY = "Zyxoblastose"
STRANGE = '<script>alert("x")</script> 👨‍👩‍👧 רגישות لحساسية'


def shown(answer):
    return answer.get_data(as_text=True)


def record_of(anna, for_=None):
    return f"/patients/{anna.id}/record" + (f"?for={for_}" if for_ else "")


@pytest.fixture
def patient(anna, sign_in):
    return sign_in(anna)


@pytest.fixture
def desk(doctor, sign_in):
    return sign_in(doctor.account)


@pytest.fixture
def known(doctor, anna):
    """Anna stands on the doctor's list."""
    directory.link_patient(doctor.pro.id, anna.id, "invited")
    db.session.commit()


# -- the patient ------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-197", "CB-072")
def test_a_patient_fills_in_what_is_needed(patient, anna):
    page = shown(patient.get("/record"))
    assert "0 of 5 answered" in page
    assert "Complete your health profile" in shown(patient.get("/home"))
    for code, answers in ANSWERS.items():
        saved = patient.post(f"/record/registers/{code}", answers)
        assert saved.status_code == 302, shown(saved)
        assert "Saved" in shown(patient.follow(saved))
    page = shown(patient.get("/record"))
    assert "Is it all still right?" in page
    assert "Complete your health profile" not in shown(patient.get("/home"))
    assert patient.post("/record/confirm").status_code == 302
    assert "Last confirmed" in shown(patient.get("/record"))


@pytest.mark.rule("CB-197")
def test_none_is_said_with_one_button_and_an_empty_form_is_none_of_it(patient, again, hers):
    empty = patient.post("/record/registers/allergies", {})
    assert empty.status_code == 422
    assert "Please fill this in." in shown(empty)
    assert "No known allergy" in shown(patient.get("/record/registers/allergies"))
    assert patient.post("/record/registers/allergies/none").status_code == 302
    with again():
        assert "allergies" not in [r.code for r in service.complete(hers)]


def test_nothing_typed_is_lost_and_the_error_stands_at_its_field(patient):
    typed = {**ANSWERS["biometrics"], "height": "1,72", "blood_group": "AB−"}
    answer = patient.post("/record/registers/biometrics", typed)
    page = shown(answer)
    assert answer.status_code == 422
    assert 'id="f-height-error"' in page
    assert 'href="#f-height"' in page
    for kept in ('value="1,72"', 'value="70,5"', '<option value="AB−" selected>', '<option value="green" selected>'):
        assert kept in page
    wrong = patient.post(
        "/record/registers/vaccines", {"vaccine": "x", "next_day": "31", "next_month": "2", "next_year": "2027"}
    )
    assert wrong.status_code == 422
    for kept in ('value="31"', 'value="2"', 'value="2027"'):
        assert kept in shown(wrong)


def test_what_was_overtaken_is_told_and_kept(patient, hers, herself):
    service.write_entry(hers, "biometrics", ANSWERS["biometrics"], herself)
    db.session.commit()
    answer = patient.post(
        "/record/registers/biometrics", {**ANSWERS["biometrics"], "weight": "99", "_base": str(uuid.uuid4())}
    )
    assert answer.status_code == 409
    assert 'value="99"' in shown(answer)
    base = re.search(r'name="_base" value="([^"]+)"', shown(answer))[1]
    again = patient.post("/record/registers/biometrics", {**ANSWERS["biometrics"], "weight": "99", "_base": base})
    assert again.status_code == 302


def test_text_is_shown_as_text_in_its_own_direction(patient, desk, hers, doctor, anna):
    assert patient.post("/record/registers/allergies", {"kind": "other", "what": STRANGE}).status_code == 302
    service.grant(hers, doctor.pro.id)
    db.session.commit()
    for browser, paths in (
        (patient, ("/record", "/record/registers/allergies")),
        (desk, (record_of(anna), f"/patients/{anna.id}/record/registers/allergies")),
    ):
        for path in paths:
            page = shown(browser.get(path))
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt; 👨‍👩‍👧 רגישות لحساسية" in page
            assert re.search(r"<bdi>&lt;script|dir=\"auto\"", page)


def test_an_entry_is_corrected_and_taken_out(patient, hers, herself, rows):
    id_ = service.write_entry(hers, "medicines", ANSWERS["medicines"], herself)
    db.session.commit()
    assert 'value="paracetamol"' in shown(patient.get(f"/record/registers/medicines/{id_}"))
    assert patient.post(f"/record/registers/medicines/{id_}", {"name": "ibuprofen"}).status_code == 302
    assert patient.get(f"/record/registers/medicines/{id_}").status_code == 404
    (now,) = [r for r in rows(HealthEntry) if r.ended_at is None]
    assert patient.post(f"/record/registers/medicines/{now.id}/end").status_code == 302
    page = shown(patient.get("/record/registers/medicines"))
    assert "paracetamol" in page
    assert "Taken out by you" in page
    assert "Replaced by you" in page


@pytest.mark.rule("CB-199")
def test_a_register_that_is_not_for_this_person_is_not_there(patient, anna, child, doctor, hers, desk):
    assert patient.get("/record/registers/gynaecology_obstetrics").status_code == 200
    assert patient.get(f"/record/registers/gynaecology_obstetrics?for={child.id}").status_code == 404
    for code in ("fr_insured_profile", "images_and_documents", "no_such"):
        assert patient.get(f"/record/registers/{code}").status_code == 404
        assert patient.post(f"/record/registers/{code}", {"x": "y"}).status_code == 404
    accounts.change_person(accounts.by_id(anna.id), sex="male")
    db.session.commit()
    assert "Gynaecology" not in shown(patient.get("/record"))


@pytest.mark.rule("CB-206")
def test_each_person_is_shown_apart(patient, anna, child, hers, herself, doctor, consulted):
    his = service.subject_of(anna.id, child.id)
    service.write_entry(his, "allergies", {"kind": "food", "what": CANARY}, herself)
    consulted(hers, doctor)
    consulted(his, make_professional())
    assert CANARY not in shown(patient.get("/record"))
    page = shown(patient.get(f"/record?for={child.id}"))
    assert CANARY in page
    assert "Health profile of Ben Amsel" in page
    assert doctor.pro.name not in page
    assert doctor.pro.name in shown(patient.get("/record"))


@pytest.mark.rule("CB-200")
def test_the_insured_profile_is_changed_with_the_own_data_and_shown_in_the_profile(patient, anna, make_french, again):
    assert "health insurance in France" not in shown(patient.get("/account"))
    assert patient.get("/account/registers/fr_insured_profile").status_code == 404
    with again():
        make_french(anna)
    assert "health insurance in France" in shown(patient.get("/account"))
    given = {
        "ald": "yes",
        "ald_kind": "ald_8",
        "css": "no",
        "attending_physician_declared": "no",
        "complementary_cover": "no",
    }
    assert patient.post("/record/registers/fr_insured_profile", given).status_code == 404
    saved = patient.post("/account/registers/fr_insured_profile", given)
    assert saved.status_code == 302
    assert "Saved" in shown(patient.follow(saved))
    page = shown(patient.get("/record/registers/fr_insured_profile"))
    assert "type 1 and type 2 diabetes" in page
    assert 'name="ald"' not in page
    assert patient.get("/account/registers/allergies").status_code == 404


@pytest.mark.rule("CB-031")
def test_the_attending_physician_is_chosen_among_those_who_may_be(patient, anna, make_french, doctor):
    make_french(anna)
    abroad, nurse = make_professional("LU"), make_professional("FR", "allied")
    for made in (doctor, abroad, nurse):
        directory.mark_favourite(anna.id, made.pro.id)
    db.session.commit()
    page = shown(patient.get("/account/registers/fr_insured_profile"))
    assert str(doctor.pro.id) in page
    assert str(abroad.pro.id) not in page
    assert str(nurse.pro.id) not in page


@pytest.mark.rule("CB-279", "CB-128")
def test_both_places_show_one_switch(patient, anna, child, hers, doctor, desk, known):
    service.grant(hers, doctor.pro.id)
    db.session.commit()
    assert desk.get(record_of(anna)).status_code == 200
    back = patient.post("/record/sharing/objection", {"objects": "yes", "back": "members"})
    assert back.headers["Location"].startswith("/account/dependants")
    assert desk.get(record_of(anna)).status_code == 403
    for path in ("/account/dependants", "/record/sharing"):
        assert "Closed to all professionals" in shown(patient.get(path))
    assert "Closed to all professionals" not in shown(patient.get(f"/record/sharing?for={child.id}"))
    assert patient.post("/record/sharing/objection", {"objects": "no"}).status_code == 302
    for path in ("/account/dependants", "/record/sharing"):
        assert "Closed to all professionals" not in shown(patient.get(path))
    assert desk.get(record_of(anna)).status_code == 200


def test_a_professional_is_allowed_for_a_time_and_taken_back_with_one_button(patient, anna, doctor, desk, known, child):
    path = f"/record/sharing/professionals/{doctor.pro.id}"
    for days in ("", "x", "-1", "0", "2", "9" * 9, "٣٠"):
        assert patient.post(path, {"days": days}).status_code == 422
    assert desk.get(record_of(anna)).status_code == 403
    assert patient.post(path, {"days": "30"}).status_code == 302
    page = shown(patient.get("/record/sharing"))
    action = re.search(r'action="(/record/sharing/grants/[^"]+/withdraw)"', page)[1]
    assert desk.get(record_of(anna)).status_code == 200
    assert desk.get(record_of(anna, child.id)).status_code == 404
    assert patient.post(action).status_code == 302
    assert desk.get(record_of(anna)).status_code == 403
    assert "taken back by you" in shown(patient.get("/record/sharing"))


@pytest.mark.rule("CB-132")
def test_the_agreement_to_advice_is_a_switch(patient, hers):
    for agrees in (True, False):
        patient.post("/record/sharing/tele-expertise", {"agrees": "yes" if agrees else "no"})
        db.session.rollback()
        assert (service.switches(hers.person_id).tele_expertise_at is not None) == agrees


def test_somebody_elses_ids_are_not_found(patient, sign_in, anna, child, hers, herself, doctor):
    entry_id = service.write_entry(hers, "allergies", ANSWERS["allergies"], herself)
    grant_id = service.grant(hers, doctor.pro.id)
    other = make_account()
    db.session.commit()
    stranger = sign_in(other)
    for path in (
        f"/record?for={child.id}", f"/record/sharing?for={child.id}", f"/record/accesses?for={child.id}", "/record?for=x",
        f"/record/registers/allergies?for={child.id}", f"/record/registers/allergies/{entry_id}",
        f"/record/sharing/professionals/{uuid.uuid4()}", f"/record/sharing/professionals/{doctor.pro.id}?for={child.id}",
    ):  # fmt: skip
        assert stranger.get(path).status_code == 404, path
    for path, data in (
        (f"/record/registers/allergies/{entry_id}", ANSWERS["allergies"]),
        (f"/record/registers/allergies/{entry_id}/end", {}),
        ("/record/registers/allergies", {**ANSWERS["allergies"], "for": str(child.id)}),
        ("/record/registers/allergies/none", {"for": str(child.id)}),
        (f"/record/sharing/grants/{grant_id}/withdraw", {}),
        ("/record/sharing/objection", {"objects": "yes", "for": str(child.id)}),
        ("/record/confirm", {"for": str(child.id)}),
        (f"/record/sharing/professionals/{doctor.pro.id}", {"days": "30", "for": str(child.id)}),
    ):
        assert stranger.post(path, data).status_code == 404, path
    # Her own entry under another of her registers or persons is not there either.
    assert patient.get(f"/record/registers/medicines/{entry_id}").status_code == 404
    assert patient.get(f"/record/registers/allergies/{entry_id}?for={child.id}").status_code == 404


# -- the professional -------------------------------------------------------------------------------------------------


def anonymous(page):
    """A page without the address that was asked for and the number of the request."""
    return re.sub(r"/patients/[^\"<]*|[0-9a-f]{12}", "", page)


@pytest.mark.rule("CB-073")
def test_a_stranger_and_another_portal_find_nobody(desk, anna, hers, herself, child, doctor, browse, portals):
    entry_id = service.write_entry(hers, "allergies", {"kind": "other", "what": CANARY}, herself)
    db.session.commit()
    nobody = shown(desk.get(f"/patients/{uuid.uuid4()}/record"))
    paths = (
        record_of(anna), record_of(anna, child.id), f"/patients/{anna.id}/record/registers/allergies",
        f"/patients/{anna.id}/record/registers/allergies/{entry_id}",
    )  # fmt: skip
    for path in paths:
        answer = desk.get(path)
        assert answer.status_code == 404
        assert anonymous(shown(answer)) == anonymous(nobody)
    assert desk.post(f"/patients/{anna.id}/record/registers/allergies/{entry_id}/end").status_code == 404
    assert db.session.execute(
        text("SELECT count(*) FROM audit_entries WHERE action = 'record.refused'")
    ).scalar_one() >= len(paths)
    with entered(portals["rdv-confiance"].id):
        made = make_professional()
        elsewhere = browse("rdv-confiance")
        from core.testing.makers import _sign_in

        _sign_in(elsewhere, made.account)
    for path in paths:
        assert elsewhere.get(path).status_code == 404


def test_the_roles_do_not_mix(patient, desk, anna, browse, frontalia):
    assert patient.get(record_of(anna)).status_code == 403
    assert patient.get("/records").status_code == 403
    assert desk.get("/record").status_code == 403
    waiting = browse()
    signed_in(waiting, frontalia.id, "professional")
    assert waiting.get("/records").status_code == 403


@pytest.mark.rule("CB-073", "CB-204", "CB-205", "CB-131")
def test_who_is_not_allowed_is_told_why_and_what_to_do(desk, anna, hers, herself, doctor, colleague, known, consulted):
    service.write_entry(hers, "allergies", {"kind": "other", "what": CANARY}, herself)
    consulted(hers, colleague, service_code="express_consultation")
    refused = desk.get(record_of(anna))
    page = shown(refused)
    assert refused.status_code == 403
    assert "The patient has not allowed you to see this." in page
    assert "Ask the patient" in page
    for path in ("registers/allergies", "registers/no_such"):
        answer = desk.get(f"/patients/{anna.id}/record/{path}")
        assert answer.status_code == 403
        assert CANARY not in shown(answer)
    assert desk.post(f"/patients/{anna.id}/record/registers/allergies", ANSWERS["allergies"]).status_code == 403
    assert desk.post(f"/patients/{anna.id}/record/registers/medicines/none").status_code == 403
    consulted(hers, doctor)
    own = desk.get(record_of(anna))
    assert own.status_code == 200
    assert "Consultations that you carried out" in shown(own)
    assert CANARY not in shown(own)
    assert colleague.pro.name not in shown(own)
    service.grant(hers, doctor.pro.id)
    db.session.commit()
    whole = shown(desk.get(record_of(anna)))
    assert CANARY in whole
    assert colleague.pro.name in whole


@pytest.mark.rule("CB-074")
def test_a_session_of_one_factor_is_refused(sign_in, doctor, anna, hers, known):
    service.grant(hers, doctor.pro.id)
    db.session.commit()
    weak = sign_in(doctor.account, "password").get(record_of(anna))
    assert weak.status_code == 403
    assert "two factors" in shown(weak)
    for strong in ("passkey", "password+totp", "provider:fr_pro_sante_connect"):
        assert sign_in(doctor.account, strong).get(record_of(anna)).status_code == 200


@pytest.mark.rule("CB-202", "CB-131")
def test_an_allowed_professional_completes_the_profile_under_their_name(desk, patient, anna, hers, doctor):
    service.grant(hers, doctor.pro.id)
    db.session.commit()
    assert "Anna Amsel" in shown(desk.get("/records"))
    base = f"/patients/{anna.id}/record/registers"
    assert desk.post(f"{base}/allergies", ANSWERS["allergies"]).status_code == 302
    assert desk.post(f"{base}/medicines/none").status_code == 302
    wrong = desk.post(f"{base}/biometrics", {"height": "1"})
    assert wrong.status_code == 422
    page = shown(patient.get("/record/registers/allergies"))
    assert f"Written by Dr {doctor.pro.name}" in page
    looked = shown(patient.get("/record/accesses"))
    assert "wrote in “Allergies and intolerances”" in looked
    assert "wrote in “Current medicines”" in looked
    assert "You had allowed it." in looked


@pytest.mark.rule("CB-205")
def test_taking_back_closes_a_page_that_stands_open(desk, anna, hers, herself, doctor, again):
    entry_id = service.write_entry(hers, "allergies", ANSWERS["allergies"], herself)
    grant_id = service.grant(hers, doctor.pro.id)
    db.session.commit()
    base = f"/patients/{anna.id}/record/registers"
    form = shown(desk.get(f"{base}/allergies/{entry_id}"))
    assert "penicillin" in form
    with again():
        service.withdraw(anna.id, grant_id)
        db.session.commit()
    for path in (
        f"{base}/allergies/{entry_id}",
        f"{base}/allergies",
        f"{base}/allergies/{entry_id}/end",
        f"{base}/medicines/none",
    ):
        assert desk.post(path, {"kind": "food", "what": "nuts"}).status_code == 403, path
    assert desk.get(f"{base}/allergies").status_code == 403
    assert "Anna Amsel" not in shown(desk.get("/records"))
    with again():
        assert service.answer_of(hers, "allergies", "what") == "penicillin"


@pytest.mark.rule("CB-205")
def test_a_grant_that_ran_out_closes_the_page(desk, anna, hers, doctor):
    with clock.at(clock.now() - dt.timedelta(days=1, seconds=1)):
        service.grant(hers, doctor.pro.id, days=1)
        db.session.commit()
    refused = desk.get(record_of(anna))
    assert refused.status_code == 403
    assert "has not allowed you" in shown(refused)


def test_the_record_of_an_erased_person_is_not_there(desk, anna, hers, doctor):
    service.grant(hers, doctor.pro.id)
    db.session.commit()
    keys.destroy_person_key(hers.person_id)
    db.session.commit()
    assert desk.get(record_of(anna)).status_code == 404
    assert desk.get("/records").status_code == 200


def test_a_person_who_looks_is_listed_in_plain_words(desk, patient, anna, hers, doctor, known, consulted):
    assert "Nobody has looked yet" in shown(patient.get("/record/accesses"))
    desk.get(record_of(anna))
    assert "wanted to read the health profile; it was not shown" in shown(patient.get("/record/accesses"))
    service.grant(hers, doctor.pro.id)
    db.session.commit()
    desk.get(record_of(anna))
    desk.get(record_of(anna))
    page = shown(patient.get("/record/accesses"))
    assert "read the health profile" in page
    assert "2 times" in page
    assert doctor.pro.name in page


# -- nothing leaks ----------------------------------------------------------------------------------------------------


def test_no_word_of_a_record_stands_anywhere_in_the_clear(
    patient, desk, anna, hers, doctor, known, caplog, test_database, inbox, again
):  # fmt: skip
    """Each page is walked with an entry that nobody else would write; then logs, addresses and every row of every table are read."""
    caplog.set_level(logging.DEBUG)
    places = []
    for browser in (patient, desk):
        seen = browser.client.open

        def keep(*args, _seen=seen, **kwargs):
            answer = _seen(*args, **kwargs)
            places.append(answer.request.url + answer.headers.get("Location", ""))
            return answer

        browser.client.open = keep
    service.grant(hers, doctor.pro.id)
    db.session.commit()
    base = f"/patients/{anna.id}/record/registers"
    patient.post("/record/registers/allergies", {"kind": "other", "what": CANARY})
    desk.post(f"{base}/personal_history", {"kind": "condition", "what": CANARY, "note": CANARY})
    patient.post("/record/registers/allergies", {"kind": "unknown", "what": CANARY})
    desk.post(f"{base}/biometrics", {"height": CANARY})
    with again():
        id_ = service.state_of(hers, next(r for r in service.registers_for(hers) if r.code == "allergies")).last.id
    patient.post(f"/record/registers/allergies/{id_}", {"kind": "other", "what": CANARY + "2"})
    for path in ("/record", "/record/registers/allergies", "/record/accesses", "/home"):
        patient.get(path)
    assert CANARY in shown(desk.get(record_of(anna)))
    outbox.drain()
    inbox()
    assert places and not [p for p in places if CANARY.lower() in p.lower()]
    assert CANARY not in caplog.text
    assert not [r for r in caplog.records if CANARY in str(r.__dict__)]
    import psycopg
    from sqlalchemy.engine import make_url

    url = make_url(test_database.admin_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        tables = [r[0] for r in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        for table in tables:
            for (row,) in connection.execute(f'SELECT t::text FROM "{table}" t'):
                assert CANARY.lower() not in row.lower(), table
                assert CANARY.encode().hex() not in row, table
    assert db.session.query(RecordAccess).count() == 2


def test_who_comes_for_their_own_consultations_wanted_nothing_else(desk, patient, anna, hers, doctor, consulted):
    consulted(hers, doctor)
    assert desk.get(record_of(anna)).status_code == 200
    page = shown(patient.get("/record/accesses"))
    assert "saw the list of their own consultations with you" in page
    assert "it was not shown" not in page
    refused = text("SELECT details FROM audit_entries WHERE action = 'record.refused'")
    assert "no_grant" in db.session.execute(refused).scalar_one()
    assert desk.get(f"/patients/{anna.id}/record/registers/allergies").status_code == 403
    page = shown(patient.get("/record/accesses"))
    assert "wanted to open “Allergies and intolerances”; it was not shown" in page
    assert "You had not allowed it." in page
