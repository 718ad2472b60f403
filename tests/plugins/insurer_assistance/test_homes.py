"""Cards on the homes of the mutual's portal: the work that waits, and who carries it out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from core.db import db
from core.hooks.types import DashboardCard
from core.tenancy import service as tenancy
from core.tenancy.current import entered
from core.tenancy.loader import load_folder
from core.testing import makers
from plugins.insurer_assistance import homes, requesting, team
from tests.plugins.insurer_assistance.conftest import Visitor

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def horizon(app, staged, runtime):
    """Inside the portal that ships, as its folder says; a browser of it for an account."""

    def made():
        loaded = load_folder(ROOT / "tenants" / "mutuelle-horizon", runtime)
        assert loaded.bundle is not None
        return tenancy.store(loaded.bundle, "tests").tenant_id

    with entered(staged("horizon", made)) as view:

        def browser(account):
            made = Visitor(app, "mutuelle-horizon.localhost")
            made.client.set_cookie("portico_language", "en", domain=made.host)
            makers.sign_in_as(made, view.id, account)
            return made

        yield SimpleNamespace(view=view, browser=browser)


@pytest.fixture
def agent(mutual):
    account = makers.make_account("partner", party="operator", rights=())
    team.set_facts(
        account.id, team.AGENT, registered=False, practises_in_country=False, engaged_from="2026-01-01", engaged_until=None, by="t"
    )  # fmt: skip
    db.session.commit()
    return account


def card_on(page, path):
    """The words of the card of work on a home."""
    shown = page.text(page.get(path))
    return shown[shown.index('id="work-title"') :].split("</section>")[0] if 'id="work-title"' in shown else ""


def test_doctor_and_agent_see_on_their_home_who_waits(member, doctor, ask_for, visit, agent):
    pro, someone = doctor(), member()
    theirs, desk = visit(pro.account), visit(agent)
    assert "Nobody waits at the moment" in card_on(theirs, "/today")
    requesting.from_web(ask_for(someone))
    db.session.commit()
    found = card_on(theirs, "/today")
    assert "1 call waits" in found
    assert "The soonest is due at" in found
    assert 'href="/x/insurer_assistance/desk"' in found
    found = card_on(desk, "/partner/")
    assert "1 open request" in found
    assert 'href="/x/insurer_assistance/phone"' in found


def test_a_nurse_is_sent_to_her_own_desk_and_a_suspended_role_sees_no_work(staff, visit, agent):
    assert 'href="/x/insurer_assistance/nurse"' in card_on(visit(staff("nurse")), "/today")
    row = team.of(agent.id)
    row.engaged_from = None
    db.session.commit()
    assert card_on(visit(agent), "/partner/") == ""


def test_nobody_is_asked_to_open_an_agenda_where_nothing_is_booked(horizon):
    made = makers.make_professional()
    db.session.commit()
    page = horizon.browser(made.account)
    answer = page.get("/today")
    assert answer.status_code == 200
    assert "Before patients can book" not in page.text(answer)
    assert "Nothing today" in page.text(answer)


def test_where_something_is_booked_the_agenda_has_its_steps(doctor, visit):
    page = visit(doctor().account)
    assert "Before patients can book" in page.text(page.get("/today"))


@pytest.mark.rule("IA-002")
@pytest.mark.parametrize("party", ["operator", "insurer", "assister", "publisher", "health_data_host"])
def test_each_party_sees_the_five_under_their_own_names(horizon, party):
    account = makers.make_account("partner", party=party, rights=())
    db.session.commit()
    config = horizon.view.config
    own = config["plugins"]["insurer_assistance"]
    page = horizon.browser(account)
    shown = page.text(page.get("/partner/"))
    for whose in (config["operator"], config["publisher"], config["host"], own["insurer"], own["assister"]):
        assert whose["name"] in shown
    assert ("No party sees health data" in shown) == (party != "operator")


def test_a_card_that_fails_is_left_out_with_what_it_did_and_the_page_stands(app, doctor, visit, monkeypatch):
    def broken(_account_id):
        db.session.execute(text("SELECT 1 / 0"))

    def unknown(_account_id):
        return "insurer_assistance/no_such_card.html", {}

    cards = [DashboardCard(f"card_{n}", ("professional",), made, weight=n) for n, made in enumerate((broken, unknown))]
    monkeypatch.setattr(homes, "CARDS", (*cards, *homes.CARDS))
    runtime = app.extensions["portico"].runtime
    before = runtime.error_counts.get(("insurer_assistance", "dashboard_cards"), 0)
    page = visit(doctor().account)
    answer = page.get("/today")
    assert answer.status_code == 200
    assert "Nobody waits at the moment" in page.text(answer)
    assert runtime.error_counts[("insurer_assistance", "dashboard_cards")] == before + 2
