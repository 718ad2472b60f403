"""Journeys in a real Chromium, on a desk and on a phone: from sign-up to a kept appointment."""

import re

import pytest

from core.db import db
from core.scheduling import booking
from core.tenancy.current import entered
from core.testing.makers import make_booker, make_professional

pytestmark = pytest.mark.browser
PASSWORD = "Quatre lacs tranquilles 71"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


def follow(page, target):
    """Click what leads to another page and wait until that page is there: a click alone comes back before."""
    with page.expect_navigation():
        target.click()


def submit(page):
    follow(page, page.locator("main form button.btn-primary, main form button[type=submit].btn").first)


def tick(box):
    """The native box lies under its label: a click by script is what a label's click does."""
    box.evaluate("element => element.checked || element.click()")
    assert box.is_checked()


def refuse_cookies(page):
    button = page.get_by_role("button", name="Refuse statistics")
    if button.count():
        follow(page, button.first)


def register(page, base, email):
    page.goto(f"{base}/register/patient")
    refuse_cookies(page)
    page.goto(f"{base}/register/patient")
    page.fill("[name=first_name]", "Bruno")
    page.fill("[name=last_name]", "Lorrain")
    for part, value in (("day", "12"), ("month", "7"), ("year", "1985")):
        page.fill(f"[name=birth_date_{part}]", value)
    tick(page.locator("[name=sex][value=male]"))
    page.fill("[name=email]", email)
    page.fill("[name=phone]", "+33 6 12 34 56 78")
    page.fill("[name=password]", PASSWORD)
    tick(page.locator("[name=undertaking]"))
    for box in ("cookie_policy", "terms_of_use_and_sale", "information_and_consent_notice"):
        assert not page.is_checked(f"[name=accept_{box}]")
        tick(page.locator(f"[name=accept_{box}]"))
    submit(page)


def sign_in(page, base, email, code_of):
    page.goto(f"{base}/sign-in")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    submit(page)
    assert "/sign-in/code" in page.url
    page.fill("[name=code]", code_of(email))
    submit(page)


@pytest.mark.rule("CB-008", "CB-061", "CB-062", "CB-081", "CB-116", "CB-134", "CB-135", "CB-137", "CB-138", "CB-278")
def test_a_patient_signs_up_with_two_factors_and_books(page, server, portals, last_mail, code_of):
    base = f"http://frontalia.localhost:{server}"
    with entered(portals["frontalia"].id):
        made = make_professional()
        name = made.pro.name
    email = "bruno@example.org"
    register(page, base, email)
    subject, body = last_mail(email)
    link = re.search(r"/confirm/\S+", body).group(0)
    page.goto(base + link)
    for box in page.locator("main input[type=checkbox]").all():
        tick(box)
    submit(page)
    sign_in(page, base, email, code_of)
    assert page.url.endswith("/home")
    page.goto(f"{base}/account/category")
    assert page.locator("h1").count() == 1

    page.goto(f"{base}/professionals?q=eloise")
    follow(page, page.get_by_role("link", name=f"Dr {name}", exact=True).first)
    follow(page, page.locator("a.slot").last)
    # Without saying for whom, one stays on this page: the browser asks for the choice.
    page.locator("main form button.btn-primary").first.click()
    assert "/book/" in page.url and "/book/confirm/" not in page.url
    tick(page.locator("#beneficiary-self"))
    submit(page)
    assert "/book/confirm/" in page.url
    follow(page, page.get_by_role("button", name="Confirm the appointment"))
    assert "Your appointment is confirmed." in page.inner_text("main")
    subject, body = last_mail(email)
    assert name in body
    page.goto(f"{base}/appointments")
    assert name in page.inner_text("main")
    follow(page, page.get_by_role("link", name=name).first)
    page.get_by_text("Cancel the appointment").click()
    follow(page, page.get_by_role("button", name="Yes, cancel it"))
    assert "cancelled by you" in page.inner_text("main")


def test_a_slot_that_vanishes_says_so_and_shows_the_next(page, server, portals, last_mail, code_of):
    base = f"http://frontalia.localhost:{server}"
    with entered(portals["frontalia"].id):
        made = make_professional()
        pro_id, choice = (
            made.pro.id,
            {"professional_id": made.pro.id, "reason_id": made.reason.id, "practice_id": made.practice.id},
        )
        booker = make_booker()
        db.session.commit()
    email = "claire@example.org"
    register(page, base, email)
    page.goto(base + re.search(r"/confirm/\S+", last_mail(email)[1]).group(0))
    for box in page.locator("main input[type=checkbox]").all():
        tick(box)
    submit(page)
    sign_in(page, base, email, code_of)
    page.goto(f"{base}/professionals/{pro_id}")
    follow(page, page.locator("a.slot").first)
    start = int(page.url.rsplit("/", 1)[1])
    with entered(portals["frontalia"].id):
        import datetime as dt

        booking.book(booker, **choice, starts_at=dt.datetime.fromtimestamp(start, dt.UTC))
        db.session.commit()
    tick(page.locator("#beneficiary-self"))
    submit(page)
    assert "just been taken" in page.inner_text("main")
    assert page.get_by_role("link", name="Take this one").count() == 3


@pytest.mark.rule("CB-290", "CB-291", "CB-292")
def test_no_statistics_cookie_before_the_choice(page, server, portals):
    base = f"http://frontalia.localhost:{server}"
    page.goto(base + "/")
    page.goto(base + "/pages/help")
    assert page.locator(".cookies").count() == 1
    assert "portico_stats" not in {c["name"] for c in page.context.cookies()}
    follow(page, page.get_by_role("button", name="Accept statistics").first)
    page.goto(base + "/")
    assert page.locator(".cookies").count() == 0
    stats = [c for c in page.context.cookies() if c["name"] == "portico_stats"]
    assert len(stats) == 1
    assert stats[0]["domain"].lstrip(".") == "frontalia.localhost"


@pytest.mark.faults
@pytest.mark.parametrize("slug", ["frontalia", "rdv-confiance"])
def test_public_pages_fit_the_width_and_axe_finds_nothing(page, server, portals, slug):
    from axe_core_python.sync_playwright import Axe

    base = f"http://{slug}.localhost:{server}"
    with entered(portals[slug].id):
        made = make_professional()
        path = f"/professionals/{made.pro.id}"
    for target in (
        "/",
        "/professionals",
        path,
        "/sign-in",
        "/register/patient",
        "/pages/help",
        "/cookies",
        "/legal/legal_notice",
    ):
        page.goto(base + target)
        refuse_cookies(page)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, (target, overflow)
        found = Axe().run(page)
        serious = [
            (v["id"], [n["target"] for n in v["nodes"]][:3])
            for v in found["violations"]
            if v["impact"] in ("serious", "critical")
        ]
        assert serious == [], (target, serious)
