"""Belgium: its patients, numbers, specialties, holidays and law by date; no professional practises there on a portal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from marshmallow import Schema

from core import plugin_api as api
from core.plugin_api import hookimpl
from plugins.jurisdiction_be import contributions, providers, register
from plugins.jurisdiction_be.config import Config
from plugins.jurisdiction_be.rules import access, law, public_holidays
from plugins.jurisdiction_be.rules.prescription import prescription as _prescription
from plugins.jurisdiction_be.rules.proof import proof as _proof
from plugins.jurisdiction_be.rules.reimbursement import reimbursement as _reimbursement
from plugins.jurisdiction_be.rules.retention import retention as _retention
from plugins.jurisdiction_be.rules.tax import tax as _tax
from plugins.jurisdiction_be.rules.withdrawal import withdrawal as _withdrawal

version = "1.0"
portico_api = ">=1.0,<2"
NAME = "jurisdiction_be"
ZONE = "Europe/Brussels"
_HERE = Path(__file__).parent
PARAMETERS = api.load_parameters(_HERE / "parameters")
SPECIALTIES = api.load_specialties(_HERE / "nomenclature", "BE", NAME)


@hookimpl
def config_schema() -> type[Schema]:
    return Config


@hookimpl
def categories() -> Sequence[api.Category]:
    return contributions.CATEGORIES


@hookimpl
def identifier_types() -> Sequence[api.IdentifierType]:
    return contributions.identifier_types(test_mode=bool(api.settings_of(NAME).get("test_mode", False)))


@hookimpl
def document_types() -> Sequence[api.DocumentType]:
    return contributions.DOCUMENTS


@hookimpl
def specialties() -> Sequence[api.Specialty]:
    return SPECIALTIES


@hookimpl
def holidays(country: str, year: int) -> Sequence[api.Holiday]:
    return public_holidays.holidays_of(year) if country == "BE" else ()


@hookimpl
def emergency_numbers() -> Sequence[api.EmergencyNumber]:
    return contributions.EMERGENCY


@hookimpl
def legal_references() -> Sequence[api.LegalReference]:
    return law.references(PARAMETERS, api.today(ZONE))


@hookimpl
def identity_providers() -> Sequence[api.IdentityProvider]:
    return providers.PROVIDERS


@hookimpl
def processing_entries() -> Sequence[api.ProcessingEntry]:
    return contributions.PROCESSING


@hookimpl
def service_access(question: api.Question) -> api.Decision:
    return access.service_access(question)


@hookimpl
def reimbursement(question: api.Question) -> api.Decision:
    return _reimbursement(question, PARAMETERS)


@hookimpl
def prescription(question: api.Question) -> api.Decision:
    return _prescription(question, PARAMETERS)


@hookimpl
def withdrawal(question: api.Question) -> api.Decision:
    return _withdrawal(question, PARAMETERS)


@hookimpl
def tax(question: api.Question) -> api.Decision:
    return _tax(question, PARAMETERS)


@hookimpl
def retention(question: api.Question) -> api.Decision:
    return _retention(question, PARAMETERS)


@hookimpl
def proof(question: api.Question) -> api.Decision:
    return _proof(question, PARAMETERS)


@hookimpl
def register_formats() -> Sequence[api.RegisterFormat]:
    return register.FORMATS
