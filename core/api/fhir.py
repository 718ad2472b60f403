"""What Portico holds, as FHIR R4 resources: pure functions from rows to JSON-ready mappings. Read only."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from core.directory.models import Practice, Professional
from core.scheduling.models import Appointment
from core.scheduling.slots import Slot

Resource = dict[str, Any]
REGISTERS = {"FR": "urn:oid:1.2.250.1.71.4.2.1"}
"""Identifier systems of public registers of professionals, by country (FR: the national identifier of health professionals)."""
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
LOINC = "http://loinc.org"
APPOINTMENT_STATES = {
    "held": "pending", "booked": "booked", "done": "fulfilled", "no_show": "noshow", "cancelled_by_patient": "cancelled",
    "cancelled_by_professional": "cancelled", "cancelled_by_operator": "cancelled", "expired": "cancelled",
}  # fmt: skip
ENCOUNTER_STATES = {
    "requested": "planned", "accepted": "planned", "in_progress": "in-progress", "awaiting_report": "finished",
    "completed": "finished", "refunded": "finished", "declined": "cancelled", "expired": "cancelled", "cancelled": "cancelled",
    "no_show": "cancelled",
}  # fmt: skip


def instant(value: dt.datetime) -> str:
    """An instant, in UTC, to the second."""
    return value.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def reference(kind: str, id_: object, display: str | None = None) -> Resource:
    """A reference to another resource of this server."""
    return {"reference": f"{kind}/{id_}"} | ({"display": display} if display else {})


def bundle(resources: Iterable[Resource], base: str) -> Resource:
    """A search's answer. `base` is the address of the FHIR root."""
    entries = [
        {"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r, "search": {"mode": "match"}}
        for r in resources
    ]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def name_of(professional: Professional) -> str:
    """Title and name."""
    return f"{professional.title} {professional.name}".strip()


def practitioner(row: Professional, specialty: str) -> Resource:
    """A professional's public profile."""
    system = REGISTERS.get(row.country)
    identifiers = [{"system": system, "value": row.register_number}] if system and row.register_number else []
    return {
        "resourceType": "Practitioner",
        "id": str(row.id),
        **({"identifier": identifiers} if identifiers else {}),
        "active": row.listed,
        "name": [{"text": name_of(row), **({"prefix": [row.title]} if row.title else {})}],
        "communication": [{"coding": [{"system": "urn:ietf:bcp:47", "code": code}]} for code in row.languages],
        "qualification": [{"code": {"coding": [{"code": row.specialty}], "text": specialty}}],
    }


def schedule(place: Practice, professional: Professional, services: Mapping[str, str]) -> Resource:
    """A practice as something that can be booked. `services`: codes with their names."""
    return {
        "resourceType": "Schedule",
        "id": str(place.id),
        "active": not place.archived and professional.booking_open,
        "serviceType": [{"coding": [{"code": code}], "text": label} for code, label in sorted(services.items())],
        "actor": [reference("Practitioner", professional.id, name_of(professional))],
        "comment": f"{place.name}, {place.city}".strip(", "),
    }


def slot_id(slot: Slot) -> str:
    """A free time's id: its practice and its beginning; nothing of it is stored."""
    return f"{slot.practice_id.hex}.{int(slot.starts_at.timestamp())}"


def slot(found: Slot) -> Resource:
    """A free time. It may be gone a second later."""
    return {
        "resourceType": "Slot",
        "id": slot_id(found),
        "schedule": reference("Schedule", found.practice_id),
        "status": "free",
        "start": instant(found.starts_at),
        "end": instant(found.ends_at),
    }


def appointment(row: Appointment, professional: Professional, person_id: uuid.UUID, patient: str) -> Resource:
    """An appointment, for its two parties. The patient's note is not part of it."""
    status = APPOINTMENT_STATES[row.state]
    participation = "accepted" if status in ("booked", "fulfilled") else "needs-action"
    return {
        "resourceType": "Appointment",
        "id": str(row.id),
        "status": status,
        "serviceType": [{"coding": [{"code": row.service}]}],
        "start": instant(row.starts_at),
        "end": instant(row.ends_at),
        "minutesDuration": int((row.ends_at - row.starts_at).total_seconds() // 60),
        "created": instant(row.created_at),
        "participant": [
            {"actor": reference("Practitioner", professional.id, name_of(professional)), "status": participation},
            {"actor": reference("Patient", person_id, patient), "status": participation},
        ],
    }


def encounter(row: Any, professional: Professional | None, patient: str) -> Resource:
    """A consultation, for its two parties. The question asked is not part of it."""
    period = {"start": instant(row.started_at)} if row.started_at else {}
    if row.ended_at or row.closed_at:
        period["end"] = instant(row.ended_at or row.closed_at)
    return {
        "resourceType": "Encounter",
        "id": str(row.id),
        "status": ENCOUNTER_STATES[row.state],
        "class": {"system": ACT_CODE, "code": "VR", "display": "virtual"},
        "serviceType": {"coding": [{"code": row.service}]},
        "subject": reference("Patient", row.person_id, patient),
        **({"participant": [{"individual": reference("Practitioner", professional.id, name_of(professional))}]} if professional else {}),
        **({"period": period} if period else {}),
        **({"appointment": [reference("Appointment", row.appointment_id)]} if row.appointment_id else {}),
    }  # fmt: skip


def composition(
    written: Any, person_id: uuid.UUID, patient: str, professional: Professional, title: str, labels: Mapping[str, str]
) -> Resource:
    """A report, in the version asked for. `labels`: names of its parts."""
    sections = [
        {
            "title": labels.get(code, code),
            "text": {
                "status": "generated",
                "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(words)}</div>',
            },
        }
        for code, words in written.parts.items()
    ]
    return {
        "resourceType": "Composition",
        "id": str(written.id),
        "meta": {"versionId": str(written.version), "lastUpdated": instant(written.saved_at)},
        "status": "final" if written.version == 1 else "amended",
        "type": {"coding": [{"system": LOINC, "code": "11488-4", "display": "Consult note"}]},
        "subject": reference("Patient", person_id, patient),
        "encounter": reference("Encounter", written.consultation_id),
        "date": instant(written.saved_at),
        "author": [reference("Practitioner", professional.id, name_of(professional))],
        "title": title,
        "section": sections,
    }


def outcome(status: int, words: str) -> Resource:
    """A refusal."""
    codes = {401: "login", 403: "forbidden", 404: "not-found", 422: "invalid", 429: "throttled"}
    issue = {"severity": "error", "code": codes.get(status, "processing"), "diagnostics": words}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


SEARCHES = {
    "Practitioner": ("name",), "Schedule": ("actor",), "Slot": ("schedule", "start", "service-type"), "Appointment": (),
    "Encounter": (), "Composition": ("encounter",),
}  # fmt: skip


def capabilities(base: str, software: str, day: dt.date) -> Resource:
    """What this server can do."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": day.isoformat(),
        "kind": "instance",
        "software": {"name": software},
        "implementation": {"description": "Read access to one's own data", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": kind,
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "searchParam": [{"name": n, "type": "date" if n == "start" else "token" if n == "service-type" else "string" if n == "name" else "reference"} for n in names],
                    }
                    for kind, names in SEARCHES.items()
                ],
            }
        ],
    }  # fmt: skip
