"""A patient's appointments as a list shows them: a line each, read without the rows behind it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import NamedTuple

from core import clock
from core.db import current_tenant_id, db

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


# In the driver's own words, as the session's query is: this page is asked for most.
_OF_PATIENT = """
SELECT a.id, a.starts_at, a.ends_at, a.state, a.reason_label, a.dependant_id, p.title, p.name
FROM appointments a
JOIN professionals p ON p.tenant_id = a.tenant_id AND p.id = a.professional_id
WHERE a.tenant_id = %s AND a.patient_account_id = %s AND a.state NOT IN ('held', 'expired')
ORDER BY a.starts_at
"""


def of_patient(account_id: uuid.UUID) -> tuple[list[Line], list[Line]]:
    """(coming in order, the last past and cancelled ones, newest first) of a patient's account (CB-140)."""
    now = clock.now()
    coming: list[Line] = []
    past: list[Line] = []
    for row in db.session.connection().exec_driver_sql(_OF_PATIENT, (current_tenant_id(), account_id)):
        line = Line(*row)
        (coming if line.state == "booked" and line.ends_at > now else past).append(line)
    return coming, past[::-1][:PAST_LINES]
