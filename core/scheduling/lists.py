"""A patient's appointments as a list shows them: a line each, read without the rows behind it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import NamedTuple

from sqlalchemy import bindparam, select

from core import clock
from core.db import db
from core.directory.models import Professional
from core.scheduling.models import Appointment

PAST_LINES = 100


class Line(NamedTuple):
    """One appointment: when, with whom, why, for whom (`dependant_id` None: for the account's own person)."""

    id: uuid.UUID
    starts_at: dt.datetime
    ends_at: dt.datetime
    state: str
    reason_label: str
    dependant_id: uuid.UUID | None
    title: str
    name: str


# Made once: building a query costs more than running this one.
_OF_PATIENT = (
    select(
        Appointment.id,
        Appointment.starts_at,
        Appointment.ends_at,
        Appointment.state,
        Appointment.reason_label,
        Appointment.dependant_id,
        Professional.title,
        Professional.name,
    )
    .join(
        Professional,
        (Professional.tenant_id == Appointment.tenant_id) & (Professional.id == Appointment.professional_id),
    )
    .where(Appointment.patient_account_id == bindparam("account"), Appointment.state.not_in(("held", "expired")))
    .order_by(Appointment.starts_at)
)


def of_patient(account_id: uuid.UUID) -> tuple[list[Line], list[Line]]:
    """(coming in order, the last past and cancelled ones, newest first) of a patient's account (CB-140)."""
    now = clock.now()
    coming: list[Line] = []
    past: list[Line] = []
    for row in db.session.execute(_OF_PATIENT, {"account": account_id}):
        line = Line(*row)
        (coming if line.state == "booked" and line.ends_at > now else past).append(line)
    return coming, past[::-1][:PAST_LINES]
