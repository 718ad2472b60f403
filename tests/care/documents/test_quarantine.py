"""From a sender to the other side: sealed, scanned, opened by nobody before; refused, removed, forgotten."""

import threading
import uuid

import pytest
from sqlalchemy import select, text
from werkzeug.exceptions import NotFound

from core import audit
from core.audit.models import AuditEntry
from core.care.documents import intake, service
from core.care.documents.models import CareDocument
from core.care.documents.scanners import EICAR
from core.db import db
from core.hooks.types import FileScanner, ScanVerdict
from core.jobs import outbox, periodic
from core.jobs.models import OutboxMessage
from core.notifications.models import Notification
from core.tenancy import keys
from core.tenancy.current import entered
from core.testing.makers import signed_in
from tests.care.documents.conftest import CANARY, PDF, file, pdf, picture, received, send, stream, wav

HARMFUL = {
    "a document": (pdf(EICAR), "document"),
    "a compressed part of a document": (pdf(stream(b"words " + EICAR)), "document"),
    "a recording": (wav(sound=EICAR + bytes(400)), "audio"),
    "a document that runs a script": (pdf(b"<</S/J#61vaScript/JS(app.alert(1))>>"), "document"),
    "a document that starts a program": (pdf(b"<</S/Launch/F(cmd.exe)>>"), "document"),
    "a document that holds files": (pdf(stream(b"<</Type/EmbeddedFile>>", b"/Type/ObjStm")), "profile"),
}


def row_of(document_id):
    db.session.expunge_all()
    return CareDocument.get(document_id)


def told(account):
    return list(
        db.session.execute(
            select(Notification).where(Notification.account_id == account.id, Notification.code == "document_refused")
        ).scalars()
    )


def opened(browser, document_id):
    return browser.get(f"/documents/{document_id}")


def test_nobody_opens_a_file_before_it_is_found_clean(parties, work):
    id_ = send(parties)
    for browser in (parties.patient_browser, parties.doctor_browser):
        answer = opened(browser, id_)
        assert answer.status_code == 409
        assert "still being checked" in browser.text(answer)
        assert PDF not in answer.get_data()
    with pytest.raises(service.NotOpen) as closed:
        service.content(row_of(id_))
    assert closed.value.state == "quarantined"
    work()
    for browser in (parties.patient_browser, parties.doctor_browser):
        answer = opened(browser, id_)
        assert (answer.status_code, answer.get_data()) == (200, PDF)


def test_only_those_of_the_subject_reach_a_file(parties, work, browse):
    id_, elsewhere = send(parties), send(parties, subject_kind="nobody registered this")
    work()
    absent = opened(parties.stranger_browser, uuid.uuid4())
    for browser in (parties.stranger_browser, parties.other_browser):
        answer = opened(browser, id_)
        assert answer.status_code == absent.status_code == 404
    assert "/sign-in" in opened(browse(), id_).headers["Location"]
    assert row_of(elsewhere).state == "clean"
    assert opened(parties.patient_browser, elsewhere).status_code == 404, "not even the author"


def test_another_portal_knows_nothing_of_it(parties, work, portals, browse, monkeypatch):
    id_ = send(parties)
    work()
    monkeypatch.setitem(service._readers, "trial", lambda _account, _document: True)
    visitor = browse("rdv-confiance")
    signed_in(visitor, portals["rdv-confiance"].id, "professional")
    assert opened(visitor, id_).status_code == 404
    with entered(portals["rdv-confiance"].id):
        assert service.listed("trial", parties.subject_id) == []
        assert service.scan(id_)
        with pytest.raises(NotFound):
            service.access_document(id_, may_read=lambda _row: True)


def test_the_sender_sees_name_and_state_at_once_the_other_side_later(parties, work):
    send(parties)
    (mine,) = service.listed("trial", parties.subject_id, viewer=parties.patient.id)
    (theirs,) = service.listed("trial", parties.subject_id, viewer=parties.doctor.id)
    assert (mine.name, mine.state, mine.mine) == ("Überweisung Müller.pdf", "quarantined", True)
    assert (theirs.name, theirs.state, theirs.mine) == (None, "quarantined", False)
    work()
    (theirs,) = service.listed("trial", parties.subject_id, viewer=parties.doctor.id)
    assert (theirs.name, theirs.state, theirs.size) == ("Überweisung Müller.pdf", "clean", len(PDF))
    assert service.listed("trial", uuid.uuid4()) == []


