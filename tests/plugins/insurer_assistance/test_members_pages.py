"""Pages of the list: who may load, what they show, and that a contract number goes nowhere."""

from __future__ import annotations

import copy
import datetime as dt
import io
import json
import logging
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from core import logs
from core.audit.models import AuditEntry
from core.db import db
from core.tenancy import current, service
from core.tenancy.current import TenantView, entered
from core.testing import makers
from core.testing.browser import Browser
from plugins.insurer_assistance import importing, listing
from plugins.insurer_assistance.models import Import
from tests.plugins.insurer_assistance.lists import LEA, PAUL, ZOE, written

BORN = dt.date(1980, 5, 1)
PATH = "/x/insurer_assistance/members"


@pytest.fixture
def insured(app: Flask, bundles: dict[str, Any], portals: dict[str, TenantView]) -> TenantView:
    """frontalia with the assistance on."""
    bundle = copy.deepcopy(bundles["frontalia"])
    bundle["config"]["plugins"]["insurer_assistance"] = {}
    service.store(bundle, "tests")
    current.forget_views()
    return current.view_by_id(portals["frontalia"].id)


@pytest.fixture
def signed(browse: Callable[..., Browser], insured: TenantView) -> Callable[..., Browser]:
    """A browser of somebody: `signed("operator")`, `signed("partner", party="insurer", rights=("load_members",))`."""

    def make(role: str, **person: Any) -> Browser:
        browser = browse()
        browser.client.set_cookie("portico_language", "en", domain=browser.host)
        with entered(insured.id):
            account = makers.make_account(role, **{"language": "en", **person})
            db.session.commit()
        makers.sign_in_as(browser, insured.id, account)
        return browser

    return make


def send(browser: Browser, data: bytes, **form: str) -> Any:
    return browser.post(PATH, {"file": (io.BytesIO(data), "list.csv"), **form}, content_type="multipart/form-data")


def worked(insured: TenantView) -> None:
    with entered(insured.id):
        importing.work()
        db.session.expunge_all()


@pytest.mark.rule("IA-009")
def test_a_file_from_upload_to_the_list(signed, insured):
    browser = signed("operator")
    assert "Nobody is on the list yet" in browser.text(browser.get(PATH))
    sent = send(browser, written(LEA, PAUL, ("N9", "C-9", "cousin", *ZOE[3:])))
    address = sent.headers["Location"]
    waiting = browser.get(address)
    assert waiting.headers["Refresh"] == "3" and "received, not read yet" in browser.text(waiting)
    worked(insured)
    page = browser.get(address)
    shown = browser.text(page)
    assert "Refresh" not in page.headers and "What applying it would do" in shown
    assert "The role is none of" in shown and "<code>role</code>" in shown
    errors = browser.get(f"{address}/errors.csv")
    assert (errors.mimetype, errors.text) == ("text/csv", "line,code\r\n4,role\r\n")
    assert browser.post(f"{address}/apply").status_code == 302
    worked(insured)
    assert "What it did" in browser.text(browser.get(address))
    overview = browser.text(browser.get(PATH))
    assert "Files" in overview and "2 added" in overview.replace("\u202f", " ")
    again = browser.follow(send(browser, written(LEA)))
    worked(insured)
    address = f"{PATH}/files/{_newest(insured)}"
    assert again.status_code == 200
    refused = browser.post(f"{address}/apply")
    assert refused.status_code == 422 and "Please confirm" in browser.text(refused)
    assert browser.post(f"{address}/apply", {"confirmed": "yes"}).status_code == 302
    worked(insured)
    assert browser.post(f"{address}/cancel").status_code == 409


def _newest(insured: TenantView) -> uuid.UUID:
    with entered(insured.id):
        return importing.last(1)[0].id


def test_what_is_no_list_is_refused_on_the_page(signed, insured):
    browser = signed("operator")
    answer = send(browser, b"hello;world\r\n1;2\r\n")
    assert answer.status_code == 422 and "lacks these columns" in browser.text(answer)
    assert browser.post(PATH, {}).status_code == 422
    sent = send(browser, written(LEA))
    assert browser.post(sent.headers["Location"] + "/cancel").status_code == 302
    with entered(insured.id):
        assert [f.state for f in importing.last()] == ["cancelled"]


