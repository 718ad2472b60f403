"""Images and documents of the profile: kept apart per person, read by whom the patient lets, each look listed."""

import io
import re

import pytest
from PIL import Image

from core.care.record import service
from core.db import db
from core.identity.models import Account
from core.jobs import outbox
from core.tenancy.current import entered
from core.testing.makers import make_account, make_professional, sign_in_as, signed_in

MULTIPART = {"content_type": "multipart/form-data"}


def png():
    made = io.BytesIO()
    Image.new("RGB", (8, 8), "blue").save(made, "PNG")
    made.seek(0)
    return made


@pytest.fixture
def people(app, frontalia, browse, inside):
    """(the patient's browser, the professional's, the patient's account id, the professional)."""
    patient = make_account(first_name="Anna", last_name="Amsel", language="en")
    made = make_professional()
    theirs = db.session.get(Account, (frontalia.id, made.pro.account_id))
    theirs.language = "en"
    from core.directory import service as directory

    directory.link_patient(made.pro.id, patient.id, "invited")
    db.session.commit()
    one, two = browse(), browse()
    sign_in_as(one, frontalia.id, patient)
    sign_in_as(two, frontalia.id, theirs)
    return one, two, patient.id, made.pro


@pytest.mark.rule("CB-198", "CB-073", "CB-074")
def test_a_file_is_added_read_by_whom_the_patient_lets_and_removed(people, frontalia, browse):
    one, two, account_id, pro = people
    answer = one.post("/record/documents", {"documents": [(png(), "radio.png")]}, **MULTIPART)
    assert answer.status_code == 302, one.text(answer)
    with entered(frontalia.id):
        outbox.drain()
    page = one.text(one.get("/record/documents"))
    path = re.search(r'href="(/documents/[^"]+)"', page).group(1)
    assert one.get(path).status_code == 200
    assert two.get(path).status_code == 404
    assert two.get(f"/patients/{account_id}/record/documents").status_code == 403
    with entered(frontalia.id):
        service.grant(service.subject_of(account_id), pro.id)
        db.session.commit()
    assert two.get(path).status_code == 200
    assert "radio.png" in two.text(two.get(f"/patients/{account_id}/record/documents"))
    with entered(frontalia.id):
        looks = service.looks_of(service.subject_of(account_id).person_id)
    assert "document" in {look.what for look in looks}
    stranger = browse()
    signed_in(stranger, frontalia.id)
    assert stranger.get(path).status_code == 404
    remove = path.replace("/documents/", "/record/documents/") + "/remove"
    assert stranger.post(remove).status_code == 404
    assert one.post(remove).status_code == 302
    assert one.get(path).status_code == 404
    assert "radio.png" not in one.text(one.get("/record/documents"))


def test_a_wrong_file_is_told_and_nothing_is_kept(people):
    one, _two, _account_id, _pro = people
    files = [(png(), "good.png"), (io.BytesIO(b"PK\x03\x04 an archive"), "all.zip")]
    answer = one.post("/record/documents", {"documents": files}, **MULTIPART)
    assert answer.status_code == 422
    assert "all.zip" in one.text(answer)
    assert "good.png" not in one.text(one.get("/record/documents"))
    assert one.post("/record/documents", {}, **MULTIPART).status_code == 422