def test_name_and_content_are_sealed_and_nothing_tells_of_them(parties, work, test_database, caplog):
    id_ = send(parties, pdf(CANARY), name="Canary diagnosis.pdf")
    work()
    opened(parties.doctor_browser, id_)
    raw = db.session.execute(text("SELECT name, sealed, row_to_json(d)::text AS all FROM care_documents d")).one()
    assert CANARY not in bytes(raw.sealed)
    assert b"Canary" not in bytes(raw.name)
    assert "Canary" not in raw.all
    kept = [str(m.payload) for m in db.session.execute(select(OutboxMessage)).scalars()]
    trail = list(
        db.session.execute(
            select(AuditEntry).where(AuditEntry.object_id == str(id_)).order_by(AuditEntry.seq)
        ).scalars()
    )
    assert not any("anary" in words for words in [*kept, *(e.details for e in trail), caplog.text])
    assert [e.action for e in trail] == ["document.received", "document.scanned", "document.read"]
    assert trail[2].actor_id == str(parties.doctor.id)
    assert audit.verify().problem is None


@pytest.mark.parametrize(("data", "kind"), HARMFUL.values(), ids=HARMFUL)
def test_a_harmful_file_reaches_nobody_and_both_sides_are_told(parties, work, inbox, data, kind):
    id_ = send(parties, data, kind, name="Canary.pdf")
    assert opened(parties.doctor_browser, id_).status_code == 409
    work()
    row = row_of(id_)
    assert (row.state, row.sealed, row.scanner) == ("infected", None, "basic")
    assert row.verdict not in (None, "clean")
    for browser in (parties.patient_browser, parties.doctor_browser):
        answer = opened(browser, id_)
        assert answer.status_code == 409
        assert "did not pass the check" in browser.text(answer)
    with pytest.raises(service.NotOpen):
        service.content(row)
    announced = db.session.execute(select(OutboxMessage).where(OutboxMessage.name == "document_refused")).scalar_one()
    assert announced.payload["document_id"] == str(id_)
    with entered(parties.view.id):
        service.tell_refused(row_of(id_), parties.doctor.id)
        db.session.commit()
    assert len(told(parties.patient)) == len(told(parties.doctor)) == 1
    mails = {m.recipient: m for m in inbox()}
    assert len(mails) == 2
    for mail in mails.values():
        assert "Canary" not in mail.subject + mail.body_text
        assert f"/trial/{parties.subject_id}" in mail.body_text
    assert sum("nobody received it" in m.body_text for m in mails.values()) == 1, "the sender's words differ"
    (theirs,) = service.listed("trial", parties.subject_id, viewer=parties.doctor.id)
    assert (theirs.state, theirs.name) == ("infected", None)


def test_a_scan_that_is_cut_short_leaves_no_trace_and_is_done_again(parties, work, monkeypatch):
    id_ = send(parties, pdf(EICAR))
    judge = service._judge

    def killed(*arguments):
        judge(*arguments)
        db.session.flush()
        raise KeyboardInterrupt  # the process ends between the verdict and the commit

    with monkeypatch.context() as patch:
        patch.setattr(service, "_judge", killed)
        with pytest.raises(KeyboardInterrupt):
            service.scan(id_)
    db.session.rollback()
    assert row_of(id_).state == "quarantined"
    assert told(parties.patient) == []
    work()
    assert row_of(id_).state == "infected"
    assert len(told(parties.patient)) == 1
    assert service.scan(id_), "once more: nothing to do"
    db.session.commit()
    work()
    assert len(told(parties.patient)) == 1
    scans = select(AuditEntry).where(AuditEntry.action == "document.scanned")
    assert len(db.session.execute(scans).all()) == 1


def test_two_who_scan_one_file_do_it_once(parties, work, app, monkeypatch):
    id_ = send(parties, pdf(EICAR))
    asked, go = threading.Event(), threading.Event()
    counted = []

    def slow(data):
        counted.append(len(data))
        asked.set()
        assert go.wait(20)
        return ScanVerdict(False, "Found")

    monkeypatch.setattr(service, "scanner", lambda: FileScanner("slow", slow))

    def elsewhere():
        with app.app_context(), entered(parties.view.id):
            service.scan(id_)
            db.session.commit()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    assert asked.wait(20)
    assert service.scan(id_), "somebody does it already"
    db.session.rollback()
    go.set()
    thread.join()
    assert len(counted) == 1
    assert len(told(parties.patient)) == 1


def test_a_file_may_be_removed_and_is_then_absent(parties, work):
    id_ = send(parties)
    work()
    service.remove(row_of(id_))
    db.session.commit()
    assert opened(parties.patient_browser, id_).status_code == 404
    assert service.listed("trial", parties.subject_id, viewer=parties.patient.id) == []
    assert row_of(id_).sealed is None


def test_with_the_key_of_the_person_the_file_is_gone(parties, work):
    first, second = send(parties), send(parties)
    service.scan(first)
    keys.destroy_person_key(parties.patient.person_id)
    db.session.commit()
    work()
    assert row_of(second).state == "removed", "it is not scanned for ever"
    assert opened(parties.doctor_browser, first).status_code == 404
    (left,) = service.listed("trial", parties.subject_id, viewer=parties.doctor.id)
    assert left.name is None


