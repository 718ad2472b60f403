"""A practitioner's time across all portals: one statement takes it, nothing is sold twice (invariant 1)."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import delete, select, text

from core.db import db, new_id
from core.directory.models import Professional
from core.messages import _
from core.scheduling import slots
from core.scheduling.models import Appointment, BusyRange
from core.web.frame import Refused


class SlotGone(Refused):
    """The time is no longer free; `nearest` are the next free ones (shown, and given by the API with 409)."""

    def __init__(self, nearest: list[slots.Slot]) -> None:
        super().__init__(
            _("This time has just been taken. Nothing was booked; here are the next free times."), status=409
        )
        self.nearest = nearest


def take(
    practitioner_id: uuid.UUID, start: dt.datetime, end: dt.datetime, expires: dt.datetime | None
) -> uuid.UUID | None:
    """Take time of a practitioner, for good or until `expires`; the new range's id, None where it is not free (invariant 1)."""
    taken: uuid.UUID | None = db.session.execute(
        text("SELECT take_time(:practitioner, :start, :end, :busy, CAST(:expires AS timestamptz))"),
        {"practitioner": practitioner_id, "start": start, "end": end, "busy": new_id(), "expires": expires},
    ).scalar_one()
    return taken


def take_time(professional: Professional, start: dt.datetime, end: dt.datetime) -> uuid.UUID | None:
    """Take time of a practitioner for something that is no appointment of the agenda; None: it is not free (invariant 1)."""
    return take(professional.practitioner_id, start, end, None)


def free_time(busy_id: uuid.UUID | None) -> None:
    """Give back what `take_time` took."""
    if busy_id is not None:
        db.session.execute(delete(BusyRange).where(BusyRange.id == busy_id))


def give_back(row: Appointment) -> None:
    """Free the time of a hold or appointment, for every portal."""
    db.session.execute(delete(BusyRange).where(BusyRange.id == row.busy_id))


def locked(appointment_id: uuid.UUID) -> Appointment | None:
    """An appointment as it is now, held against other changes until the end of the transaction; None: there is none."""
    return db.session.execute(
        select(Appointment)
        .where(Appointment.id == appointment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
