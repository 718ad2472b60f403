"""Advice of colleagues: who is asked, what is shown of the patient, what the patient sees of it."""

import json
import threading
import uuid

import pytest
from flask import render_template_string
from sqlalchemy import select

from core.audit.models import AuditEntry
from core.care.colleagues import answers, expertise, sharing
from core.care.colleagues.models import Expertise, ExpertiseAnswer
from core.care.consultations import states
from core.care.consultations.models import Consultation
from core.db import db
from core.directory.models import Professional
from core.tenancy import keys
from core.tenancy.current import entered
from core.web.frame import Refused


def asked(case, *colleagues, **more):
    row = expertise.ask(case.pro, case.row.id, [c.id for c in colleagues], "canary advice?", **more)
    db.session.commit()
    return row


def count(model=Expertise):
    return len(db.session.execute(select(model)).all())


@pytest.mark.rule("CB-047")
def test_the_whole_way_two_are_asked_one_answers_one_declines(case, desk_of, frontalia, inbox, choices, trail):
    asker, first, second = desk_of(case.pro), desk_of(case.one), desk_of(case.two)
    page = asker.text(asker.get(f"/expertise/ask/{case.row.id}"))
    assert "46 years, woman" in page or "years, woman" in page
    assert case.one.name in page
    answer = asker.post(
        f"/expertise/ask/{case.row.id}",
        {"question": "Wieso <i>hier</i>?", "colleague": [str(case.one.id), str(case.two.id)], "key": "k", "send": "1"},
    )
    assert answer.status_code == 302, asker.text(answer)
    path = answer.headers["Location"].partition("?")[0]
    told = [m for m in inbox() if "asks for your advice" in m.subject]
    assert len(told) == 2
    assert all("Wieso" not in m.body_text and "Patientname" not in m.body_text for m in told)
    for desk in (first, second):
        assert path in desk.text(desk.get("/expertise"))
        page = desk.text(desk.get(path))
        assert "Wieso &lt;i&gt;hier&lt;/i&gt;?" in page
        assert "years, woman" in page
        assert "Patientname" not in page
        assert "canary@example.org" not in page
        assert "canary question" not in page
        assert str(case.row.id) not in page
    assert first.post(path + "/answer", {"text": "Because of this", "act": "answer"}).status_code == 302
    assert second.post(path + "/answer", {"act": "decline"}).status_code == 302
    # Each sees their own answer only; who declined needs the question no more.
    assert "Because of this" not in second.text(second.get(path))
    assert "Wieso" not in second.text(second.get(path))
    assert "Wieso" in first.text(first.get(path))
    page = asker.text(asker.get(path))
    assert "Because of this" in page
    assert "Cannot give this advice" in page
    assert len([m for m in inbox() if "answered your request" in m.subject]) == 2
    assert asker.post(path + "/close", {}).status_code == 302
    assert "Because of this" in asker.text(asker.get(path))
    assert {"expertise.asked", "expertise.answered", "expertise.declined", "expertise.closed"} <= set(trail())
    with entered(frontalia.id):
        row = db.session.execute(select(Expertise)).scalar_one()
        assert b"Wieso" not in row.sealed
        # Sealed with the key of the patient's person: erased with it.
        assert keys.unseal_json(case.row.person_id, "expertises", "sealed", row.sealed)["question"].startswith("Wieso")


@pytest.mark.rule("CB-122")
def test_strangers_find_no_request_and_the_patient_neither(case, desk_of, colleague, browse, frontalia):
    from core.identity.models import Account
    from core.testing.makers import sign_in_as

    row = asked(case, case.one)
    stranger, other = desk_of(case.two), browse()
    for path in (f"/expertise/{row.id}", f"/expertise/ask/{case.row.id}"):
        assert stranger.get(path).status_code == 404
    for path in ("answer", "close"):
        assert stranger.post(f"/expertise/{row.id}/{path}", {"text": "x"}).status_code == 404
    assert str(row.id) not in stranger.text(stranger.get("/expertise"))
    asked_one = desk_of(case.one)
    assert asked_one.post(f"/expertise/{row.id}/close", {}).status_code == 404
    assert asked_one.get(f"/requests/{case.row.id}").status_code == 404
    with entered(frontalia.id):
        account = db.session.execute(select(Account).where(Account.id == case.booker.account_id)).scalar_one()
    sign_in_as(other, frontalia.id, account)
    assert other.get(f"/expertise/{row.id}").status_code == 403


@pytest.mark.rule("CB-122")
def test_only_listed_professionals_are_asked_and_a_refusal_is_on_the_trail(case, desk_of, frontalia, trail):
    case.two.listed = False
    db.session.commit()
    desk = desk_of(case.pro)
    for wanted in (case.two.id, case.pro.id, uuid.uuid4(), case.booker.account_id):
        answer = desk.post(
            f"/expertise/ask/{case.row.id}", {"question": "kept words", "colleague": [str(case.one.id), str(wanted)]}
        )
        assert answer.status_code == 403
        assert "kept words" in desk.text(answer)
    assert trail().count("expertise.sharing_refused") == 4
    with entered(frontalia.id):
        assert count() == 0