def test_what_is_kept_is_of_a_known_kind_and_does_not_change(parties, work):
    with pytest.raises(ValueError, match="no such kind"):
        service.keep(
            received(PDF), person_id=parties.patient.person_id, subject_kind="trial", subject_id=parties.subject_id,
            author_account_id=parties.patient.id, kind="film", name="a",
        )  # fmt: skip
    id_ = send(parties)
    for change in ("person_id = gen_random_uuid()", "size = 1", "name = ''", "mimetype = 'text/html'"):
        with pytest.raises(Exception, match="permission denied"):
            db.session.execute(text(f"UPDATE care_documents SET {change}"))
        db.session.rollback()
    with pytest.raises(Exception, match="permission denied"):
        db.session.execute(text("DELETE FROM care_documents"))
    db.session.rollback()
    with pytest.raises(Exception, match="scanned"):
        db.session.execute(text("UPDATE care_documents SET state = 'clean'"))
    db.session.rollback()
    assert row_of(id_).state == "quarantined"


# -- the scanner is away ---------------------------------------------------------------------------------------------


def minute(clock):
    """A minute later the periodic jobs run."""
    clock.move(seconds=61)
    periodic.run_due()
    db.session.expunge_all()


def test_a_file_waits_for_its_scanner_and_is_passed_on_when_it_is_back(
    parties, work, portal_scans_by, daemon, clock, drained
):
    daemon.start()
    portal_scans_by("clamd", daemon.url)
    daemon.stop()
    with entered(parties.view.id):
        clean, harmful = send(parties), send(parties, pdf(EICAR))
        assert not service.waiting_for_scanner()
        outbox.drain()
        assert service.waiting_for_scanner(), "pages can say so"
        assert {row_of(clean).state, row_of(harmful).state} == {"quarantined"}
    assert opened(parties.doctor_browser, clean).status_code == 409
    minute(clock)
    with entered(parties.view.id):
        assert row_of(clean).state == "quarantined"
    daemon.release.clear()
    daemon.start()
    minute(clock)
    with entered(parties.view.id):
        assert (row_of(clean).state, row_of(harmful).state) == ("clean", "infected")
        assert row_of(harmful).verdict == "Eicar-Signature"
        assert not service.waiting_for_scanner()
    assert opened(parties.doctor_browser, clean).get_data() == PDF


@pytest.mark.parametrize("named", ["none", "clamd", "no_such_scanner"])
def test_without_a_scanner_files_wait(parties, portal_scans_by, clock, named):
    portal_scans_by(named)
    with entered(parties.view.id):
        id_ = send(parties)
        assert service.waiting_for_scanner()
        outbox.drain()
        assert row_of(id_).state == "quarantined"
    minute(clock)
    with entered(parties.view.id):
        assert row_of(id_).state == "quarantined"
    assert opened(parties.patient_browser, id_).status_code == 409


def test_a_file_that_cannot_be_scanned_holds_up_no_other(parties, portal_scans_by, daemon, clock, drained):
    daemon.limit = 400
    daemon.start()
    portal_scans_by("clamd", daemon.url)
    with entered(parties.view.id):
        large, small = send(parties, pdf(bytes(1000))), send(parties)
        outbox.drain()
        assert (row_of(large).state, row_of(small).state) == ("quarantined", "clean")
        assert service.waiting_for_scanner()
    daemon.limit = 1 << 20
    minute(clock)
    with entered(parties.view.id):
        assert row_of(large).state == "clean"


def test_a_scanner_that_fails_is_one_that_cannot_tell(parties, work, monkeypatch):
    def broken(_data):
        raise RuntimeError("no answer today")

    monkeypatch.setattr(service, "scanner", lambda: FileScanner("broken", broken))
    id_ = send(parties)
    work()
    assert row_of(id_).state == "quarantined"


def test_the_words_of_a_scanner_are_kept_as_a_short_code(parties, work, monkeypatch):
    verdict = ScanVerdict(False, "Böse <script>\n" + "x" * 200)
    monkeypatch.setattr(service, "scanner", lambda: FileScanner("odd", lambda _data: verdict))
    id_ = send(parties, picture(), "photo")
    work()
    found = row_of(id_).verdict
    assert found.startswith("B-se-script-x")
    assert len(found) == 80


def test_a_portal_of_an_older_revision_has_the_defaults(inside, monkeypatch):
    config = dict(inside.config)
    del config["care"]
    monkeypatch.setattr(intake, "current_tenant", lambda: type("View", (), {"config": config}))
    assert service.most_megabytes("photo") == 10
    assert intake.settings()["scanner"] == "clamd"


def test_what_is_refused_is_not_kept(parties, work):
    upload, wrong = service.receive(file(EICAR, "eicar.com"), kind="document")
    assert upload is None
    assert wrong is not None
    assert db.session.execute(text("SELECT count(*) FROM care_documents")).scalar_one() == 0
