"""Every page that somebody can reach on the mutual's portal, on a phone, light and dark: axe finds nothing, nothing is cut off."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from core.care.consultations import reports
from core.db import db
from core.identity import accounts, sessions
from core.identity.accounts import Person
from core.identity.models import Account
from core.jobs import outbox
from core.tenancy.current import entered
from core.testing import makers
from core.testing.browser import Browser
from plugins.insurer_assistance import doctoring, members, requesting, team
from tests.browser.conftest import ARGS, chromium, server
from tests.plugins.insurer_assistance.test_ia_live import barrois, horizon, lea

__all__ = ["barrois", "horizon", "lea", "server"]
pytestmark = [pytest.mark.browser, pytest.mark.faults]  # some hundred pages
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LEFT_OUT = ("static", "identity.sign_out", "bootstrap.static")
CUT_OFF = """() => document.documentElement.scrollWidth > innerWidth
  ? [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 120)).slice(0, 3) : []"""


@pytest.fixture
def people(horizon: Any, lea: SimpleNamespace, barrois: SimpleNamespace) -> dict[str, list[Any]]:
    """Account ids by what they are, and the cases there are: one reported, one with a doctor, one that waits."""
    with entered(horizon.id):
        members.link(lea.row, lea.account.id, None)
        found = []
        for n in range(3):
            made = requesting.from_web(
                requesting.Wanted(
                    lea.account.id,
                    None,
                    "web",
                    "general",
                    "A cough.",
                    "video" if n == 1 else "phone",
                    "now",
                    "FR",
                    "+33612345678",
                    emergency=False,
                    treating_doctor_unavailable=True,
                )  # fmt: skip
            )
            found.append(made.id)
            if n < 2:
                doctoring.take(barrois.pro, made.id)
            if n == 0:
                doctoring.attempt(barrois.pro, made.id, doctoring.REACHED)
                doctoring.hang_up(barrois.pro, made.id)
                reports.save(barrois.pro, made.id, {"conclusion": "Rest."})
            db.session.commit()
            outbox.drain()
        insurer = accounts.create_account(
            "partner", Person("Martine", "Vallier", "m@example.org", "+33612345679", "", ""), "", language="en", state="active",
            hashed="!", party="insurer", party_rights=("edit_portal", "see_figures", "load_members"),
        )  # fmt: skip
        operator = makers.make_account("operator")
        nurse = makers.make_professional(kind="allied")
        nurse.pro.specialty = "nurse"
        agent = makers.make_account("professional")
        db.session.flush()
        for account, role in ((nurse.account, team.NURSE), (agent, team.AGENT)):
            team.set_facts(
                account.id,
                role,
                registered=True,
                practises_in_country=True,
                engaged_from="2025-01-01",
                engaged_until=None,
                by="t",
            )
        db.session.commit()
        return {
            "patient": [lea.account.id],
            "doctor": [barrois.account.id],
            "nurse": [nurse.account.id],
            "agent": [agent.id],
            "insurer": [insurer.id],
            "operator": [operator.id],
            "nobody": [None],
            "cases": found,
        }


def addresses(app: Flask, cases: list[Any]) -> list[str]:
    """Every address without a part to fill in, and with the id of each case where one part is wanted."""
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in LEFT_OUT or len(rule.arguments) > 1:
            continue
        for given in cases if rule.arguments else [None]:
            try:
                found.append(rule.build({a: str(given) for a in rule.arguments})[1])  # type: ignore[index]
            except (TypeError, ValueError):
                continue
    return sorted({path for path in found if not path.startswith(("/api/", "/dev/", "/_style"))})


@pytest.mark.timeout(600)
@pytest.mark.parametrize("who", ["nobody", "patient", "doctor", "nurse", "agent", "insurer", "operator"])
def test_axe_finds_nothing_on_any_page_of(who, app, horizon, people, driver, server):
    from axe_core_python.sync_playwright import Axe

    paths = addresses(app, people["cases"])
    token = _token(horizon.id, people[who][0])
    base = f"http://mutuelle-horizon.localhost:{server}"
    anybody = Browser(app, "mutuelle-horizon.localhost", "en")
    asked = Browser(app, "mutuelle-horizon.localhost", "en")
    if token:
        asked.client.set_cookie(sessions.COOKIE, token, domain=asked.host)
    launched = driver.chromium.launch(executable_path=chromium(), args=ARGS)
    wrong, looked = [], 0
    try:
        context = launched.new_context(viewport={"width": 390, "height": 844}, locale="en-GB", reduced_motion="reduce")
        if token:
            context.add_cookies([{"name": sessions.COOKIE, "value": token, "url": base}])
        page, axe = context.new_page(), Axe()
        for path in paths:
            with asked.get(path) as first:
                if first.status_code != 200 or first.mimetype != "text/html":
                    continue
            if token and _public(anybody, path):
                continue  # looked at once, as nobody
            answer = page.goto(base + path)
            if answer is None or answer.status != 200 or not page.url.endswith(path) or not page.locator("h1").count():
                continue  # refused, elsewhere, or a part of a page
            looked += 1
            wrong += [(path, "cut off", e) for e in page.evaluate(CUT_OFF)]
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                found = axe.run(page, options={"runOnly": LEVELS if scheme == "light" else ["color-contrast"]})
                wrong += [(path, scheme, v["id"], n["html"][:160]) for v in found["violations"] for n in v["nodes"]]
    finally:
        launched.close()
    print(f"{who}: {looked} pages")
    assert looked >= 5, f"{looked} pages only"
    assert wrong == []


def _public(anybody: Browser, path: str) -> bool:
    with anybody.get(path) as answer:
        return answer.status_code == 200


def _token(tenant_id: int, account_id: Any) -> str:
    if account_id is None:
        return ""
    with entered(tenant_id):
        account = db.session.get(Account, (tenant_id, account_id))
        assert account is not None
        return makers.session_of(account)
