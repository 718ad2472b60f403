"""The operator's walks: portals, plugins, outbox, trail, register; and who sees none of it."""

from __future__ import annotations

import html
import re

import pytest

from core.audit.models import AuditEntry
from core.console import service as console_service
from core.db import db
from core.jobs import announce, outbox
from core.jobs.models import OutboxDelivery
from core.tenancy import current, service

PAGES = (
    "/console/",
    "/console/accounts",
    "/console/accounts?portal=frontalia",
    "/console/complaints",
    "/console/incidents",
    "/console/outbox",
    "/console/outbox?portal=frontalia",
    "/console/plugins",
    "/console/portals/frontalia",
    "/console/portals/frontalia/audit",
    "/console/portals/frontalia/audit?verify=1",
    "/console/portals/frontalia/register",
    "/console/portals/frontalia/revisions/1",
    "/console/reservations",
    "/console/validations",
)
HOSTILE = "<script>alert(1)</script>"


def text_of(answer) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def actions(tenant_id: int) -> list[str]:
    with current.entered(tenant_id):
        rows = db.session.query(AuditEntry).order_by(AuditEntry.seq).all()
        return [r.action for r in rows]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_for_an_operator_only_and_on_the_console_only(operator, visit, path):
    shown = operator.get(path)
    assert shown.status_code == 200
    assert "<h1>" in shown.get_data(as_text=True)
    assert visit("console").get(path).status_code == 302
    for slug, role in (
        ("frontalia", ""),
        ("frontalia", "patient"),
        ("frontalia", "professional"),
        ("rdv-confiance", "operator"),
    ):
        assert visit(slug, role).get(path).status_code == 404
    for role in ("patient", "professional"):
        assert visit("console", role).get(path).status_code == 403


def test_the_console_shows_no_portal_page(operator, visit):
    for path in (
        "/professionals",
        "/register",
        "/register/patient",
        "/home",
        "/legal/legal_notice",
        "/pages/help",
        "/api/v1/portal",
        "/api/v1/",
    ):
        assert operator.get(path).status_code == 404, path
        assert visit("console").get(path).status_code == 404, path
    assert visit("console").get("/sign-in").status_code == 200
    assert operator.get("/account/security").status_code == 200


def test_an_operators_session_opens_nothing_on_a_portal(app, operator, visit):
    token = operator.client.get_cookie("portico_session", domain=operator.host).value
    stranger = visit("frontalia")
    stranger.client.set_cookie("portico_session", token, domain=stranger.host)
    assert stranger.get("/account/security").status_code == 302


def test_the_console_is_made_once(app, portals):
    first, again = console_service.ensure_console(), console_service.ensure_console()
    assert (first.id, first.revision, first.state) == (again.id, again.revision, "live")
    assert "console" not in [p.slug for p in console_service.portals()]
    moved = console_service.ensure_console("desk.example.org")
    assert moved.revision == 2
    assert current.find_host("desk.example.org").id == first.id


def test_no_act_without_the_token_of_a_page(operator, frontalia):
    for path in ("/console/portals/frontalia/suspend", "/console/complaints", "/console/incidents"):
        assert (
            operator.post(path, {"reason": "technical", "notice": "x", "confirmed": "yes"}, csrf=False).status_code
            == 403
        )
    assert operator.get("/console/portals/console").status_code == 404


# -- portals -----------------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-069")
def test_suspending_asks_once_and_visitors_read_the_notice(operator, visit, frontalia):
    path = "/console/portals/frontalia/suspend"
    assert operator.post(path, {"reason": "mood", "notice": "x"}).status_code == 422
    assert operator.post(path, {"reason": "technical", "notice": ""}).status_code == 422
    asked = operator.post(path, {"reason": "technical", "notice": HOSTILE})
    assert HOSTILE not in asked.get_data(as_text=True)
    assert HOSTILE in html.unescape(asked.get_data(as_text=True))
    assert visit("frontalia").get("/").status_code == 200
    done = operator.yes(path, {"reason": "technical", "notice": "Back at noon", "until": "2027-01-01T12:00"})
    assert done.status_code == 302
    assert "Back at noon" in text_of(visit("frontalia").get("/"))
    assert visit("frontalia").get("/").status_code == 503
    assert "Back at noon" in text_of(operator.get("/console/portals/frontalia"))
    assert visit("rdv-confiance").get("/").status_code == 200
    assert operator.yes("/console/portals/frontalia/resume").status_code == 302
    assert visit("frontalia").get("/").status_code == 200
    assert actions(frontalia.id).count("tenant.state") == 3


