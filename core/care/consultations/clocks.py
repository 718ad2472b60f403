"""The clock of a call: from when it can begin, and until when the professional promised to have called."""

from __future__ import annotations

import datetime as dt

from core import clock
from core.care.consultations.models import Consultation
from core.care.consultations.service import CALL_START, KIND
from core.promises import service as promises
from core.scheduling.models import Appointment
from core.tenancy.current import current_tenant

OPENS_BEFORE = dt.timedelta(minutes=15)
"""How long before an appointment its room can be entered: time for a check of the devices."""


def times(row: Consultation) -> tuple[dt.datetime, dt.datetime]:
    """(from when the call can begin, until when it must have begun) of a consultation by video.

    By appointment until its end, on demand within `care.call_within_hours` of the acceptance.
    """
    if row.appointment_id is not None:
        appointment: Appointment = Appointment.get(row.appointment_id)
        return appointment.starts_at - OPENS_BEFORE, appointment.ends_at
    if row.wanted_at is not None:
        return row.wanted_at - OPENS_BEFORE, row.wanted_at + dt.timedelta(minutes=row.limit_minutes or 0)
    hours = current_tenant().config["care"]["call_within_hours"]
    accepted = row.accepted_at or clock.now()
    return accepted, accepted + dt.timedelta(hours=hours)


def _warn(row: Consultation, due: dt.datetime) -> dt.timedelta:
    """How long before the end the professional is reminded: by appointment at its beginning, else in the last quarter."""
    if row.appointment_id is not None:
        appointment: Appointment = Appointment.get(row.appointment_id)
        return due - appointment.starts_at
    return (due - (row.accepted_at or clock.now())) / 4


def owe_call(row: Consultation) -> None:
    """From now on the professional owes the call; owed already, nothing changes. By message there is nothing to call for."""
    if row.limit_minutes is not None:
        _opens_at, due = times(row)
        promises.promise(CALL_START, KIND, row.id, due, warn=_warn(row, due))


def move_call(row: Consultation) -> None:
    """The appointment has another time: the call is owed then."""
    _opens_at, due = times(row)
    promises.move(CALL_START, KIND, row.id, due, warn=_warn(row, due))
