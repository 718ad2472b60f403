"""Reports and prescriptions for who has no password; the report by post; who may read."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from core import clock as core_clock
from core.audit.models import AuditEntry
from core.care.consultations import reports
from core.care.consultations.models import Consultation
from core.db import db
from core.hooks.types import Event
from core.identity import accounts
from core.testing import makers
from core.web.frame import Refused
from plugins.insurer_assistance import cases, links, posts, readers, team
from plugins.insurer_assistance.models import Case
from plugins.insurer_assistance.models_results import Link, LinkOpening
from tests.plugins.insurer_assistance import results_kit as kit

pytestmark = pytest.mark.usefixtures("mutual")
GONE = "This link opens nothing"


@pytest.fixture
def phoned(app, mutual, doctor, ask_for):
    """Who came by telephone, in a call."""
    someone, pro = kit.by_telephone(), doctor()
    row = kit.in_call(someone, pro, ask_for(someone, channel="telephone", phone="+33639980077"))
    made = kit.Scene(app, mutual, someone, pro, row)
    made.email = someone.email
    return made


@pytest.fixture
def web(app, mutual, member, doctor, ask_for):
    """Who came by the web and has a password."""
    someone, pro = member(), doctor()
    return kit.Scene(app, mutual, someone, pro, kit.in_call(someone, pro, ask_for(someone)))


def mails(scene):
    return [m for m in kit.messages("email") if m.recipient == scene.email]


def agent():
    account = makers.make_account("professional")
    team.set_facts(
        account.id, team.AGENT, registered=False, practises_in_country=False, engaged_from="2026-01-01", engaged_until=None, by="t"
    )  # fmt: skip
    db.session.commit()
    return account.id


# -- the report -----------------------------------------------------------------------------------------------------


@pytest.mark.rule("IA-070")
def test_without_a_password_one_mail_with_a_link_and_nothing_medical(phoned):
    kit.reported(phoned.pro, phoned.row)
    found = mails(phoned)
    papers = [m for m in found if "/papers/" in m.body_text]
    assert len(papers) == 1
    assert not [m for m in found if f"/consultations/{phoned.row.id}" in m.body_text and "document" in m.subject]
    mail = papers[0]
    assert mail.attachments == 0
    for words in (mail.subject, mail.body_text, mail.body_html):
        assert not any(
            w in words.casefold() for w in ("bronchite", "tousse", "ordonnance", "compte rendu", "téléphone1")
        )
    token = kit.link_in(mail).rsplit("/", 1)[1]
    row = db.session.execute(select(Link)).scalar_one()
    assert token.encode() not in row.digest
    from core.notifications.models import Notification

    assert not [n for n in db.session.execute(select(Notification)).scalars() if n.link and token in n.link]
    visitor = kit.visitor(phoned.app)
    page = visitor.get(kit.link_in(mail))
    assert page.status_code == 200
    assert kit.CONCLUSION in visitor.text(page)
    assert visitor.get(kit.link_in(mail) + "/report").data.startswith(b"%PDF")
    again = visitor.text(visitor.get(kit.link_in(mail)))
    assert "Report opened as PDF" in again
    doctor = kit.signed_in(phoned.app, phoned.pro.account)
    assert "Report opened as PDF" in doctor.text(doctor.get(f"/x/insurer_assistance/desk/{phoned.row.id}"))


@pytest.mark.rule("IA-070")
def test_told_twice_is_sent_once(phoned):
    kit.reported(phoned.pro, phoned.row)
    kit.messages()
    report = reports.versions(phoned.row.id)[0]
    payload = {"consultation_id": str(phoned.row.id), "report_id": str(report.id), "version": 1}
    links.report_saved(Event("1", "report_saved", 1, core_clock.now(), payload))
    db.session.commit()
    assert len([m for m in mails(phoned) if "/papers/" in m.body_text]) == 1


@pytest.mark.rule("IA-069", "IA-070")
def test_with_a_password_it_stands_in_the_account_and_no_link_is_sent(web, member, monkeypatch):
    accounts.by_id(web.someone.account.id).password_hash = "x"
    kit.reported(web.pro, web.row)
    kit.messages()
    assert db.session.execute(select(Link)).first() is None
    patient = kit.signed_in(web.app, web.someone.account)
    case = f"/x/insurer_assistance/cases/{web.row.id}"
    assert kit.CONCLUSION in patient.text(patient.get(case))
    paper = f"/consultations/{web.row.id}/report.pdf"
    found = [r for r in ("report.pdf", "report") if patient.get(f"/consultations/{web.row.id}/{r}").status_code == 200]
    assert found
    paper = f"/consultations/{web.row.id}/{found[0]}"
    stranger = kit.signed_in(web.app, member().account)
    for path in (case, paper, f"{case}/post"):
        assert stranger.get(path).status_code == 404, path
    nobody = kit.visitor(web.app)
    for path in (case, paper, f"{case}/post"):
        assert nobody.get(path).status_code in (302, 401), path


@pytest.mark.rule("IA-070", "IA-073")
def test_unknown_run_out_and_ended_links_answer_the_same_page(phoned, clock):
    kit.reported(phoned.pro, phoned.row)
    path = kit.link_in(next(m for m in mails(phoned) if "/papers/" in m.body_text))
    visitor = kit.visitor(phoned.app)
    unknown = visitor.get("/x/insurer_assistance/papers/" + "a" * 43)
    assert unknown.status_code == 404
    assert GONE in visitor.text(unknown)
    assert visitor.get(path).status_code == 200
    until = db.session.execute(select(Link.expires_at)).scalar_one()
    start = core_clock.now()
    assert until - start < dt.timedelta(days=cases.settings("documents")["link_validity_days"])
    clock.set(until - dt.timedelta(seconds=1))
    assert visitor.get(path).status_code == 200
    clock.set(until)
    out = visitor.get(path)
    assert (out.status_code, GONE in visitor.text(out)) == (404, True)
    clock.set(start)
    accounts.by_id(phoned.someone.account.id).password_hash = "x"
    db.session.commit()
    ended = visitor.get(path)
    assert (ended.status_code, GONE in visitor.text(ended)) == (404, True)


def test_a_corrected_report_has_a_link_of_its_own_and_the_old_one_ends(phoned):
    kit.reported(phoned.pro, phoned.row)
    first = kit.link_in(next(m for m in mails(phoned) if "/papers/" in m.body_text))
    reports.save(phoned.pro.pro, phoned.row.id, {"conclusion": "Mieux"}, corrects=1)
    db.session.commit()
    both = [kit.link_in(m) for m in mails(phoned) if "/papers/" in m.body_text]
    assert len(both) == 2
    second = next(p for p in both if p != first)
    visitor = kit.visitor(phoned.app)
    assert visitor.get(first).status_code == 404
    assert "Mieux" in visitor.text(visitor.get(second))


def test_an_agent_sends_lost_links_again_and_the_old_ones_open_nothing(phoned):
    kit.reported(phoned.pro, phoned.row)
    first = kit.link_in(next(m for m in mails(phoned) if "/papers/" in m.body_text))
    desk = f"/x/insurer_assistance/desk/{phoned.row.id}/send-link"
    doctor = kit.signed_in(phoned.app, phoned.pro.account)
    assert doctor.post(desk).status_code == 403
    page = kit.signed_in(phoned.app, accounts.by_id(agent()))
    assert page.post(desk).status_code == 302
    both = [kit.link_in(m) for m in mails(phoned) if "/papers/" in m.body_text]
    second = next(p for p in both if p != first)
    visitor = kit.visitor(phoned.app)
    assert visitor.get(first).status_code == 404
    assert visitor.get(second).status_code == 200
    accounts.by_id(phoned.someone.account.id).password_hash = "x"
    db.session.commit()
    assert page.post(desk).status_code == 409


def test_guessing_is_slowed_down(phoned):
    visitor = kit.visitor(phoned.app)
    answers = {visitor.get(f"/x/insurer_assistance/papers/guess{n}").status_code for n in range(70)}
    assert answers == {404, 429}


@pytest.mark.parametrize("token", ["%00", "..", "x" * 3000, "é" * 20])
def test_nonsense_is_no_link(phoned, token):
    assert kit.visitor(phoned.app).get(f"/x/insurer_assistance/papers/{token}").status_code in (404, 400)


# -- the prescription ------------------------------------------------------------------------------------------------


@pytest.mark.rule("IA-073", "IA-074")
def test_a_prescription_by_link_opens_with_the_code_alone(phoned):
    doctor = kit.signed_in(phoned.app, phoned.pro.account)
    assert doctor.post(f"/x/insurer_assistance/desk/{phoned.row.id}/send-code").status_code == 302
    code = kit.code_in(kit.codes()[0])
    kit.issue(phoned.row, phoned.pro)
    mail = next(m for m in mails(phoned) if "/papers/" in m.body_text)
    assert mail.attachments == 0
    path = kit.link_in(mail)
    visitor = kit.visitor(phoned.app)
    page = visitor.text(visitor.get(path))
    assert "Open it with your code" in page
    assert visitor.get(path + "/document").status_code == 403
    assert visitor.get(path + "/report").status_code == 404  # this link is for the prescription
    wrong = visitor.post(path + "/code", {"code": "000000" if code != "000000" else "1"})
    assert wrong.status_code == 422
    assert visitor.post(path + "/code", {"code": code}).status_code == 302
    assert visitor.get(path + "/document").data == kit.pdf_bytes()
    assert visitor.get(path + "/proof").data.startswith(b"%PDF")
    other = kit.visitor(phoned.app)
    assert other.get(path + "/document").status_code == 403
    assert other.post(path + "/code", {"code": code}).status_code == 422
    assert other.post(path + "/send").status_code == 302
    newest = kit.codes()[0]
    assert newest.recipient == "+33639980077"
    assert other.post(path + "/code", {"code": kit.code_in(newest)}).status_code == 302
    what = [o.what for o in db.session.execute(select(LinkOpening)).scalars()]
    assert what.count("document") == 1
    assert "proof" in what
    assert db.session.execute(select(AuditEntry.object_id).where(AuditEntry.action == "assistance.link_opened")).first()


# -- by post -------------------------------------------------------------------------------------------------------

ADDRESS = {
    "name": "Dr Claire Martin",
    "street": "2 rue du Pont",
    "postal_code": "57000",
    "city": "Metz",
    "country": "FR",
}


@pytest.mark.rule("IA-071")
def test_nothing_goes_to_a_doctor_without_an_express_request(web):
    kit.reported(web.pro, web.row)
    patient = kit.signed_in(web.app, web.someone.account)
    path = f"/x/insurer_assistance/cases/{web.row.id}/post"
    answer = patient.post(path, ADDRESS)
    assert answer.status_code == 422
    assert "expressly" in patient.text(answer) or "express request" in patient.text(answer)
    doctor = kit.signed_in(web.app, web.pro.account)
    desk = f"/x/insurer_assistance/desk/{web.row.id}"
    for refused in (
        doctor.post(f"{desk}/posted"),
        doctor.get(f"{desk}/post/letter"),
        doctor.get(f"{desk}/post/report"),
    ):
        assert refused.status_code == 409
    assert not posts.of_case(web.row.id)


@pytest.mark.rule("IA-071")
def test_asked_for_on_the_web_it_is_printed_posted_and_noted(web):
    kit.reported(web.pro, web.row)
    patient = kit.signed_in(web.app, web.someone.account)
    case = f"/x/insurer_assistance/cases/{web.row.id}"
    assert patient.post(f"{case}/post", {**ADDRESS, "express": "yes"}).status_code == 302
    assert patient.post(f"{case}/post", {**ADDRESS, "express": "yes"}).status_code == 409
    assert "You asked for it on" in patient.text(patient.get(case))
    doctor = kit.signed_in(web.app, web.pro.account)
    desk = f"/x/insurer_assistance/desk/{web.row.id}"
    assert "Claire Martin" in doctor.text(doctor.get("/x/insurer_assistance/desk/posts"))
    for which in ("letter", "report"):
        assert doctor.get(f"{desk}/post/{which}").data.startswith(b"%PDF")
    assert doctor.post(f"{desk}/posted").status_code == 302
    assert doctor.post(f"{desk}/posted").status_code == 409
    assert "Posted on" in patient.text(patient.get(case))
    row = posts.of_case(web.row.id)[0]
    assert (row.state, row.channel, row.posted_by_account_id) == ("posted", "web", web.pro.account.id)
    said = set(db.session.execute(select(AuditEntry.action)).scalars())
    assert {"assistance.post_requested", "assistance.post_printed", "assistance.posted"} <= said


@pytest.mark.rule("IA-071")
def test_taken_back_nothing_is_sent(web):
    kit.reported(web.pro, web.row)
    patient = kit.signed_in(web.app, web.someone.account)
    case = f"/x/insurer_assistance/cases/{web.row.id}"
    patient.post(f"{case}/post", {**ADDRESS, "express": "yes"})
    assert patient.post(f"{case}/post-withdraw").status_code == 302
    with pytest.raises(Refused) as no:
        posts.posted(web.pro.account.id, web.row.id)
    assert no.value.status == 409


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": " "}, "name of your doctor"),
        ({"street": ""}, "street"),
        ({"city": ""}, "town"),
        ({"postal_code": ""}, "postal code"),
        ({"postal_code": "5700"}, "five digits"),
        ({"postal_code": "٥٧٠٠٠"}, "five digits"),
        ({"name": "x" * 121}, "too long"),
        ({"street": "a\nb"}, "one line"),
        ({"country": "fr!"}, "country"),
    ],
)
def test_a_wrong_address_is_said_in_words(changed, said):
    found = posts.problems(posts.Address(**{**ADDRESS, **changed}), True)
    assert any(said in str(m.msgid) for m in found), [m.msgid for m in found]


@pytest.mark.rule("IA-071", "IA-108")
def test_an_agent_notes_the_request_and_reads_only_when_named(phoned):
    kit.reported(phoned.pro, phoned.row)
    who = agent()
    page = kit.signed_in(phoned.app, accounts.by_id(who))
    desk = f"/x/insurer_assistance/desk/{phoned.row.id}"
    assert page.get(f"{desk}/post").status_code == 200
    assert page.post(f"{desk}/post", {**ADDRESS, "express": "yes"}).status_code == 302
    row = posts.waiting(phoned.row.id)
    assert (row.channel, row.noted_by_account_id) == ("telephone", who)
    for which in ("letter", "report"):
        assert page.get(f"{desk}/post/{which}").status_code == 403
    assert "/post/report" not in page.text(page.get("/x/insurer_assistance/desk/posts"))
    refused = select(AuditEntry.object_id).where(AuditEntry.action == "assistance.reading_refused")
    assert len(db.session.execute(refused).all()) == 2
    today = core_clock.today("Europe/Paris")
    readers.name(who, today, by="operator")
    db.session.commit()
    for which in ("letter", "report"):
        assert page.get(f"{desk}/post/{which}").data.startswith(b"%PDF")
    read = select(AuditEntry.object_id).where(AuditEntry.action == "assistance.read")
    assert len(db.session.execute(read).all()) == 2
    readers.unname(who, by="operator")
    db.session.commit()
    assert page.get(f"{desk}/post/report").status_code == 403


@pytest.mark.rule("IA-108")
def test_the_operator_names_an_agent_on_the_page_of_the_team_and_takes_it_back(phoned):
    kit.reported(phoned.pro, phoned.row)
    who, chief = agent(), makers.make_account("operator")
    db.session.commit()
    page, operator = kit.signed_in(phoned.app, accounts.by_id(who)), kit.signed_in(phoned.app, chief)
    letter, team_page = f"/x/insurer_assistance/desk/{phoned.row.id}/post/letter", "/x/insurer_assistance/team"
    assert (
        page.post(f"/x/insurer_assistance/desk/{phoned.row.id}/post", {**ADDRESS, "express": "yes"}).status_code == 302
    )
    today = core_clock.today("Europe/Paris")
    tomorrow, yesterday = (today + dt.timedelta(days=n) for n in (1, -1))
    mail = accounts.person_of(who).email
    form = {"email": mail, "role": "agent", "engaged_from": "2026-01-01", "listens": "yes"}

    for wrong, said in ((yesterday.isoformat(), yesterday.isoformat()), ("demain", "“demain” is no day")):
        answer = operator.post(team_page, {**form, "reads_until": wrong})
        assert answer.status_code == 422
        assert said in operator.text(answer)
        assert f'value="{wrong}"' in operator.text(answer)  # what was typed stands there still
    assert not team.of(who).listens  # nothing half done
    assert page.get(letter).status_code == 403

    assert operator.post(team_page, {**form, "reads_until": tomorrow.isoformat()}).status_code == 302
    assert page.get(letter).data.startswith(b"%PDF")
    shown = operator.text(operator.get(f"{team_page}?who={who}"))
    assert f'value="{mail}"' in shown
    assert f'value="{tomorrow.isoformat()}"' in shown
    assert "reads reports until" in shown

    assert operator.post(team_page, {**form, "reads_until": ""}).status_code == 302
    assert page.get(letter).status_code == 403
    assert [
        db.session.execute(select(AuditEntry.object_id).where(AuditEntry.action == f"assistance.reader_{what}"))
        .scalars()
        .all()
        for what in ("named", "unnamed")
    ] == [[str(who)], [str(who)]]

    doctor = accounts.person_of(phoned.pro.account.id).email
    answer = operator.post(
        team_page,
        {
            "email": doctor,
            "role": "doctor",
            "registered": "yes",
            "practises": "yes",
            "reads_until": tomorrow.isoformat(),
        },
    )
    assert answer.status_code == 422
    assert "Only an agent can be named" in operator.text(answer)


@pytest.mark.rule("IA-108")
def test_no_other_account_of_the_portal_reads_a_record(phoned, member):
    kit.reported(phoned.pro, phoned.row)
    id_, person = phoned.row.id, phoned.row.patient_account_id
    paths = (
        f"/x/insurer_assistance/cases/{id_}", f"/x/insurer_assistance/desk/{id_}", f"/x/insurer_assistance/desk/{id_}/post/report",
        f"/requests/{id_}", f"/consultations/{id_}", f"/consultations/{id_}/prescription", f"/patients/{person}/record",
    )  # fmt: skip
    operator = makers.make_account("operator").id
    employee, stranger = makers.make_account("professional").id, agent()
    for account_id in (operator, employee, stranger):
        page = kit.signed_in(phoned.app, accounts.by_id(account_id))
        for path in paths:
            assert page.get(path).status_code in (403, 404), path


@pytest.mark.rule("IA-107")
def test_all_that_was_told_is_sealed_with_the_persons_own_key_from_the_first_word(web):
    """There is no class that anybody could lower: what is told is sealed before it is stored, whoever the reader."""
    case = Case.get(web.row.id)
    for held in (case.sealed, web.row.question):
        assert b"tousse" not in held
    assert "tousse" in cases.told_of(case).words
    assert not [c.name for c in Case.__table__.columns if "secret" in c.name or "class" in c.name]


@pytest.mark.rule("IA-110")
def test_who_refuses_the_doctor_proposed_is_offered_to_another(app, mutual, member, doctor, ask_for):
    from core.care.consultations import pool
    from plugins.insurer_assistance import doctoring, requesting

    someone, first, second = member(), doctor(), doctor()
    made = requesting.from_web(ask_for(someone))
    doctoring.take(first.pro, made.id)
    doctoring.refuse_doctor(someone.account.id, made.id)
    db.session.commit()
    assert made.id in [c.id for c in pool.waiting(second.pro, cases.SERVICE)]
    assert made.id not in [c.id for c in pool.waiting(first.pro, cases.SERVICE)]
    doctoring.take(second.pro, made.id)
    assert Consultation.get(made.id).professional_id == second.pro.id
