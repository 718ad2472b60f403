"""A booking in two round trips: one reads all that was chosen with its slot, one takes the time and writes everything."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Integer,
    SmallInteger,
    Text,
    any_,
    bindparam,
    column,
    exists,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSTZMULTIRANGE, UUID
from sqlalchemy.orm import make_transient_to_detached

from core.audit.models import DecisionReceipt
from core.db import current_tenant_id, db
from core.directory.models import PatientLink, Practice, Professional, VisitReason
from core.jobs.outbox import Announcement
from core.scheduling import slots
from core.scheduling.models import Appointment

ID, INSTANT = UUID(as_uuid=True), DateTime(timezone=True)
_WRITE = text(
    "SELECT book_time(CAST(:appointment AS jsonb), CAST(:expires AS timestamptz), CAST(:receipts AS jsonb), "
    "CAST(:link AS jsonb), CAST(:message AS jsonb), CAST(:consumers AS text[]), CAST(:claimed AS timestamptz))"
)


def _chosen() -> Any:
    """The query of `find`, made once: professional, reason and place that belong together, with the opening that fits."""
    window = func.free_time(
        bindparam("professionals", type_=ARRAY(ID)), bindparam("first", type_=Date), bindparam("last", type_=Date),
        bindparam("after", type_=INSTANT), bindparam("countries", type_=ARRAY(Text)), bindparam("days", type_=ARRAY(Date)),
    ).table_valued(
        column("practice_id", ID),
        column("services", ARRAY(Text)),
        column("known_patients_only", Boolean),
        column("grid_minutes", SmallInteger),
        column("free", TSTZMULTIRANGE),
    )  # fmt: skip
    tenant, professional = bindparam("tenant", type_=Integer), bindparam("professional", type_=ID)
    start = bindparam("start", type_=INSTANT)
    end = start + func.make_interval(0, 0, 0, 0, 0, VisitReason.duration_minutes)
    linked = exists().where(
        PatientLink.tenant_id == tenant,
        PatientLink.professional_id == professional,
        PatientLink.account_id == bindparam("account", type_=ID),
    )
    return (
        select(Professional, VisitReason, Practice, window.c.known_patients_only, linked)
        .join(VisitReason, VisitReason.professional_id == Professional.id)
        .join(Practice, Practice.professional_id == Professional.id)
        .join(window, window.c.practice_id == Practice.id)
        .where(
            Professional.tenant_id == tenant,
            Professional.id == professional,
            Professional.listed,
            VisitReason.tenant_id == tenant,
            VisitReason.id == bindparam("reason", type_=ID),
            ~VisitReason.archived,
            Practice.tenant_id == tenant,
            Practice.id == bindparam("practice", type_=ID),
            ~Practice.archived,
            VisitReason.service == any_(window.c.services),
            bindparam("epoch", type_=BigInteger) % (window.c.grid_minutes * 60) == 0,
            window.c.free.op("@>")(func.tstzrange(start, end)),
        )
        .order_by(window.c.known_patients_only)
        .limit(1)
    )


_CHOSEN = _chosen()


@dataclass(frozen=True, slots=True)
class Offer:
    """What was chosen and can be booked; `linked` when the patient is on the professional's list."""

    professional: Professional
    reason: VisitReason
    practice: Practice
    slot: slots.Slot
    linked: bool


def find(
    professional_id: uuid.UUID,
    reason_id: uuid.UUID,
    practice_id: uuid.UUID,
    starts_at: dt.datetime,
    after: dt.datetime,
    account_id: uuid.UUID,
) -> Offer | None:
    """The offer at that instant, None where anything does not fit: not listed, archived, another's, not free."""
    if starts_at.microsecond:
        return None
    # The days around it: the practice's calendar day may be another than that of UTC.
    day = starts_at.astimezone(dt.UTC).date()
    first, last = day - dt.timedelta(days=1), day + dt.timedelta(days=1)
    countries, days = slots.closed_days(first, last)
    row = db.session.execute(
        _CHOSEN,
        {
            "tenant": current_tenant_id(),
            "professional": professional_id,
            "professionals": [professional_id],
            "reason": reason_id,
            "practice": practice_id,
            "account": account_id,
            "start": starts_at,
            "epoch": int(starts_at.timestamp()),
            "first": first,
            "last": last,
            "after": after,
            "countries": countries,
            "days": days,
        },
    ).first()
    if row is None:
        return None
    professional, reason, practice, reserved, linked = row
    at = starts_at.astimezone(dt.UTC)
    slot = slots.Slot(at, at + dt.timedelta(minutes=reason.duration_minutes), professional.id, practice.id, reserved)
    return Offer(professional, reason, practice, slot, linked)


def write(
    row: Appointment, receipts: Sequence[DecisionReceipt], link: Mapping[str, Any] | None, told: Announcement | None
) -> bool:
    """Take the time and store the rows; False, and nothing stored, when it is taken. The rows belong to the session then."""
    done = db.session.execute(
        _WRITE,
        {
            "appointment": _json(_columns(row)),
            "expires": row.hold_expires_at,
            "receipts": _json([_columns(r) for r in receipts]),
            "link": _json(link) if link is not None else None,
            "message": told.message if told else None,
            "consumers": told.consumers if told else [],
            "claimed": told.claimed_until if told else None,
        },
    ).scalar_one()
    if done is None:
        return False
    for stored in (row, *receipts):
        make_transient_to_detached(stored)
        db.session.add(stored)
    return True


def _columns(row: Any) -> dict[str, Any]:
    return {attribute.key: getattr(row, attribute.key) for attribute in inspect(type(row)).column_attrs}


def _json(value: Any) -> str:
    return json.dumps(value, default=_plain)


def _plain(value: Any) -> str:
    """As PostgreSQL reads it out of JSON: bytes in hexadecimal, the rest as text."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)
