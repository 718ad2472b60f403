"""The pages of both sides: from the question to the report, in words that say what happens."""

import io
import re
import uuid

import pytest
from PIL import Image
from sqlalchemy import select

from core.care.consultations import requests, service
from core.care.consultations.models import Consultation
from core.db import db
from core.identity.models import Account
from core.jobs import outbox
from core.money import service as money
from core.notifications.inbox import latest
from core.tenancy.current import entered
from core.testing.makers import fill_profile, make_account, sign_in_as, signed_in

ASKED = {
    "beneficiary": "self",
    "question": "J’ai mal <b>ici</b>",
    "profile_confirmed": "yes",
    "acknowledged": ["show_emergency_warning", "tell_not_reimbursed"],
}


@pytest.fixture
def sides(app, frontalia, browse, doctor):
    """A patient's browser with money, and the browser of a professional: (patient, professional, account id, professional)."""
    pro = doctor(2500, country="LU")  # whose advice is open to patients of every country
    one, two = browse(), browse()
    with entered(frontalia.id):
        account = make_account(first_name="Canary", language="en")
        fill_profile(account.id)
        db.session.commit()
    sign_in_as(one, frontalia.id, account)
    with entered(frontalia.id):
        money.credit(account.id, uuid.uuid4(), 10_000)
        theirs = db.session.execute(select(Account).where(Account.id == pro.account_id)).scalar_one()
        theirs.language = "en"
        db.session.commit()
        sign_in_as(two, frontalia.id, theirs)
    return one, two, account.id, pro


def newest(frontalia):
    with entered(frontalia.id):
        return db.session.execute(select(Consultation).order_by(Consultation.requested_at.desc()).limit(1)).scalar_one()


@pytest.mark.rule("CB-151", "CB-150", "CB-023", "CB-093", "CB-097")
def test_the_whole_way_by_message(sides, frontalia, browse):
    one, two, account_id, pro = sides
    page = one.text(one.get("/ask/express_consultation"))
    assert pro.name in page
    assert "€25.00" in page
    assert "no diagnosis, no prescription" in page
    answer = one.post("/ask/express_consultation", {**ASKED, "professional": [str(pro.id)]})
    assert answer.status_code == 302, one.text(answer)
    row = newest(frontalia)
    page = one.text(one.get(answer.headers["Location"]))
    assert "was sent" in page
    assert "data-countdown" in page
    assert "J’ai mal &lt;b&gt;ici&lt;/b&gt;" in page
    assert "€75.00" in one.text(one.get("/wallet"))
    # the other side
    assert "Canary" in two.text(two.get("/requests"))
    assert "J’ai mal" in two.text(two.get(f"/requests/{row.id}"))
    assert two.post(f"/requests/{row.id}/accept").status_code == 302
    assert two.post(f"/consultations/{row.id}/messages", {"text": "Depuis quand ?", "key": "a"}).status_code == 302
    assert "Depuis quand ?" in one.text(one.get(f"/consultations/{row.id}"))
    fragment = one.post(
        f"/consultations/{row.id}/messages", {"text": "Hier 👋", "key": "b"}, headers={"X-Fragment": "1"}
    )
    assert fragment.status_code == 200
    assert "Hier 👋" in one.text(fragment)
    assert "<html" not in one.text(fragment)
    assert "Reports owed" in two.text(two.get("/reports-owed"))
    refused = two.post(f"/requests/{row.id}/report", {"reason": "Douleur", "conclusion": ""})
    assert refused.status_code == 422
    assert "Douleur" in two.text(refused), "what was typed stays"
    assert two.post(f"/requests/{row.id}/report", {"reason": "Douleur", "conclusion": "Repos."}).status_code == 302
    page = one.text(one.get(f"/consultations/{row.id}"))
    assert "Repos." in page
    assert "closed; what was written stays" in page
    again = two.post(f"/requests/{row.id}/report", {"conclusion": "Autre"})
    assert again.status_code == 422
    assert "already saved" in two.text(again)