@pytest.mark.rule("CB-002", "CB-270")
def test_going_live_says_what_is_missing(operator, bundles):
    bundle = {**bundles["frontalia"]}
    bundle["config"] = {**bundle["config"], "slug": "third-portal", "name": "Third", "hosts": [], "publisher": {}}
    service.store(bundle, "tests")
    page = operator.get("/console/portals/third-portal")
    assert "publisher.name" in text_of(page)
    refused = operator.yes("/console/portals/third-portal/live")
    assert refused.status_code == 409
    assert "publisher.director" in text_of(refused)
    bundle["config"] = {**bundle["config"], "publisher": bundles["frontalia"]["config"]["publisher"]}
    service.store(bundle, "tests")
    assert operator.yes("/console/portals/third-portal/live").status_code == 302
    assert "open to the public" in text_of(operator.get("/console/portals/third-portal"))


def test_a_revision_is_compared_and_rolled_back(operator, visit, bundles, frontalia):
    bundle = {**bundles["frontalia"]}
    bundle["config"] = {**bundle["config"], "name": "Frontalia Neu"}
    service.store(bundle, "tests", "new name")
    page = text_of(operator.get("/console/portals/frontalia/revisions/2"))
    assert "config.name" in page
    assert "Frontalia Neu" in page
    assert operator.get("/console/portals/frontalia/revisions/9").status_code == 404
    assert "Frontalia Neu" in text_of(visit("frontalia").get("/sign-in"))
    assert operator.yes("/console/portals/frontalia/roll-back", {"number": "1"}).status_code == 302
    assert "Frontalia Neu" not in text_of(visit("frontalia").get("/sign-in"))
    assert operator.yes("/console/portals/frontalia/roll-back", {"number": "77"}).status_code == 409
    assert operator.post("/console/portals/frontalia/roll-back", {"number": "x"}).status_code == 400
    revisions = service.list_tenants()
    assert next(p.revision for p in revisions if p.slug == "frontalia") == 3
    with current.entered(frontalia.id):
        entry = db.session.query(AuditEntry).filter_by(action="tenant.applied").order_by(AuditEntry.seq.desc()).first()
        assert entry.actor_kind == "operator"


# -- running ----------------------------------------------------------------------------------------------------


def test_a_dead_letter_is_seen_and_revived(operator, frontalia, monkeypatch):
    taken = []

    def broken(event) -> None:
        taken.append(event.id)
        if len(taken) == 1:
            raise RuntimeError("no")

    monkeypatch.setitem(outbox._consumers, "console_probe", {"core.probe": broken})
    with current.entered(frontalia.id):
        message = announce("console_probe", {"n": 1})
        db.session.commit()
    monkeypatch.setattr(outbox, "MAX_ATTEMPTS", 1)
    outbox.drain()
    assert len(taken) == 1
    page = operator.get("/console/outbox?portal=frontalia&state=dead")
    assert "console_probe" in text_of(page)
    assert "RuntimeError" in text_of(page)
    assert ">1</a>" in operator.get("/console/").get_data(as_text=True)
    form = {"message_id": str(message), "consumer": "core.probe"}
    assert operator.yes("/console/outbox/frontalia/revive", form).status_code == 302
    assert operator.yes("/console/outbox/frontalia/revive", form).status_code == 404
    assert operator.post("/console/outbox/rdv-confiance/revive", {**form, "confirmed": "yes"}).status_code == 404
    outbox.drain()
    assert len(taken) == 2
    with current.entered(frontalia.id):
        assert db.session.query(OutboxDelivery).filter_by(consumer="core.probe").one().done_at is not None
    assert {"operator.entered", "outbox.revived"} <= set(actions(frontalia.id))


