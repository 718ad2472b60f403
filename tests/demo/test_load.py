"""The demo: whole before anybody is told, the same at every start, and finished by the next start where it was cut short."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from core.db import db, global_scope
from core.directory.models import Professional
from core.identity import accounts
from core.identity.models import Account
from core.scheduling.models import Appointment, OpeningHours
from core.tenancy.current import entered
from core.tenancy.models import Tenant
from demo import load

BOOKING = ("frontalia", "rdv-confiance")
"""Portals of the demo where appointments are booked with chosen professionals."""
ROOT = Path(__file__).resolve().parents[2]


def finish() -> list[str]:
    """Load to the end; the lines that are printed."""
    loading = load.ensure(ROOT / "tenants", 8000)
    while True:
        try:
            next(loading)
        except StopIteration as end:
            lines: list[str] = end.value
            return lines


def portal(slug: str) -> int:
    """A portal's number."""
    with global_scope():
        found = db.session.execute(select(Tenant.id).where(Tenant.slug == slug)).scalar_one()
        db.session.rollback()
    return found


def counts(*tables: type) -> dict[str, list[int]]:
    """Rows of each portal."""
    found = {}
    for slug in load.PORTALS:
        with entered(portal(slug)):
            found[slug] = [db.session.execute(select(func.count()).select_from(t)).scalar_one() for t in tables]
    return found


@pytest.mark.faults
@pytest.mark.timeout(240)
def test_a_load_cut_short_anywhere_is_finished_by_the_next_one(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    note = app.extensions["portico"].settings.var / "demo-logins.json"
    note.unlink(missing_ok=True)
    try:
        # Killed when the first page is shown: everything that a visitor sees is there, and nobody is told of a login.
        first = load.ensure(ROOT / "tenants", 8000)
        next(first)
        shown = counts(Professional, OpeningHours, Account)
        assert shown["frontalia"][0] == 40
        assert all(all(shown[slug]) for slug in BOOKING)
        first.close()
        assert not note.exists()

        # Killed among the bookings.
        book, made = load.booking.book, []

        def dying(*arguments: object, **more: object) -> object:
            if len(made) == 5:
                raise KeyboardInterrupt
            made.append(1)
            return book(*arguments, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(load.booking, "book", dying)
        with pytest.raises(KeyboardInterrupt):
            finish()
        monkeypatch.undo()
        db.session.rollback()
        assert not note.exists()

        lines = finish()
        whole = counts(Professional, OpeningHours, Account, Appointment)
        assert {slug: whole[slug][:2] for slug in BOOKING} == {slug: shown[slug][:2] for slug in BOOKING}
        assert whole["mutuelle-horizon"][0] == 4  # nobody is booked there: the care team is on duty
        assert all(whole[slug][3] > 20 for slug in BOOKING)

        # Whoever is printed can sign in, and a start with everything there shows pages at once and changes nothing.
        logins = [line.split() for line in lines if "@" in line]
        assert len(logins) == 30
        for slug, *_role, email in logins:
            with entered(portal(slug)):
                account = accounts.by_email(email)
                assert account is not None
                assert account.state == "active"
        again = load.ensure(ROOT / "tenants", 8000)
        with monkeypatch.context() as patch:
            patch.setattr(load.tenancy, "apply", None)
            next(again)
        with pytest.raises(StopIteration) as end:
            next(again)
        assert end.value.value == lines
        assert counts(Professional, OpeningHours, Account, Appointment) == whole
    finally:
        note.unlink(missing_ok=True)
