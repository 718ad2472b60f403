"""An example plugin: the land of Examplia, and every hook that Portico has. Copy it, and delete what you do not need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint
from marshmallow import Schema

from core import plugin_api as api
from core.plugin_api import hookimpl
from portico_example import content, law, listeners, pages, rules
from portico_example.config import Config

version = "1.0"
portico_api = ">=1.0,<2"
NAME = "example"
ZONE = "Europe/Luxembourg"
PARAMETERS = api.load_parameters(Path(__file__).parent / "parameters")


# -- what the plugin contributes -----------------------------------------------------------------------------------


@hookimpl
def config_schema() -> type[Schema]:
    return Config


@hookimpl
def categories() -> Sequence[api.Category]:
    return content.CATEGORIES


@hookimpl
def patient_statuses() -> Sequence[api.Status]:
    return content.STATUSES


@hookimpl
def identifier_types() -> Sequence[api.IdentifierType]:
    return content.IDENTIFIERS


@hookimpl
def document_types() -> Sequence[api.DocumentType]:
    return content.DOCUMENTS


@hookimpl
def practice_countries() -> Sequence[api.PracticeCountry]:
    return content.PRACTICE


@hookimpl
def services() -> Sequence[api.Service]:
    return content.SERVICES


@hookimpl
def specialties() -> Sequence[api.Specialty]:
    return content.SPECIALTIES


@hookimpl
def holidays(country: str, year: int) -> Sequence[api.Holiday]:
    return content.holidays_of(year) if country == content.COUNTRY else ()


@hookimpl
def emergency_numbers() -> Sequence[api.EmergencyNumber]:
    return content.EMERGENCY


@hookimpl
def legal_references() -> Sequence[api.LegalReference]:
    return content.references(PARAMETERS, api.today(ZONE))


@hookimpl
def prescription_mentions(day: dt.date) -> Sequence[api.PrescriptionMention]:
    return content.mentions(PARAMETERS, day)


@hookimpl
def pharmacy_spaces() -> Sequence[api.PharmacySpace]:
    return content.PHARMACIES


@hookimpl
def go_live_checks(config: Mapping[str, Any]) -> Sequence[api.GoLiveCheck]:
    return rules.what_is_missing(config)


@hookimpl
def processing_entries() -> Sequence[api.ProcessingEntry]:
    return content.PROCESSING


@hookimpl
def navigation() -> Sequence[api.NavigationEntry]:
    return pages.NAVIGATION


@hookimpl
def dashboard_cards() -> Sequence[api.DashboardCard]:
    return pages.CARDS


@hookimpl
def blueprints() -> Sequence[Blueprint]:
    return (pages.make_blueprint(),)


@hookimpl
def api_topics() -> Sequence[api.ApiTopic]:
    from portico_example import programs

    return programs.TOPICS


@hookimpl
def periodic_jobs() -> Sequence[api.PeriodicJob]:
    return (api.PeriodicJob("tidy", every_seconds=3600, run=listeners.tidy),)


@hookimpl
def message_templates() -> Sequence[api.MessageTemplate]:
    return content.MESSAGES


@hookimpl
def funds() -> Sequence[api.Fund]:
    return content.FUNDS


@hookimpl
def identity_providers() -> Sequence[api.IdentityProvider]:
    return content.PROVIDERS


@hookimpl
def channel_providers() -> Sequence[api.ChannelProvider]:
    # High weight: a portal that wants it names it; nobody gets it by accident.
    return (api.ChannelProvider("example_log", "sms", listeners.write_down, weight=900),)


@hookimpl
def file_scanners() -> Sequence[api.FileScanner]:
    # As with every scanner, a portal that wants it names it: `care.scanner: example_scan`.
    return (api.FileScanner("example_scan", listeners.look_at),)


@hookimpl
def video_providers() -> Sequence[api.VideoProvider]:
    return (api.VideoProvider("example_rooms", content.ROOMS_LABEL, listeners.meet),)


@hookimpl
def register_formats() -> Sequence[api.RegisterFormat]:
    return content.REGISTERS


@hookimpl
def health_registers() -> Sequence[api.HealthRegister]:
    return content.HEALTH_REGISTERS


# -- what the plugin decides ---------------------------------------------------------------------------------------


@hookimpl
def service_access(question: api.Question) -> api.Decision:
    return rules.service_access(question, PARAMETERS)


@hookimpl
def booking(question: api.Question) -> api.Decision:
    return rules.booking(question)


@hookimpl
def reimbursement(question: api.Question) -> api.Decision:
    return law.reimbursement(question, PARAMETERS)


@hookimpl
def prescription(question: api.Question) -> api.Decision:
    return law.prescription(question, PARAMETERS)


@hookimpl
def coverage(question: api.Question) -> api.Decision:
    return law.coverage(question, PARAMETERS)


@hookimpl
def withdrawal(question: api.Question) -> api.Decision:
    return law.withdrawal(question, PARAMETERS)


@hookimpl
def tax(question: api.Question) -> api.Decision:
    return law.tax(question, PARAMETERS)


@hookimpl
def retention(question: api.Question) -> api.Decision:
    return law.retention(question, PARAMETERS)


@hookimpl
def proof(question: api.Question) -> api.Decision:
    return law.proof(question, PARAMETERS)


@hookimpl
def record_access(question: api.Question) -> api.Decision:
    return rules.record_access(question)


# -- what the plugin is told ---------------------------------------------------------------------------------------


@hookimpl
def account_registered(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def professional_validated(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def appointment_booked(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def appointment_moved(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def appointment_cancelled(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def consultation_requested(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def consultation_accepted(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def consultation_declined(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def consultation_expired(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def consultation_no_show(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def promise_near(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def promise_missed(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def consultation_cancelled(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def consultation_started(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def consultation_completed(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def consultation_refunded(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def report_saved(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def document_clean(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def document_refused(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def prescription_issued(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def prescription_dispensed(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def record_granted(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def record_withdrawn(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def expertise_asked(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def expertise_answered(event: api.Event) -> None:
    listeners.note(event)


@hookimpl
def terms_published(event: api.Event) -> None:
    listeners.note(event)


# -- how the plugin writes things down -----------------------------------------------------------------------------


@hookimpl
def agenda_formats() -> Sequence[api.AgendaFormat]:
    return (content.AGENDA_FORMAT,)
