"""Searching professionals, their slots, and what is possible with them and why."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import g

from core import clock
from core.api import paging
from core.api.operations import operation
from core.api.v1 import shared
from core.api.v1.schemas import (
    DecisionAnswer,
    ForWhom,
    ProfessionalDetail,
    ProfessionalPage,
    Search,
    SlotList,
    SlotQuery,
)
from core.directory import service as directory
from core.directory.models import Professional
from core.scheduling import search, service_access, slots
from core.web.language import language

topic = shared.topic(
    "professionals", "Find a professional, see when they are free, and what is possible with them and why."
)


def _plain(row: Professional) -> dict[str, Any]:
    names = ("id", "name", "title", "specialty", "kind", "country", "languages", "services", "booking_open")
    return {n: getattr(row, n) for n in names}


def _hit(hit: search.Hit, labels: dict[str, str]) -> dict[str, Any]:
    return {
        **_plain(hit.professional),
        "specialty_label": labels.get(hit.professional.specialty, hit.professional.specialty),
        "practices": [shared.practice_of(p) for p in hit.practices],
        "reasons": hit.reasons,
        "first_slot": hit.slot,
        "decisions": shared.decisions_of(hit.possible),
    }


@operation(topic, "GET", "/professionals", roles=("public",), query=Search, answer=ProfessionalPage)
def search_professionals(query: dict[str, Any]) -> dict[str, Any]:
    """Search professionals.

    For a signed-in patient, what is possible with each is told with its reasons; matches with whom nothing is possible
    stand under `closed`, on the first page.
    """
    cursor = query.pop("cursor", None)
    position = paging.decode(cursor, 1)
    if position is not None and not (position[0].isdecimal() and len(position[0]) < 7):
        raise paging.bad_cursor()
    page = int(position[0]) if position else 1
    booker = shared.patient_or_none(query.pop("dependant_id", None))
    soonest = query.pop("sort") == "soonest"
    found = search.find(search.Criteria(**query, soonest=soonest, page=page), booker)
    labels = shared.specialty_labels()
    return {
        "items": [_hit(h, labels) for h in found.hits] if page <= found.pages else [],
        "closed": [_hit(h, labels) for h in found.closed] if page == 1 else [],
        "total": found.total,
        "next": paging.encode([str(page + 1)]) if page < found.pages else None,
    }


def _listed(professional_id: uuid.UUID) -> Professional:
    row = directory.access_professional(professional_id)
    if row is None:
        raise shared.absent()
    return row


@operation(
    topic, "GET", "/professionals/<uuid:professional_id>", roles=("public",), query=ForWhom, answer=ProfessionalDetail
)
def get_professional(query: dict[str, Any], professional_id: uuid.UUID) -> dict[str, Any]:
    """A professional with presentation, places, reasons, and what is possible for the signed-in patient."""
    row = _listed(professional_id)
    booker = shared.patient_or_none(query.get("dependant_id"))
    offered = [s for s in row.services if directory.service_of(s) is not None]
    possible = {s: service_access.may_have(booker, row, s) for s in offered} if booker else {}
    return {
        **_plain(row),
        "specialty_label": shared.specialty_labels().get(row.specialty, row.specialty),
        "practices": [shared.practice_of(p) for p in directory.practices_of(row.id)],
        "reasons": [r for r in directory.reasons_of(row.id) if r.service in offered],
        "first_slot": None,
        "decisions": shared.decisions_of(possible),
        "presentation": row.presentation.get(language()) or next(iter(row.presentation.values()), ""),
        "register_number": row.register_number,
    }


@operation(
    topic,
    "GET",
    "/professionals/<uuid:professional_id>/slots",
    roles=("public",),
    query=SlotQuery,
    answer=SlotList,
    needs="appointments",
    refusals={404: "No such professional, or no such reason of theirs"},
)
def list_slots(query: dict[str, Any], professional_id: uuid.UUID) -> dict[str, Any]:
    """Free times of a professional for a reason.

    A free time may be gone a second later: only a hold or an appointment keeps it.
    """
    row = _listed(professional_id)
    reason = next((r for r in directory.reasons_of(row.id) if r.id == query["reason_id"]), None)
    if reason is None or directory.service_of(reason.service) is None:
        raise shared.absent()
    if not row.booking_open:
        return {"items": [], "first_free": None}
    account = g.get("account")
    known = account is not None and account.role == "patient" and directory.knows(row.id, account.id)
    today = clock.today(g.tenant.time_zone)
    first = max(query.get("first_day") or today, today)
    if first > slots.horizon():
        return {"items": [], "first_free": None}
    found = slots.slots_of(row.id, reason.service, reason.duration_minutes, first, query["days"], known=known)
    ahead = None
    if not found:
        after = dt.datetime.combine(first, dt.time(0), dt.UTC)
        upcoming = slots.next_free(row.id, reason.service, reason.duration_minutes, after, count=1, known=known)
        ahead = upcoming[0] if upcoming else None
    return {"items": found, "first_free": ahead}


@operation(
    topic,
    "GET",
    "/professionals/<uuid:professional_id>/decisions/<service>",
    roles=("patient",),
    query=ForWhom,
    answer=DecisionAnswer,
    refusals={404: "No such professional, or a service that they do not give"},
)
def why(query: dict[str, Any], professional_id: uuid.UUID, service: str) -> dict[str, Any]:
    """May I have this service from this professional, and why?

    The same answer that the portal shows behind “why?”: every reason with rule, citation and dated values.
    """
    row = _listed(professional_id)
    if service not in row.services or directory.service_of(service) is None:
        raise shared.absent()
    return shared.decision_of(service_access.may_have(shared.patient(query.get("dependant_id")), row, service), service)
