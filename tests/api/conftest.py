"""A patient with a session, a professional on Monday, and a caller that speaks JSON."""

from __future__ import annotations

import contextvars
import itertools
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.globals import _cv_app
from werkzeug.test import TestResponse

from core import clock
from core.consent import service as consent
from core.db import db
from core.identity import accounts, profile, sessions, uploads
from core.tenancy import current
from core.testing.makers import MONDAY, make_account, make_professional


def alone(call: Callable[[], TestResponse]) -> TestResponse:
    """Make a request as a server makes it: with an application context of its own, not the test's."""

    def run() -> TestResponse:
        _cv_app.set(None)  # type: ignore[arg-type]
        return call()

    return contextvars.copy_context().run(run)


class Caller:
    """Calls the API of a portal; `token` is sent as bearer."""

    def __init__(
        self, app: Flask, slug: str = "frontalia", token: str = "", account_id: uuid.UUID | None = None
    ) -> None:
        self.app, self.host, self.token, self.account_id = app, f"{slug}.localhost", token, account_id

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        sent = {"Host": f"{self.host}:8000", "Accept-Language": "en"}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        sent |= {k.replace("_", "-"): v for k, v in headers.items()}
        client = self.app.test_client(use_cookies=False)
        base = f"http://{self.host}:8000"
        return alone(lambda: client.open("/api/v1" + path, method=method, json=body, headers=sent, base_url=base))

    def book(self, path: str, body: Any, key: str | None = None) -> TestResponse:
        """A POST with an idempotency key, a new one unless given."""
        return self("POST", path, body, Idempotency_Key=key or uuid.uuid4().hex)


def signed_in(app: Flask, view: current.TenantView, role: str = "patient", **person: str) -> Caller:
    """An active account that accepted everything, and its session."""
    with current.entered(view.id):
        account = make_account(role, **person)
        consent.accept(account.id, consent.to_accept(), language="en", way="registration")
        if role == "patient":
            profile.write(account, profile.Declared("FR", "", True))
            assert profile.set_identifier(account, profile.identifier_types("patient")["fr_nir"], nir()) is None
            uploads.keep(account, "vitale_card", uploads.Upload("application/pdf", b"%PDF-1.4 %%EOF"))
            assert profile.category_of(account).code == "fr_resident"
        token = sessions.open_session(account, "tests")
        found = account.id
        db.session.commit()
    return Caller(app, view.slug, token, found)


_people = itertools.count(1)


def nir() -> str:
    """A number of French health insurance with its key, another each time."""
    body = f"2800575{next(_people):06}"
    return f"{body}{97 - int(body) % 97:02}"


@pytest.fixture
def program(app: Flask, frontalia: current.TenantView) -> Callable[..., Caller]:
    """`program(account_id)`: the program of an account that is there already, signed in with two factors unless said."""

    def make(account_id: uuid.UUID, factors: str = "password+code") -> Caller:
        with current.entered(frontalia.id):
            account = accounts.by_id(account_id)
            consent.accept(account.id, consent.to_accept(), language="en", way="registration")
            token = sessions.open_session(account, factors)
            db.session.commit()
        return Caller(app, "frontalia", token, account_id)

    return make


@pytest.fixture
def monday() -> Iterator[Any]:
    """Monday 23 November 2026, 7:00 in Paris."""
    with clock.at(MONDAY):
        yield MONDAY


@pytest.fixture
def doctor(app: Flask, frontalia: current.TenantView, monday: Any) -> Any:
    """A physician in Metz, open from 9 to 12."""
    with current.entered(frontalia.id):
        made = make_professional()
        db.session.expunge_all()
    return made


@pytest.fixture
def patient(app: Flask, frontalia: current.TenantView, monday: Any) -> Caller:
    """A patient with a session."""
    return signed_in(app, frontalia)


@pytest.fixture
def caller(app: Flask, portals: dict[str, current.TenantView]) -> Callable[..., Caller]:
    """Anybody: `caller()`, `caller("rdv-confiance")`."""
    return lambda slug="frontalia", token="": Caller(app, slug, token)


@pytest.fixture
def slot(doctor: Any) -> dict[str, str]:
    """The body that books the doctor at nine."""
    return body_of(doctor)


def body_of(doctor: Any, hour: int = 8, minute: int = 0) -> dict[str, str]:
    """A choice of time, in UTC; eight is nine in Metz."""
    return {
        "professional_id": str(doctor.pro.id),
        "reason_id": str(doctor.reason.id),
        "practice_id": str(doctor.practice.id),
        "starts_at": f"2026-11-24T{hour:02}:{minute:02}:00Z",
    }


@pytest.fixture
def at_time(doctor: Any) -> Callable[..., dict[str, str]]:
    """`at_time(8, 20)`: the body that books the doctor then."""
    return lambda hour=8, minute=0: body_of(doctor, hour, minute)


@pytest.fixture
def sign(app: Flask, portals: dict[str, current.TenantView], monday: Any) -> Callable[..., Caller]:
    """`sign("rdv-confiance", "professional")`: somebody else with a session."""
    return lambda slug="frontalia", role="patient", **person: signed_in(app, portals[slug], role, **person)
