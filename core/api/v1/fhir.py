"""FHIR R4 for reading: one's own appointments, encounters and reports; the directory for authorised clients too."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Response, current_app, g
from marshmallow import fields

from core import audit, clock
from core.api import fhir
from core.api.fields import Input, Output, told
from core.api.operations import PREFIX, operation
from core.api.problems import Problem
from core.api.v1 import shared
from core.care.consultations import lists, reports, service
from core.care.consultations.models import Consultation, Report
from core.db import db
from core.directory import service as directory
from core.directory.models import Practice, Professional
from core.identity import people as identity
from core.messages import _
from core.notifications.service import base_url
from core.scheduling import search, slots
from core.scheduling import service as scheduling
from core.scheduling.models import Appointment
from core.web.frame import Refused
from core.web.language import say

MIMETYPE = "application/fhir+json"
PARTIES = ("patient", "professional")
READERS = (*PARTIES, "client")
DIRECTORY = "fhir.directory"
SLOT_DAYS = 14
AGENDA = dt.timedelta(days=62)

topic = shared.topic(
    "fhir",
    "HL7 FHIR R4, read only. Patients and professionals read their own Appointment, Encounter and Composition; a client "
    "with the scope fhir.directory reads Practitioner, Schedule and Slot, never anything about a patient.",
)


def _refused(problem: Problem) -> Response:
    db.session.rollback()
    return _given(fhir.outcome(problem.status, say(problem.message)), problem.status)


topic.register_error_handler(Problem, _refused)
topic.register_error_handler(
    Refused, lambda r: _given(fhir.outcome(r.status, " ".join(say(m) for m in r.messages)), r.status)
)


class FhirAnswer(Output):
    """A FHIR resource or a Bundle; see hl7.org/fhir/R4 for its members."""

    resourceType = fields.String(metadata=told("Which resource"))
    id = fields.String(metadata=told("Its id"))


class NameQuery(Input):
    """Query of practitioners."""

    name = fields.String(load_default="", metadata=told("Part of the name, with or without accents"))


class ActorQuery(Input):
    """Query of schedules."""

    actor = fields.String(required=True, metadata=told("Practitioner/<id>"))


class SlotQuery(Input):
    """Query of free times."""

    schedule = fields.String(required=True, metadata=told("Schedule/<id>"))
    start = fields.String(load_default="", metadata=told("ge and a date: from which day; two weeks are answered"))
    service_type = fields.String(
        load_default="", data_key="service-type", metadata=told("Code of the service", values="services")
    )


class EncounterQuery(Input):
    """Query of reports."""

    encounter = fields.String(required=True, metadata=told("Encounter/<id>"))


def _given(resource: fhir.Resource, status: int = 200) -> Response:
    response = Response(current_app.json.dumps(resource), status, mimetype=MIMETYPE)
    response.headers["Cache-Control"] = "no-store"
    return response


def _root() -> str:
    return f"{base_url(g.tenant)}{PREFIX}/fhir"


def _id(text: str, kind: str) -> uuid.UUID:
    """The id of `Kind/id` (or of the id alone). Raises Problem."""
    try:
        return uuid.UUID(text.removeprefix(f"{kind}/"))
    except ValueError:
        raise Problem(
            422, "bad_reference", _("“{found}” is no reference to {kind}.", found=text[:60], kind=kind)
        ) from None


def _practitioner(row: Professional) -> fhir.Resource:
    return fhir.practitioner(row, shared.specialty_labels().get(row.specialty, row.specialty))


def _listed(professional_id: uuid.UUID) -> Professional:
    row = directory.access_professional(professional_id)
    if row is None:
        raise shared.absent()
    return row


@operation(topic, "GET", "/fhir/metadata", roles=("public",), answer=FhirAnswer)
def fhir_metadata() -> Any:
    """What this server can do (CapabilityStatement)."""
    return _given(fhir.capabilities(_root(), g.tenant.name, clock.today(g.tenant.time_zone)))


@operation(topic, "GET", "/fhir/Practitioner", roles=READERS, scope=DIRECTORY, query=NameQuery, answer=FhirAnswer)
def fhir_practitioners(query: dict[str, Any]) -> Any:
    """Professionals by name."""
    found = search.find(search.Criteria(text=query["name"][:80], soonest=False), None)
    return _given(fhir.bundle([_practitioner(h.professional) for h in found.hits], _root()))


@operation(topic, "GET", "/fhir/Practitioner/<uuid:professional_id>", roles=READERS, scope=DIRECTORY, answer=FhirAnswer)
def fhir_practitioner(professional_id: uuid.UUID) -> Any:
    """A professional."""
    return _given(_practitioner(_listed(professional_id)))


def _services() -> dict[str, str]:
    return {s.code: say(s.label) for s in directory.offered_services()}


def _schedule(place: Practice, professional: Professional) -> fhir.Resource:
    mine = {r.service for r in directory.reasons_of(professional.id)}
    return fhir.schedule(place, professional, {c: label for c, label in _services().items() if c in mine})


@operation(topic, "GET", "/fhir/Schedule", roles=READERS, scope=DIRECTORY, query=ActorQuery, answer=FhirAnswer)
def fhir_schedules(query: dict[str, Any]) -> Any:
    """The places of a professional that can be booked."""
    row = _listed(_id(query["actor"], "Practitioner"))
    return _given(fhir.bundle([_schedule(p, row) for p in directory.practices_of(row.id)], _root()))


def _place(practice_id: uuid.UUID) -> tuple[Practice, Professional]:
    place: Practice | None = Practice.get(practice_id)
    if place is None or place.archived:
        raise shared.absent()
    return place, _listed(place.professional_id)


@operation(topic, "GET", "/fhir/Schedule/<uuid:practice_id>", roles=READERS, scope=DIRECTORY, answer=FhirAnswer)
def fhir_schedule(practice_id: uuid.UUID) -> Any:
    """A place of a professional that can be booked."""
    return _given(_schedule(*_place(practice_id)))


@operation(topic, "GET", "/fhir/Slot", roles=READERS, scope=DIRECTORY, query=SlotQuery, answer=FhirAnswer)
def fhir_slots(query: dict[str, Any]) -> Any:
    """Free times of two weeks, for the first reason of the service asked for."""
    place, professional = _place(_id(query["schedule"], "Schedule"))
    try:
        first = dt.date.fromisoformat(query["start"].removeprefix("ge")[:10]) if query["start"] else None
    except ValueError:
        raise Problem(
            422, "bad_date", _("“{found}” is no date such as ge2026-11-23.", found=query["start"][:30])
        ) from None
    wanted = [r for r in directory.reasons_of(professional.id) if query["service_type"] in ("", r.service)]
    reason = next((r for r in wanted if not r.known_patients_only), None)
    if reason is None:
        return _given(fhir.bundle([], _root()))
    today = clock.today(place.time_zone)
    found = slots.slots_of(
        professional.id, reason.service, reason.duration_minutes, max(first or today, today), SLOT_DAYS, known=False
    )
    return _given(fhir.bundle([fhir.slot(s) for s in found if s.practice_id == place.id], _root()))


def _appointment(row: Appointment) -> fhir.Resource:
    person = identity.cared_for(row.patient_account_id, row.dependant_id)
    name = identity.display_name(row.patient_account_id, row.dependant_id)
    return fhir.appointment(row, Professional.get(row.professional_id), person, name)


@operation(topic, "GET", "/fhir/Appointment", roles=PARTIES, answer=FhirAnswer)
def fhir_appointments() -> Any:
    """One's own appointments: a patient's all, a professional's of the next two months."""
    if g.account.role == "professional":
        rows = scheduling.of_professional(shared.own_professional().id, clock.now(), clock.now() + AGENDA)
    else:
        coming, past = scheduling.of_patient(g.account.id)
        rows = [*coming, *past]
    return _given(fhir.bundle([_appointment(r) for r in rows], _root()))


