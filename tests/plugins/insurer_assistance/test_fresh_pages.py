"""Desks and a person's page follow what others do, without anybody loading them again; in a real browser."""

from __future__ import annotations

from typing import Any

import pytest

from core.db import db
from core.identity import accounts, sessions
from core.tenancy.current import entered
from core.testing import makers
from plugins.insurer_assistance import doctoring, requesting
from tests.browser.conftest import ARGS, chromium, server

__all__ = ["server"]
pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("mutual")]


@pytest.fixture
def open_page(driver, server, mutual):
    """Open an address as somebody, with a clock that the test moves on."""
    launched = driver.chromium.launch(executable_path=chromium(), args=ARGS)

    def go(account_id: Any, path: str) -> Any:
        account = accounts.by_id(account_id)
        account.language = "en"
        token = makers.session_of(account)
        db.session.remove()
        context = launched.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
        base = f"http://mutuelle.localhost:{server}"
        context.add_cookies([{"name": sessions.COOKIE, "value": token, "url": base}])
        page = context.new_page()
        page.clock.install()
        page.goto(base + path)
        return page

    yield go
    launched.close()


def test_a_new_request_comes_to_the_desk_by_itself_and_the_countdown_runs(mutual, member, doctor, ask_for, open_page):
    someone, other, pro = member(), member(), doctor()
    first = requesting.from_web(ask_for(someone)).id
    wanted = ask_for(other)
    page = open_page(pro.account.id, "/x/insurer_assistance/desk")
    assert page.title().startswith("(1) ")
    link = page.locator(f"a.btn[href$='{first}']")
    link.focus()
    with entered(mutual.id):
        second = requesting.from_web(wanted).id
        db.session.commit()
    page.clock.run_for(21_000)
    page.locator(f"a.btn[href$='{second}']").wait_for()
    page.get_by_text("Something new has come in.").wait_for(state="attached")
    assert page.title().startswith("(2) ")
    assert page.evaluate("document.activeElement.getAttribute('href')").endswith(str(first)), "where the eye was"
    before = page.locator("[data-countdown]").last.inner_text()
    page.clock.run_for(5_000)
    assert page.locator("[data-countdown]").last.inner_text() != before


def test_a_person_sees_who_calls_without_loading_the_page_again(mutual, member, doctor, ask_for, open_page):
    someone, pro = member(), doctor()
    case = requesting.from_web(ask_for(someone)).id
    page = open_page(someone.account.id, f"/x/insurer_assistance/cases/{case}")
    page.get_by_role("heading", name="A doctor is being looked for").wait_for()
    with entered(mutual.id):
        doctoring.take(pro.pro, case)
        db.session.commit()
    page.clock.run_for(16_000)
    page.get_by_role("heading", name="calls you").wait_for()
    assert page.get_by_role("button", name="I would rather have another doctor").is_visible(), (
        "the whole page was drawn"
    )


def test_nothing_typed_is_lost_when_the_list_is_gone(mutual, doctor, open_page):
    """A page that would be loaded anew waits while somebody has written in it."""
    pro = doctor()
    page = open_page(pro.account.id, "/x/insurer_assistance/desk")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<input id=own>')")
    page.locator("#own").fill("half a sentence")
    with entered(mutual.id):
        sessions.end_all(pro.account.id)
        db.session.commit()
    with page.expect_response("**/sign-in**"):
        page.clock.run_for(21_000)
    page.clock.run_for(1_000)
    assert page.locator("#own").input_value() == "half a sentence"


def test_who_was_signed_out_is_told_by_the_page_itself(mutual, member, doctor, ask_for, open_page):
    pro = doctor()
    page = open_page(pro.account.id, "/x/insurer_assistance/desk")
    with entered(mutual.id):
        sessions.end_all(pro.account.id)
        db.session.commit()
    page.clock.run_for(21_000)
    page.wait_for_url("**/sign-in**")