@pytest.mark.rule("CB-132", "CB-122")
def test_a_file_is_shown_only_where_the_patient_agreed(case, shared, desk_of, frontalia, choices, trail):
    file = shared()
    desk, first = desk_of(case.pro), desk_of(case.one)
    page = f"/expertise/ask/{case.row.id}"
    form = {"question": "See it?", "colleague": [str(case.one.id)], "document": [str(file)]}
    assert "has not agreed to files being shown" in desk.text(desk.get(page))
    answer = desk.post(page, form)
    assert answer.status_code == 403
    assert "See it?" in desk.text(answer)
    assert trail()[-1] == "expertise.sharing_refused"
    with entered(frontalia.id):
        assert count() == 0
    choices.share.add(case.row.person_id)
    assert "Show these files" in desk.text(desk.get(page))
    path = desk.post(page, form).headers["Location"].partition("?")[0]
    document = f"{path}/documents/{file}"
    shown = first.text(first.get(path))
    assert document in shown
    assert "Patientname" not in shown  # not even in the name of the file
    answer = first.get(document)
    assert answer.status_code == 200
    assert answer.data.startswith(b"%PDF")
    assert "Patientname" not in answer.headers["Content-Disposition"]
    assert choices.looks == [(case.row.person_id, case.one.id, "tele_expertise")]
    assert {"expertise.document_read", "document.read"} <= set(trail())
    # Nobody else, not by the ordinary address, and not the asker's other files.
    assert desk_of(case.two).get(document).status_code == 404
    assert first.get(f"/documents/{file}").status_code == 404
    with entered(frontalia.id):
        unattached = shared("other.pdf")
    assert first.get(f"{path}/documents/{unattached}").status_code == 404
    # The patient's agreement is asked again at every look.
    choices.share.clear()
    assert first.get(document).status_code == 404
    assert "does not agree to files being shown any more" in first.text(first.get(path))
    choices.share.add(case.row.person_id)
    assert first.get(document).status_code == 200
    desk.post(path + "/close", {})
    assert first.get(document).status_code == 404
    assert document not in first.text(first.get(path))
    assert len(choices.looks) == 2


@pytest.mark.rule("CB-132")
def test_who_declined_opens_no_file(case, shared, choices, inside):
    choices.share.add(case.row.person_id)
    file = shared()
    row = asked(case, case.one, document_ids=[file])
    assert expertise.access_document(row.id, file, case.one).id == file
    answers.decline(case.one, row.id)
    db.session.commit()
    with pytest.raises(Exception, match="404"):
        expertise.access_document(row.id, file, case.one)


def test_a_file_of_another_consultation_or_in_quarantine_is_refused(case, shared, choices, inside):
    from core.care.documents.models import CareDocument

    choices.share.add(case.row.person_id)
    file = shared()
    CareDocument.get(file).state = "quarantined"
    db.session.commit()
    for wanted in (file, uuid.uuid4()):
        with pytest.raises(expertise.SharingRefused):
            expertise.ask(case.pro, case.row.id, [case.one.id], "x", document_ids=[wanted])
        db.session.rollback()


@pytest.mark.rule("CB-132")
def test_nobody_agreed_until_the_settings_are_wired(monkeypatch):
    for part in ("_share", "_name", "_note"):
        monkeypatch.setattr(sharing, part, None)
    assert sharing.consent_to_share(uuid.uuid4()) is False
    assert sharing.consent_to_name(uuid.uuid4()) is False
    sharing.note_access(uuid.uuid4(), uuid.uuid4(), "copy")


@pytest.mark.rule("CB-047")
def test_the_name_is_shown_only_where_the_patient_agreed(case, choices, inside):
    row = asked(case, case.one)
    assert expertise.shown(row, case.one).name is None
    assert expertise.shown(row, case.pro).name == "Canary Patientname"
    choices.name.add(case.row.person_id)
    assert expertise.shown(row, case.one).name == "Canary Patientname"
    choices.name.clear()
    assert expertise.shown(row, case.one).name is None


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"question": " ", "colleague": ["one"]}, "Please write your question"),
        ({"question": "x" * 5001, "colleague": ["one"]}, "characters; at most"),
        ({"question": "q", "colleague": []}, "choose at least one colleague"),
        ({"question": "q", "colleague": ["not-an-id"]}, "choose at least one colleague"),
    ],
)
def test_a_form_that_is_wrong_says_so(case, desk_of, frontalia, form, said):
    chosen = [str(case.one.id) if c == "one" else c for c in form["colleague"]]
    desk = desk_of(case.pro)
    answer = desk.post(f"/expertise/ask/{case.row.id}", {**form, "colleague": chosen})
    assert answer.status_code == 422
    assert said in desk.text(answer)
    with entered(frontalia.id):
        assert count() == 0


def test_too_many_colleagues_are_refused(case, inside):
    with pytest.raises(Refused, match="at most 10"):
        expertise.ask(case.pro, case.row.id, [uuid.uuid4() for _n in range(11)], "q")


