"""Parts of pages that are drawn once for all visitors: they may not ask who visits."""

import re
from pathlib import Path

import pytest
from jinja2 import meta

from core.consent import service as consent
from core.db import db
from core.identity import sessions
from core.tenancy import current
from core.tenancy.current import entered
from core.testing.makers import make_account
from core.web.fragments import KNOWN

TEMPLATES = Path(__file__).resolve().parents[2] / "core" / "web" / "templates"
OF_A_VISITOR = {"account", "csrf_token", "request", "session", "g", "cookie_choice_needed", "get_flashed_messages"}
TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]+)"')
HIDDEN = re.compile(r"<small>[^<]*</small>")
CALL = re.compile(r"drawn_once\('([^']+)'((?:, \w+=[^,)]+)*)\)")


def parts():
    """{(template, names given beside)} of all parts that templates keep."""
    found = set()
    for file in TEMPLATES.rglob("*.html"):
        for name, also in CALL.findall(file.read_text("utf-8")):
            found.add((name, tuple(re.findall(r"(\w+)=", also))))
    return sorted(found)


def test_the_parts_are_found():
    assert ("layout/_about.html", ()) in parts()
    assert ("web/_hero.html", ("promise", "lead")) in parts()


@pytest.mark.parametrize(("name", "also"), parts())
def test_a_part_asks_for_nothing_of_the_visitor(app, name, also):
    environment = app.jinja_env
    waiting = [name]
    while waiting:
        parsed = environment.parse(environment.loader.get_source(environment, waiting.pop())[0])
        asked = meta.find_undeclared_variables(parsed)
        assert not asked & OF_A_VISITOR, name
        assert asked <= KNOWN | set(also) | set(environment.globals), name
        waiting.extend(meta.find_referenced_templates(parsed))


def test_one_visitor_does_not_show_in_the_page_of_another(portals, app):
    """A patient's page, then a professional's: role, place and token of the first are nowhere in the second."""
    with entered(portals["frontalia"].id):
        tokens = []
        for role in ("patient", "professional"):
            made = make_account(role)
            consent.accept(made.id, consent.to_accept(), language="en", way="registration")
            tokens.append(sessions.open_session(made, "password+code"))
        db.session.commit()
    seen = []
    for token in tokens:
        client = app.test_client()
        client.set_cookie("portico_session", token, domain="frontalia.localhost")
        seen.append([get(client, "/account/security"), get(client, "/account/security")])
    patient, professional = seen
    assert 'href="/appointments"' in patient[0] and 'href="/appointments"' not in professional[0]
    assert TOKEN.search(patient[0]).group(1) != TOKEN.search(professional[0]).group(1)
    for first, again in seen:
        assert HIDDEN.sub("", first) == HIDDEN.sub("", again)


def get(client, path):
    answer = client.get(path, base_url="http://frontalia.localhost", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    return answer.text


def test_the_place_where_one_is_is_marked_there_alone(browse):
    page = browse()
    home, find = page.get("/").text, page.get("/professionals").text
    assert 'name="next" value="/"' in home and 'name="next" value="/professionals"' in find


def test_a_process_holds_the_portals_in_use_alone(browse, portals, monkeypatch):
    """What one page needs of a portal is let go once others were asked for; the next visit finds it again."""
    monkeypatch.setattr(current, "KEPT_VIEWS", 1)
    current.forget_views()
    for slug in ("frontalia", "rdv-confiance", "frontalia"):
        page = browse(slug).get("/").text
        assert portals[slug].name in page
        assert list(current._views) == [portals[slug].id]