@operation(topic, "GET", "/fhir/Appointment/<uuid:appointment_id>", roles=PARTIES, answer=FhirAnswer)
def fhir_appointment(appointment_id: uuid.UUID) -> Any:
    """One's own appointment."""
    if g.account.role == "professional":
        row = scheduling.access_appointment(appointment_id, professional_id=shared.own_professional().id)
    else:
        row = scheduling.access_appointment(appointment_id, account_id=g.account.id)
    if row is None:
        raise shared.absent()
    return _given(_appointment(row))


def _party(consultation_id: uuid.UUID) -> Consultation:
    """The caller's own: as patient, or as the professional who accepted."""
    row = service.access_consultation(consultation_id, g.account.id)
    if row is None or service.side_of(row, g.account.id) is None:
        raise shared.absent()
    return row


def _encounter(row: Consultation) -> fhir.Resource:
    professional = Professional.get(row.professional_id) if row.professional_id else None
    return fhir.encounter(row, professional, identity.display_name(row.patient_account_id, row.dependant_id))


@operation(topic, "GET", "/fhir/Encounter", roles=PARTIES, answer=FhirAnswer)
def fhir_encounters() -> Any:
    """One's own consultations."""
    if g.account.role == "professional":
        me = shared.own_professional().id
        entries = [*lists.under_way(me), *lists.reports_owed(me), *lists.past_of(me)]
        rows = list({e.row.id: e.row for e in entries}.values())
    else:
        open_, past = lists.of_patient(g.account.id)
        rows = [e.row for e in (*open_, *past)]
    return _given(fhir.bundle([_encounter(r) for r in rows], _root()))


@operation(topic, "GET", "/fhir/Encounter/<uuid:consultation_id>", roles=PARTIES, answer=FhirAnswer)
def fhir_encounter(consultation_id: uuid.UUID) -> Any:
    """One's own consultation."""
    return _given(_encounter(_party(consultation_id)))


def _composition(row: Consultation, written: reports.Written) -> fhir.Resource:
    labels = {code: say(label) for code, label in reports.PARTS.items()}
    name = identity.display_name(row.patient_account_id, row.dependant_id)
    professional: Professional = Professional.get(written.professional_id)
    audit.record("report.read", service.KIND, row.id, {"version": written.version, "by": "fhir"})
    return fhir.composition(written, row.person_id, name, professional, say(_("Report")), labels)


@operation(topic, "GET", "/fhir/Composition", roles=PARTIES, query=EncounterQuery, answer=FhirAnswer)
def fhir_compositions(query: dict[str, Any]) -> Any:
    """The versions of the report of one's own consultation, newest first."""
    row = _party(_id(query["encounter"], "Encounter"))
    found = fhir.bundle([_composition(row, w) for w in reports.versions(row.id)], _root())
    db.session.commit()
    return _given(found)


@operation(topic, "GET", "/fhir/Composition/<uuid:report_id>", roles=PARTIES, answer=FhirAnswer)
def fhir_composition(report_id: uuid.UUID) -> Any:
    """A version of the report of one's own consultation."""
    kept: Report | None = Report.get(report_id)
    if kept is None:
        raise shared.absent()
    found = _composition(_party(kept.consultation_id), reports.opened(kept))
    db.session.commit()
    return _given(found)
