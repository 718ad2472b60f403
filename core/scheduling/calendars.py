"""iCalendar: one appointment for a mail, a professional's feed by secret link. No health word, no join link in them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import select

from core import audit, clock, crypto
from core.db import db
from core.directory.models import Professional
from core.hooks.types import AgendaEntry
from core.lazy import lazy
from core.scheduling.models import AgendaFeed
from core.tenancy.current import current_tenant

if TYPE_CHECKING:
    import icalendar
else:
    icalendar = lazy("icalendar")


def write(entries: tuple[AgendaEntry, ...], method: str = "PUBLISH") -> bytes:
    """Entries as RFC 5545: stable UID, SEQUENCE, STATUS; instants in UTC, which every calendar shows in its own zone."""
    tenant = current_tenant()
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//Portico//{tenant.slug}//FR")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add("x-wr-calname", tenant.name)
    for entry in entries:
        event = icalendar.Event()
        event.add("uid", entry.uid)
        event.add("dtstamp", clock.now())
        event.add("dtstart", entry.starts_at)
        event.add("dtend", entry.ends_at)
        event.add("summary", entry.title)
        if entry.location:
            event["location"] = icalendar.vText(entry.location)
        event.add("sequence", entry.sequence)
        event.add("status", "CANCELLED" if entry.status.startswith("cancelled") else "CONFIRMED")
        event.add("class", "PRIVATE")
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def uid(appointment_id: uuid.UUID) -> str:
    """The same for the life of an appointment."""
    return f"{appointment_id}@{current_tenant().slug}"


def new_feed(professional: Professional) -> str:
    """A fresh secret link; older ones stop working. Returns the secret: only its digest is kept."""
    for row in db.session.execute(
        select(AgendaFeed).where(AgendaFeed.professional_id == professional.id, AgendaFeed.revoked_at.is_(None))
    ).scalars():
        row.revoked_at = clock.now()
    token = crypto.new_token()
    made = AgendaFeed(professional_id=professional.id, token_digest=crypto.token_digest(token), created_at=clock.now())
    db.session.add(made)
    db.session.flush()
    audit.record("feed.made", "agenda_feed", made.id)
    return token


def professional_of_feed(token: str) -> Professional | None:
    """The professional of a living secret link."""
    row = db.session.execute(
        select(AgendaFeed).where(AgendaFeed.token_digest == crypto.token_digest(token), AgendaFeed.revoked_at.is_(None))
    ).scalar_one_or_none()
    return Professional.get(row.professional_id) if row is not None else None


def feed_span() -> tuple[dt.datetime, dt.datetime]:
    """What a feed holds: the last month and the portal's horizon."""
    now = clock.now()
    return now - dt.timedelta(days=31), now + dt.timedelta(days=current_tenant().config["booking"]["horizon_days"])
