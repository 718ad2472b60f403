"""A room with its two people, and browsers of theirs."""

from __future__ import annotations

import datetime as dt
import uuid
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from flask import g

from core import clock as clocks
from core.care.rooms import service
from core.db import db
from core.tenancy.current import entered
from core.testing.makers import _sign_in, make_booker, make_professional


@pytest.fixture
def make_room(portals):
    """Make a room on a portal: `room_id`, `subject_id`, `patient`, `professional` (account ids)."""

    def make(slug="frontalia", professional=None, **changed):
        # Inside the portal already: entering again would drop the session that the test works with.
        here = g.get("tenant")
        with nullcontext() if here is not None and here.slug == slug else entered(portals[slug].id):
            made = professional or make_professional(service="video_consultation")
            booker = make_booker(first_name="Secret", last_name="Canaryname")
            subject_id = uuid.uuid4()
            row = service.open_room(
                subject_id=subject_id,
                service="video_consultation",
                patient_account_id=booker.account_id,
                professional_account_id=made.account.id,
                opens_at=changed.pop("opens_at", clocks.now() - dt.timedelta(minutes=5)),
                **changed,
            )
            db.session.commit()
            return SimpleNamespace(
                id=row.id, subject_id=subject_id, patient=booker.account_id, professional=made.account.id, made=made, path=f"/rooms/{row.id}"
            )  # fmt: skip

    return make


@pytest.fixture
def as_account(browse, portals):
    """A browser signed in as an account of a portal."""

    def sign_in(account_id, slug="frontalia"):
        from core.identity.models import Account

        visitor = browse(slug)
        with entered(portals[slug].id):
            account = db.session.get(Account, (portals[slug].id, account_id))
            _sign_in(visitor, account)
        visitor.client.set_cookie("portico_language", "en", domain=visitor.host)
        return visitor

    return sign_in


@pytest.fixture
def asks():
    """Ask as a script does: JSON in mind, the token in a header."""

    def ask(visitor, method, path, **kwargs):
        headers = {**visitor.headers, "Accept": "application/json", "X-CSRF-Token": visitor.token()}
        return visitor.client.open(
            path, method=method, headers=headers, base_url=f"http://{visitor.host}:8000", **kwargs
        )

    return ask