@pytest.mark.rule("IA-002")
@pytest.mark.parametrize(("role", "person", "status"), [
    ("operator", {}, 200), ("partner", {"party": "insurer", "rights": ("load_members",)}, 200),
    ("partner", {"party": "operator", "rights": ("load_members",)}, 200), ("partner", {"party": "insurer", "rights": ("see_figures",)}, 403),
    ("partner", {"party": "assister", "rights": ("load_members",)}, 403), ("partner", {"party": "publisher", "rights": ("load_members",)}, 403),
    ("partner", {"party": "health_data_host", "rights": ("load_members",)}, 403), ("patient", {}, 403), ("professional", {}, 403),
])  # fmt: skip
def test_who_may_load_follows_from_the_party_and_its_right(signed, insured, role, person, status):
    with entered(insured.id):
        sender = makers.make_account("operator")
        row = importing.receive(io.BytesIO(written(LEA)), sender.id, whole=True)
        ident = row.id
        db.session.commit()
    browser = signed(role, **person)
    assert browser.get(PATH).status_code == status
    for path in (f"{PATH}/files/{ident}", f"{PATH}/files/{ident}/errors.csv"):
        assert browser.get(path).status_code == status
    if status == 403:
        assert send(browser, written(LEA)).status_code == 403
        for act in ("apply", "cancel"):
            assert browser.post(f"{PATH}/files/{ident}/{act}").status_code == 403
        with entered(insured.id):
            assert db.session.execute(select(Import.state)).scalars().all() == ["received"]


def test_a_file_of_another_portal_is_absent(signed, insured, portals):
    with entered(portals["rdv-confiance"].id):
        sender = makers.make_account("operator")
        ident = importing.receive(io.BytesIO(written(LEA)), sender.id, whole=True).id
        db.session.commit()
    browser = signed("operator")
    for path in (f"files/{ident}", f"files/{ident}/errors.csv", f"files/{uuid.uuid4()}", "files/x"):
        assert browser.get(f"{PATH}/{path}").status_code == 404
    for act in ("apply", "cancel"):
        assert browser.post(f"{PATH}/files/{ident}/{act}").status_code == 404


@pytest.mark.rule("IA-010")
def test_a_check_leaves_the_contract_number_in_no_address_log_message_or_trail(app, signed, insured, inbox):
    """A patient links a cover, first wrongly: every line is written as the log writes it, and everything is searched."""
    number = "KSECRET42"
    with entered(insured.id):
        listing.put(listing.Listed("NSECRET42", number, "Muster", "Anna", BORN, "insured", BORN), "file")
        db.session.commit()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.DEBUG)
    addresses: list[str] = []
    try:
        browser = signed("patient", last_name="Muster")
        for typed in ("KSECRET42-WRONG", number):
            answer = browser.post("/x/insurer_assistance/cover", {"person": "self", "contract": typed})
            addresses += [answer.request.url, answer.headers.get("Location", ""), str(answer.headers)]
        assert answer.status_code == 302, "linked"
        browser.get("/x/insurer_assistance/")
        addresses.append(browser.last.request.url)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    with entered(insured.id):
        trail = [f"{e.action} {e.details}" for e in db.session.execute(select(AuditEntry)).scalars()]
        kept = db.session.execute(text("SELECT m::text || c::text FROM ia_members m, ia_covers c")).scalars().all()
        waiting = db.session.execute(text("SELECT o::text FROM outbox o")).scalars().all() if _has_outbox() else []
    messages = [f"{m.subject} {m.body_text}" for m in inbox()]
    everything = json.dumps([stream.getvalue(), addresses, trail, kept, waiting, messages])
    assert len(stream.getvalue()) > 0
    for word in ("SECRET42", b"SECRET42".hex()):
        assert word not in everything


def _has_outbox() -> bool:
    return bool(db.session.execute(text("SELECT to_regclass('outbox') IS NOT NULL")).scalar_one())
