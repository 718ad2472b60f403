"""Reservations of professionals in the console: listed without words, read with an entry on the portal's trail (CB-066)."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from core import audit
from core.care.colleagues import reservations
from core.care.colleagues.models import FILED, TERMINATION, Reservation
from core.db import db
from core.identity import people as identity
from core.tenancy import service
from core.tenancy.crossing import operating_on, working_in


@dataclass(frozen=True, slots=True)
class Line:
    """A reservation in the list: nothing that a person wrote, no name."""

    portal: str
    id: uuid.UUID
    state: str
    filed_at: dt.datetime
    answered_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A reservation, opened by an operator."""

    id: uuid.UUID
    account_id: uuid.UUID
    state: str
    name: str
    words: str
    answer: str
    dates: tuple[tuple[str, dt.datetime], ...]


def listed() -> list[Line]:
    """The reservations of all portals: those that wait for an answer or for the closing of an account first."""
    lines = []
    for portal in service.list_tenants():
        with working_in(portal.id):
            lines += [
                Line(portal.slug, r.id, r.state, r.filed_at, r.answered_at) for r in reservations.everybody()
            ]  # fmt: skip
    return sorted(lines, key=lambda x: (x.state not in (FILED, TERMINATION), x.filed_at))


def opened(tenant_id: int, operator_id: uuid.UUID, reservation_id: uuid.UUID) -> Opened | None:
    """Read a reservation; the reading is on the portal's trail. None where there is none."""
    with operating_on(tenant_id, str(operator_id), "reservation.read"):
        row: Reservation | None = Reservation.get(reservation_id)
        if row is None:
            return None
        audit.record("reservation.read", reservations.KIND, row.id)
        written = reservations.opened(row)
        name = identity.names([row.account_id]).get(row.account_id, "")
        passed = (
            ("filed", row.filed_at), ("answered", row.answered_at), ("settled", row.settled_at),
            ("maintained", row.maintained_at), ("termination_requested", row.termination_at), ("ended", row.ended_at),
        )  # fmt: skip
        dates = tuple((code, at) for code, at in passed if at is not None)
        shown = Opened(row.id, row.account_id, row.state, name, written.words or "", written.answer or "", dates)
        db.session.commit()
    return shown


def reply(tenant_id: int, operator_id: uuid.UUID, reservation_id: uuid.UUID, words: str) -> None:
    """Answer by e-mail (CB-066). Raises Refused."""
    with operating_on(tenant_id, str(operator_id), "reservation.answer"):
        reservations.reply(reservation_id, str(operator_id), words)
        db.session.commit()


def terminate(tenant_id: int, operator_id: uuid.UUID, reservation_id: uuid.UUID) -> None:
    """Close the account of a professional who has asked for it after a maintained reservation. Raises Refused."""
    with operating_on(tenant_id, str(operator_id), "reservation.terminate"):
        reservations.terminate(reservation_id)
        db.session.commit()
