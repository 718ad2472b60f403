"""One's own copy: all that one holds, nothing of anybody else, told to the trail and to each patient."""

import csv
import io
import json
import uuid
import zipfile

import pytest

from core.audit.models import AuditEntry
from core.care.colleagues import copies, expertise, threads
from core.care.consultations import messages, reports, requests
from core.care.consultations.models import Consultation
from core.db import db
from core.money import service as money
from core.scheduling import booking, slots
from core.tenancy import keys
from core.tenancy.current import entered
from core.testing.makers import MONDAY, choice, fill_profile, make_booker, make_professional, signed_in
from core.web.frame import Refused


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.rule("CB-283")
def test_all_of_ones_own_is_in_it_and_nothing_else(case, shared, choices, desk_of, colleague, frontalia, trail):
    file = shared("../=évil/Note.pdf")
    messages.post(case.pro.account_id, case.row.id, "canary message")
    expertise.ask(case.pro, case.row.id, [case.one.id], "canary advice?")
    threads.write(case.pro, case.one.id, "dear colleague")
    threads.write(case.one, case.two.id, "not for you")
    reports.save(case.pro, case.row.id, {"conclusion": "canary conclusion"})
    other = make_booker(first_name="Somebody", last_name="Else")
    fill_profile(other.account_id)
    money.credit(other.account_id, uuid.uuid4(), 10_000)
    theirs = requests.request(
        other, service="express_consultation", question="of another", highest_cents=3000, profile_confirmed=True,
        acknowledged={"show_emergency_warning", "tell_not_reimbursed"}, professional_ids=[case.two.id, case.pro.id],
    )  # fmt: skip
    requests.accept(case.two, theirs.id)
    db.session.commit()
    desk = desk_of(case.pro)
    assert "at most 2,000 consultations" in desk.text(desk.get("/my-copy")).replace("2000", "2,000")
    answer = desk.post("/my-copy", {"year": ""})
    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    found = opened(answer.data)
    everything = b"\n".join(found.values()).decode()
    assert "Somebody" not in everything
    assert "of another" not in everything
    assert "not for you" not in everything
    name = next(n for n in found if n.endswith("consultation.json"))
    body = json.loads(found[name])
    assert (body["question"], body["patient"]) == ("canary question", "Canary Patientname")
    assert [m["text"] for m in body["messages"]] == ["canary message"]
    assert body["reports"][0]["parts"]["conclusion"] == "canary conclusion"
    assert body["advice"][0]["question"] == "canary advice?"
    assert [f["id"] for f in body["files"]] == [str(file)]
    assert b"canary conclusion" in found[name.replace("consultation.json", "report-1.txt")]
    attached = [n for n in found if "/files/" in n]
    assert len(attached) == 1
    assert found[attached[0]].startswith(b"%PDF")
    assert ".." not in attached[0]
    assert attached[0].count("/") == 3
    assert table(found["patients.csv"]) == [{"name": "Canary Patientname"}]
    assert json.loads(found["colleagues.json"])[0]["messages"][0]["text"] == "dear colleague"
    assert choices.looks == [(case.row.person_id, case.pro.id, "copy")]
    assert {"copy.made", "document.read"} <= set(trail())
    with entered(frontalia.id):
        entry = db.session.query(AuditEntry).filter(AuditEntry.action == "copy.made").one()
        told = {"consultations": 1, "appointments": 0, "persons": 1, "year": None}
        assert told.items() <= json.loads(entry.details).items()


@pytest.mark.rule("CB-283")
def test_appointments_are_a_table_and_only_patients_who_were_served_are_listed(inside, clock, choices):
    clock.set(MONDAY)
    made, booker = make_professional(), make_booker(first_name="=HYPER", last_name="LINK()")
    free = slots.next_free(made.pro.id, "in_person", 20, slots.earliest())[0]
    row = booking.book(booker, **choice(made, free.starts_at), note="my note")
    db.session.commit()
    found = opened(copies.make(made.pro).data)
    assert table(found["patients.csv"]) == []  # the appointment is to come
    line = table(found["appointments.csv"])[0]
    assert line["note"] == "my note"
    assert line["patient"] == "'=HYPER LINK()"  # never a formula
    assert line["starts_at"] == row.starts_at.isoformat()
    clock.set(row.ends_at)
    assert [p["name"] for p in table(opened(copies.make(made.pro).data)["patients.csv"])] == ["'=HYPER LINK()"]
    assert {x[0] for x in choices.looks} == {booker.person_id}
    assert copies.years(made.pro) == [2026]
    assert table(opened(copies.make(made.pro, 2025).data)["appointments.csv"]) == []


def test_what_was_erased_is_left_out_and_the_rest_is_made(case, inside):
    keys.destroy_person_key(case.row.person_id)
    db.session.commit()
    found = opened(copies.make(case.pro).data)
    body = json.loads(next(v for n, v in found.items() if n.endswith("consultation.json")))
    assert body["erased"] is True
    assert "messages" not in body
    assert table(found["patients.csv"]) == []


def test_files_beyond_the_limit_are_named_and_too_many_consultations_refused(case, shared, inside, monkeypatch):
    file = shared()
    monkeypatch.setattr(copies, "FILES_MOST_BYTES", 10)
    made = copies.make(case.pro)
    assert made.left_out == 1
    assert json.loads(opened(made.data)["files-left-out.json"])[0]["file"] == str(file)
    monkeypatch.setattr(copies, "MOST", 0)
    with pytest.raises(Refused, match="choose a single year"):
        copies.make(case.pro)
    with pytest.raises(Refused, match="ask our support"):
        copies.make(case.pro, Consultation.get(case.row.id).requested_at.year)


def test_a_year_without_anything_and_too_many_copies_are_refused(case, desk_of, browse, frontalia):
    desk = desk_of(case.pro)
    for year in ("1999", "x", "-1"):
        assert desk.post("/my-copy", {"year": year}).status_code == 422
    answers = [desk.post("/my-copy", {}).status_code for _n in range(8)]
    assert answers[0] == 200
    assert answers[-1] == 429
    assert "Please wait" in desk.text(desk.last)
    patient, unknown = browse(), browse()
    signed_in(patient, frontalia.id)
    signed_in(unknown, frontalia.id, "professional")
    assert patient.post("/my-copy", {}).status_code == 403
    assert unknown.post("/my-copy", {}).status_code == 403
