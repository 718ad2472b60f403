"""What the kit gives a plugin's tests: portals that resemble each other, people, a clock, an outbox, and no way out."""

from __future__ import annotations

import datetime as dt
import smtplib
import socket
import subprocess
import sys

import pytest
import requests
from sqlalchemy import func, select

from core import audit
from core import clock as platform_clock
from core.db import db, global_scope
from core.directory.models import Practitioner
from core.identity import accounts
from core.identity.models import Account
from core.jobs import outbox
from core.tenancy.current import entered
from core.testing import guards, makers
from core.testing.guards import NetworkForbidden
from core.testing.makers import choice, make_booker

NINE = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def test_twins_hold_people_of_every_role_under_the_same_addresses(twins):
    first, second = twins
    assert (first.slug, second.slug) == ("frontalia", "rdv-confiance")
    for role in ("patient", "professional", "operator", "partner"):
        found = {}
        for twin in twins:
            with entered(twin.view.id):
                account = accounts.by_email(f"{role}@example.org")
                assert account is not None
                assert (account.id, account.role, account.state) == (twin.accounts[role], role, "active")
                found[twin.slug] = account.id
        assert found[first.slug] != found[second.slug]


@pytest.mark.parametrize("again", range(3))
def test_a_state_is_built_once_and_stands_whole_in_each_test(portals, staged, inside, again):
    """Random order or not: the first builds, the others find the same rows, none finds what another wrote."""
    assert staged("portals", lambda: "built on top") == "built on top", "kept already, and no row is there twice"
    assert db.session.execute(select(func.count()).select_from(Account)).scalar_one() == 0
    entries = audit.verify().entries
    made = makers.make_account()
    audit.record("tests.looked", "account", made.id)
    db.session.commit()
    found = audit.verify()
    assert found.problem is None, "the trail goes on from the state"
    assert found.entries > entries


@pytest.mark.parametrize("again", range(2))
def test_what_was_written_before_a_state_is_no_part_of_it(app, staged, request, again):
    """Whether it is this test that builds the state or another, what a test wrote itself stays its own."""

    def write() -> None:
        with global_scope():
            db.session.add(Practitioner(created_at=NINE))
            db.session.commit()

    def there() -> int:
        with global_scope():
            return int(db.session.execute(select(func.count()).select_from(Practitioner)).scalar_one())

    write()
    staged("one practitioner", write)
    assert there() == 2, "built on top, and not kept"
    request.getfixturevalue("_broom").sweep()
    staged("one practitioner", write)
    assert there() == 1


def test_under_another_clock_a_state_is_built_anew(clock, staged):
    clock.set(NINE - dt.timedelta(days=400))
    assert staged("never kept", lambda: 1) == 1
    assert staged("never kept", lambda: 2) == 2


def test_a_twin_signs_its_people_in(twins, browse):
    for twin in twins:
        browser = browse(twin.slug)
        assert browser.get("/account/dependants").status_code == 302, "to the page for signing in"
        twin.sign_in(browser, "patient")
        assert browser.get("/account/dependants").status_code == 200
        with pytest.raises(KeyError):
            twin.sign_in(browser, "pharmacist")


def test_the_professional_of_a_twin_can_be_booked(twins, drained):
    from core.scheduling import booking

    twin, _other = twins
    with entered(twin.view.id):
        booked = booking.book(make_booker(), **choice(twin.bookable, dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)))
        db.session.commit()
        assert booked is not None
    assert drained() > 0
    assert drained() == 0


def test_a_portal_of_its_own_has_the_plugins_that_are_named(portal_with):
    one, other = portal_with("jurisdiction_lu"), portal_with("jurisdiction_be", slug="other-portal")
    codes = {v.slug: {c.code for c in v.dispatcher.collect("categories")} for v in (one, other)}
    assert codes == {"own-portal": {"lu_resident", "other"}, "other-portal": {"be_resident", "other"}}
    with entered(one.id) as view:
        assert view.slug == "own-portal"


def test_the_clock_stands_where_it_is_put_and_goes_back(clock):
    before = dt.datetime.now(dt.UTC)
    clock.set(NINE)
    assert platform_clock.now() == clock.now() == NINE
    clock.move(days=1, minutes=-30)
    assert platform_clock.now() == dt.datetime(2026, 11, 22, 8, 30, tzinfo=dt.UTC)
    with pytest.raises(ValueError, match="aware"):
        clock.set(dt.datetime(2026, 11, 21))
    with guards.moving_clock() as other:
        other.set(before)
        assert platform_clock.now() == before
    assert platform_clock.now() == dt.datetime(2026, 11, 22, 8, 30, tzinfo=dt.UTC)


def test_what_could_not_be_delivered_fails_the_test(pytester_like):
    status, told = pytester_like(
        """
        import pytest
        from core.db import db
        from core.jobs import outbox
        from core.tenancy.current import entered

        def test_one(drained, frontalia):
            @outbox.consumer("kit_event", "kit_consumer")
            def refuse(event):
                raise RuntimeError("no")
            try:
                with entered(frontalia.id):
                    outbox.announce("kit_event", {})
                    db.session.commit()
            finally:
                outbox.drain()
                outbox._consumers.pop("kit_event")
        """
    )
    assert status == 1
    assert "frontalia: not delivered: kit_event for kit_consumer (RuntimeError)" in told


@pytest.fixture
def pytester_like(tmp_path):
    """Run a test file of its own with the kit; returns the exit status and what was printed."""
    import textwrap

    def run(text):
        (tmp_path / "conftest.py").write_text('pytest_plugins = ["core.testing.plugin"]\n', "utf-8")
        (tmp_path / "test_own.py").write_text(textwrap.dedent(text), "utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
            cwd=tmp_path, capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return run


# -- nothing goes out ------------------------------------------------------------------------------------------------


def test_another_machine_is_not_reached():
    with pytest.raises(NetworkForbidden, match=r"192\.0\.2\.1:443"), socket.socket() as one:
        one.connect(("192.0.2.1", 443))
    with pytest.raises(NetworkForbidden), socket.socket() as one:
        one.connect_ex(("192.0.2.1", 443))
    with pytest.raises(NetworkForbidden), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("192.0.2.1", 53))
    with pytest.raises(NetworkForbidden, match="look up example.org"):
        socket.create_connection(("example.org", 80), timeout=1)


def test_no_library_takes_it_for_a_failed_connection():
    with pytest.raises(NetworkForbidden, match="example.org"):
        requests.get("https://example.org/", timeout=1)


@pytest.mark.parametrize("port", [25, 465, 587])
def test_no_mail_is_sent_even_by_this_machine(port):
    with pytest.raises(NetworkForbidden, match="may not send mail"):
        smtplib.SMTP("127.0.0.1", port, timeout=1)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_reached(host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((host, port), timeout=5):
            pass


def test_the_guard_is_put_back():
    whole = socket.socket.connect
    with guards.offline():
        assert socket.socket.connect is not whole
    assert socket.socket.connect is whole


def test_delivering_twice_delivers_once(twins, drained):
    outbox.drain()
    assert drained() == 0