def test_plugins_with_their_failures(app, operator, runtime):
    page = text_of(operator.get("/console/plugins"))
    assert "jurisdiction_fr" in page
    assert "service_access" in page
    before = runtime.error_counts.get(("jurisdiction_fr", "categories"), 0)
    runtime.record_error("jurisdiction_fr", "categories", ValueError("secret of a patient"))
    page = text_of(operator.get("/console/plugins"))
    assert "ValueError" in page
    assert "secret of a patient" not in page
    assert "jurisdiction_fr" in text_of(operator.get("/console/"))
    assert runtime.error_counts[("jurisdiction_fr", "categories")] == before + 1
    runtime.errors.clear()
    runtime.error_counts.clear()


def test_a_broken_trail_is_told(operator, frontalia, test_database):
    from sqlalchemy import create_engine, text

    assert "the chain is whole" in text_of(operator.get("/console/portals/frontalia/audit?verify=1"))
    engine = create_engine(test_database.admin_url)
    with engine.begin() as c:
        c.execute(text("UPDATE audit_entries SET details = '{}' WHERE tenant_id = :t AND seq = 1"), {"t": frontalia.id})
    engine.dispose()
    assert "broken at entry 1" in text_of(operator.get("/console/portals/frontalia/audit?verify=1"))
    assert "the chain is whole" in text_of(operator.get("/console/portals/rdv-confiance/audit?verify=1"))


@pytest.mark.rule("CB-287")
def test_the_register_of_processing_activities_per_portal_and_plugin(operator, portals):
    shown = text_of(operator.get("/console/portals/frontalia/register"))
    assert "Accounts and sign-in" in shown
    assert "jurisdiction_lu" in shown
    with current.entered(portals["rdv-confiance"].id) as view:
        off = {p for p in ("jurisdiction_fr", "jurisdiction_lu", "jurisdiction_be") if not view.dispatcher.is_on(p)}
    other = text_of(operator.get("/console/portals/rdv-confiance/register"))
    assert off
    assert not any(p in other for p in off)


def test_tables_filter_sort_and_page(operator, portals):
    def order(query: str) -> list[str]:
        page = operator.get("/console/" + query).get_data(as_text=True)
        return re.findall(r'href="/console/portals/([\w-]+)">', page)

    assert order("?sort=slug") == ["frontalia", "rdv-confiance"]
    assert order("?sort=-slug") == ["rdv-confiance", "frontalia"]
    assert order("?q=RDV") == ["rdv-confiance"]
    assert order("?state=draft") == []
    assert order("?page=99&sort=nothing&state=nothing") == ["frontalia", "rdv-confiance"]
    hostile = operator.get("/console/?q=%22%3E%3Cscript%3E").get_data(as_text=True)
    assert '"><script>' not in hostile


def test_every_place_of_the_navigation_has_an_icon_that_is_drawn(app):
    from pathlib import Path

    from core.console.pages import NAVIGATION

    sprite = Path(app.static_folder, "icons", "sprite.svg").read_text(encoding="utf-8")
    assert [icon for _endpoint, _label, icon in NAVIGATION if f'id="{icon}"' not in sprite] == []


def test_the_script_of_the_sign_in_page_is_served_here_too(app, portals):
    console_service.ensure_console()
    visitor = app.test_client()
    page = visitor.get("/sign-in", base_url="http://console.localhost:8000").get_data(as_text=True)
    assert "/register" not in page, "nobody opens an account at the console"
    (script,) = re.findall(r'src="(/static-identity/[^"]+)"', page)
    with visitor.get(script, base_url="http://console.localhost:8000") as answer:
        assert answer.status_code == 200