@pytest.mark.rule("CB-157")
def test_a_declined_request_is_sent_again_with_its_words(sides, frontalia):
    one, two, _account_id, pro = sides
    one.post("/ask/express_consultation", {**ASKED, "professional": [str(pro.id)], "highest": "30"})
    row = newest(frontalia)
    assert two.post(f"/requests/{row.id}/decline", {"reason": "Je ne suis pas spécialiste."}).status_code == 302
    page = one.text(one.get(f"/consultations/{row.id}"))
    assert "Je ne suis pas spécialiste." in page
    assert "Ask again" in page
    form = one.text(one.get(f"/ask/express_consultation?again={row.id}"))
    assert "J’ai mal" in form
    assert re.search(rf'value="{pro.id}" checked', form)
    gone = two.text(two.get(f"/requests/{row.id}"))
    assert "no longer open" in gone
    assert "J’ai mal" not in gone


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"beneficiary": ""}, 422, "for whom"),
        ({"beneficiary": str(uuid.uuid4())}, 422, "for whom"),
        ({"highest": "vingt"}, 422, "is not an amount"),
        ({"highest": "-5"}, 422, "is not an amount"),
        ({"highest": "1e3"}, 422, "highest price is above"),
        ({"highest": "10,00"}, 422, "more than the highest price"),
        ({"highest": "499"}, 402, "Please add"),
        ({"acknowledged": []}, 422, "read and confirm"),
        ({"profile_confirmed": ""}, 422, "up to date"),
        ({"question": ""}, 422, "what you would like to ask"),
        ({"professional": ["not-an-id"]}, 422, "at least one"),
    ],
)  # fmt: skip
def test_a_wrong_form_says_what_and_loses_nothing(sides, frontalia, changed, status, words):
    one, _two, account_id, pro = sides
    answer = one.post("/ask/express_consultation", {**ASKED, "professional": [str(pro.id)], **changed})
    page = one.text(answer)
    assert answer.status_code == status
    assert words in page
    if "question" not in changed:
        assert "J’ai mal" in page
    with entered(frontalia.id):
        assert money.wallet_cents(account_id) == 10_000


@pytest.mark.parametrize(
    "path", ["/ask/in_person", "/ask/nothing", f"/ask/express_consultation?again={uuid.UUID(int=9)}"]
)
def test_what_cannot_be_asked_for_is_no_page(sides, path):
    assert sides[0].get(path).status_code == 404


@pytest.mark.rule("CB-158")
def test_two_tabs_of_two_professionals_the_slower_is_told(sides, frontalia, doctor, browse):
    one, two, _account_id, pro = sides
    other = doctor(2000, country="LU")
    one.post("/ask/express_consultation", {**ASKED, "professional": [str(pro.id), str(other.id)]})
    row = newest(frontalia)
    with entered(frontalia.id):
        requests.accept(other, row.id)
        db.session.commit()
    answer = two.post(f"/requests/{row.id}/accept")
    assert answer.status_code == 409
    assert "colleague was faster" in two.text(answer)
    assert "J’ai mal" not in two.text(answer)


def test_others_see_nothing_of_a_consultation(sides, frontalia, browse, doctor):
    one, _two, _account_id, pro = sides
    other = doctor()
    one.post("/ask/express_consultation", {**ASKED, "professional": [str(pro.id)]})
    row = newest(frontalia)
    stranger, colleague = browse(), browse()
    signed_in(stranger, frontalia.id)
    with entered(frontalia.id):
        account = db.session.execute(select(Account).where(Account.id == other.account_id)).scalar_one()
        db.session.commit()
    sign_in_as(colleague, frontalia.id, account)
    for path in (f"/consultations/{row.id}", f"/consultations/{row.id}/thread"):
        assert stranger.get(path).status_code == 404
    for path in (f"/requests/{row.id}", f"/requests/{row.id}/report", f"/consultations/{row.id}/thread"):
        assert colleague.get(path).status_code == 404
    for act in ("accept", "decline", "missed", "refund", "report"):
        assert colleague.post(f"/requests/{row.id}/{act}").status_code == 404, act
    for act in ("cancel", "pay", "messages"):
        assert stranger.post(f"/consultations/{row.id}/{act}", {"text": "x"}).status_code == 404, act
    with entered(frontalia.id):
        assert service.locked(row.id).state == "requested"


@pytest.mark.rule("CB-094", "CB-145")
def test_tariffs_are_set_and_wrong_ones_are_told(sides, frontalia):
    _one, two, _account_id, pro = sides
    wrong = two.post("/tariffs", {"express_consultation": "abc", "video_consultation": "30,5"})
    assert wrong.status_code == 422
    assert "abc" in two.text(wrong)
    assert "30,5" in two.text(wrong)
    assert two.post("/tariffs", {"express_consultation": "31,50", "video_consultation": ""}).status_code == 302
    with entered(frontalia.id):
        assert money.tariff_of(pro.id, "express_consultation") == 3150
        assert money.tariff_of(pro.id, "video_consultation") == 2500