def test_searching_keeps_what_was_typed_and_chosen_and_sends_nothing(case, desk_of, colleague, frontalia):
    with entered(frontalia.id):
        colleague("Nadège Lefèvre", "cardiology")
    desk = desk_of(case.pro)
    answer = desk.post(
        f"/expertise/ask/{case.row.id}",
        {"question": "half a ques", "colleague": [str(case.one.id)], "q": "nadege", "find": "1"},
    )
    page = desk.text(answer)
    assert answer.status_code == 200
    assert "half a ques" in page
    assert "Nadège Lefèvre" in page
    assert f'value="{case.one.id}" checked' in page
    assert case.two.name not in page
    with entered(frontalia.id):
        assert count() == 0


@pytest.mark.parametrize("state", sorted(set(states.TRANSITIONS) - {"in_progress", "awaiting_report", "completed"}))
def test_from_other_states_no_advice_is_asked(case, inside, state):
    db.session.get(Consultation, (inside.id, case.row.id)).state = state
    db.session.commit()
    with pytest.raises(Refused) as refused:
        expertise.ask(case.pro, case.row.id, [case.one.id], "q")
    assert refused.value.status == 404
    assert expertise.access_own(case.row.id, case.pro) is None


def test_the_same_key_is_one_request(case, inside):
    one, again = (asked(case, case.one, client_key="k") for _n in range(2))
    assert one.id == again.id
    assert count() == 1
    assert count(ExpertiseAnswer) == 1


def test_an_answer_is_given_once_and_while_it_is_open(case, inside):
    row = asked(case, case.one, case.two)
    for words in ("  ", "x" * 5001):
        with pytest.raises(Refused) as refused:
            answers.answer(case.one, row.id, words)
        assert refused.value.status == 422
    answers.answer(case.one, row.id, "so")
    for act in (lambda: answers.answer(case.one, row.id, "else"), lambda: answers.decline(case.one, row.id)):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.status == 409
    answers.close(case.pro, row.id)
    answers.close(case.pro, row.id)
    with pytest.raises(Refused) as refused:
        answers.answer(case.two, row.id, "late")
    assert refused.value.status == 409
    assert expertise.shown(row, case.two).question is None
    with pytest.raises(Refused) as refused:
        answers.answer(case.pro, row.id, "my own")
    assert refused.value.status == 404


def test_two_answers_at_the_same_instant_are_one(whole_app, case, inside):
    row, gate, said = asked(case, case.one), threading.Barrier(2), []

    def give(words):
        with whole_app.app_context(), entered(inside.id):
            me = db.session.get(Professional, (inside.id, case.one.id))
            assert expertise.access_expertise(row.id, me) is not None  # as the page does: read before it is held
            gate.wait(20)
            try:
                answers.answer(me, row.id, words)
                db.session.commit()
                said.append(words)
            except Refused as refused:
                db.session.rollback()
                said.append(refused.status)

    both = [threading.Thread(target=give, args=(w,)) for w in ("first", "second")]
    for t in both:
        t.start()
    for t in both:
        t.join(60)
    db.session.expunge_all()
    kept = [x for x in said if x != 409]
    assert said.count(409) == 1
    assert [a.text for a in expertise.shown(Expertise.get(row.id), case.one).answers] == kept


@pytest.mark.rule("CB-047", "CB-122")
def test_the_patient_sees_of_whom_advice_was_asked_and_when(app, case, shared, choices, inside):
    choices.share.add(case.row.person_id)
    file = shared()
    row = asked(case, case.one, case.two, document_ids=[file])
    answers.answer(case.one, row.id, "canary answer")
    db.session.commit()
    found = {a.professional.id: a for a in expertise.asked_about(case.row.id)}
    assert found[case.one.id].state == "answered"
    assert found[case.two.id].state == "asked"
    assert {a.asked_at for a in found.values()} == {row.asked_at}
    assert {a.files for a in found.values()} == {1}
    assert expertise.asked_about(uuid.uuid4()) == []
    with app.test_request_context():
        page = render_template_string('{% include "colleagues/_asked.html" %}', row=case.row)
    assert case.one.name in page
    assert case.two.name in page
    assert "canary" not in page


def test_after_an_erasure_nothing_of_the_patient_is_left_to_read(case, inside, choices):
    row = asked(case, case.one)
    answers.answer(case.one, row.id, "so")
    db.session.commit()
    keys.destroy_person_key(case.row.person_id)
    db.session.commit()
    for me in (case.pro, case.one):
        shown = expertise.shown(row, me)
        assert (shown.question, shown.age, shown.sex, shown.name) == (None, None, None, None)
        assert [a.text for a in shown.answers] == [None]


def test_the_trail_holds_ids_and_no_words(case, inside):
    asked(case, case.one)
    entries = db.session.execute(select(AuditEntry).where(AuditEntry.action == "expertise.asked")).scalars().all()
    assert len(entries) == 1
    details = json.loads(entries[0].details)
    assert details["asked"] == [str(case.one.id)]
    assert "canary" not in entries[0].details