def test_an_empty_desk_and_an_empty_list_say_what_comes(frontalia, browse, doctor, sides):
    one, two, _account_id, _pro = sides
    assert "Nothing under way" in one.text(one.get("/consultations"))
    assert "No request waits" in two.text(two.get("/requests"))
    assert "No report is owed" in two.text(two.get("/reports-owed"))
    assert "Added" in one.text(one.get("/wallet"))


def png():
    """A small picture."""
    made = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(made, "PNG")
    made.seek(0)
    return made


@pytest.mark.rule("CB-151", "CB-160")
def test_photos_go_with_the_question_and_with_messages(sides, frontalia, browse):
    one, two, _account_id, pro = sides
    form = {**ASKED, "professional": [str(pro.id)]}
    wrong = one.post(
        "/ask/express_consultation",
        {**form, "question": "", "documents": [(png(), "bras.png"), (io.BytesIO(b"MZ evil"), "x.png")]},
        content_type="multipart/form-data",
    )
    page = one.text(wrong)
    assert wrong.status_code == 422
    assert "x.png" in page
    kept = re.findall(r'name="kept" value="([^"]+)"', page)
    assert len(kept) == 1, "the good one need not be chosen again"
    sent = one.post("/ask/express_consultation", {**form, "kept": kept}, content_type="multipart/form-data")
    assert sent.status_code == 302, one.text(sent)
    row = newest(frontalia)
    assert "Being checked" in two.text(two.get(f"/requests/{row.id}"))
    with entered(frontalia.id):
        outbox.drain()
    path = re.search(r'href="(/documents/[^"]+)"', two.text(two.get(f"/requests/{row.id}"))).group(1)
    assert two.get(path).mimetype == "image/png"
    stranger = browse()
    signed_in(stranger, frontalia.id)
    assert stranger.get(path).status_code == 404
    two.post(f"/requests/{row.id}/accept")
    answer = two.post(
        f"/consultations/{row.id}/messages",
        {"text": "Regardez", "key": "z", "documents": [(png(), "plan.png")]},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 302
    assert "Regardez" in one.text(one.get(f"/consultations/{row.id}"))
    with entered(frontalia.id):
        outbox.drain()
    assert "plan.png" in one.text(one.get(f"/consultations/{row.id}"))


def test_a_harmful_file_is_told_to_both_sides_and_opened_by_nobody(sides, frontalia):
    one, two, _account_id, pro = sides
    one.post("/ask/express_consultation", {**ASKED, "professional": [str(pro.id)]})
    row = newest(frontalia)
    two.post(f"/requests/{row.id}/accept")
    eicar = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    pdf = b"%PDF-1.4\n" + eicar + b"\n%%EOF"
    one.post(
        f"/consultations/{row.id}/messages", {"text": "", "key": "e", "documents": [(io.BytesIO(pdf), "lettre.pdf")]},
        content_type="multipart/form-data",
    )  # fmt: skip
    with entered(frontalia.id):
        outbox.drain()
        told = [m.recipient for m in latest() if "not passed on" in m.subject or "pas été transmis" in m.subject]
    assert len(set(told)) == 2
    assert "Not passed on" in two.text(two.get(f"/requests/{row.id}"))
    assert "/documents/" not in two.text(two.get(f"/requests/{row.id}"))


def test_the_report_on_paper_is_sealed_and_for_both_parties_only(sides, frontalia, browse):
    from core.care.papers import signing

    one, two, _account_id, pro = sides
    one.post("/ask/express_consultation", {**ASKED, "professional": [str(pro.id)]})
    row = newest(frontalia)
    assert one.get(f"/consultations/{row.id}/report.pdf").status_code == 404
    two.post(f"/requests/{row.id}/accept")
    two.post(f"/requests/{row.id}/report", {"conclusion": "Repos et eau 💧 مرحبا."})
    for browser in (one, two):
        answer = browser.get(f"/consultations/{row.id}/report.pdf")
        assert answer.mimetype == "application/pdf"
        with entered(frontalia.id):
            assert signing.verify(answer.data).intact
    with entered(frontalia.id):
        assert not signing.verify(answer.data.replace(b"/Title", b"/TitlE", 1)).intact
    stranger = browse()
    signed_in(stranger, frontalia.id)
    assert stranger.get(f"/consultations/{row.id}/report.pdf").status_code == 404
