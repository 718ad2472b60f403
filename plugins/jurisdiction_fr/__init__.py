"""France: categories, numbers, specialties, holidays, who may have which service, and the law of money and proof."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from marshmallow import Schema

from core import plugin_api as api
from core.plugin_api import hookimpl
from plugins.jurisdiction_fr import contributions, insured, mentions, providers, register
from plugins.jurisdiction_fr.config import Config
from plugins.jurisdiction_fr.rules import access, consumers, hosting, law, public_holidays
from plugins.jurisdiction_fr.rules.prescription import prescription as _prescription
from plugins.jurisdiction_fr.rules.proof import proof as _proof
from plugins.jurisdiction_fr.rules.reimbursement import reimbursement as _reimbursement
from plugins.jurisdiction_fr.rules.retention import retention as _retention
from plugins.jurisdiction_fr.rules.tax import tax as _tax
from plugins.jurisdiction_fr.rules.withdrawal import withdrawal as _withdrawal

version = "1.0"
portico_api = ">=1.0,<2"
NAME = "jurisdiction_fr"
ZONE = "Europe/Paris"
_HERE = Path(__file__).parent
PARAMETERS = api.load_parameters(_HERE / "parameters")
SPECIALTIES = api.load_specialties(_HERE / "nomenclature", "FR", NAME)


@hookimpl
def config_schema() -> type[Schema]:
    return Config


@hookimpl
def categories() -> Sequence[api.Category]:
    return contributions.CATEGORIES


@hookimpl
def patient_statuses() -> Sequence[api.Status]:
    return contributions.STATUSES


@hookimpl
def identifier_types() -> Sequence[api.IdentifierType]:
    return contributions.identifier_types(test_mode=bool(api.settings_of(NAME).get("test_mode", False)))


@hookimpl
def document_types() -> Sequence[api.DocumentType]:
    return contributions.DOCUMENTS


@hookimpl
def practice_countries() -> Sequence[api.PracticeCountry]:
    return contributions.PRACTICE


@hookimpl
def services() -> Sequence[api.Service]:
    return contributions.SERVICES


@hookimpl
def specialties() -> Sequence[api.Specialty]:
    return SPECIALTIES


@hookimpl
def holidays(country: str, year: int) -> Sequence[api.Holiday]:
    region = str(api.settings_of(NAME).get("local_holidays", "none"))
    return public_holidays.holidays_of(year, region) if country == "FR" else ()


@hookimpl
def emergency_numbers() -> Sequence[api.EmergencyNumber]:
    return contributions.EMERGENCY


@hookimpl
def legal_references() -> Sequence[api.LegalReference]:
    return law.references(PARAMETERS, api.today(ZONE))


@hookimpl
def prescription_mentions(day: dt.date) -> Sequence[api.PrescriptionMention]:
    return mentions.mentions(PARAMETERS, day)


@hookimpl
def pharmacy_spaces() -> Sequence[api.PharmacySpace]:
    return mentions.PHARMACIES


@hookimpl
def go_live_checks(config: Mapping[str, Any]) -> Sequence[api.GoLiveCheck]:
    day = api.today(ZONE)
    return (*hosting.host_problems(config, PARAMETERS, day), *consumers.mediator_problems(config, PARAMETERS, day))


@hookimpl
def identity_providers() -> Sequence[api.IdentityProvider]:
    return providers.providers(SPECIALTIES)


@hookimpl
def processing_entries() -> Sequence[api.ProcessingEntry]:
    return contributions.PROCESSING


@hookimpl
def service_access(question: api.Question) -> api.Decision:
    return access.service_access(question, PARAMETERS)


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
def health_registers() -> Sequence[api.HealthRegister]:
    return insured.HEALTH_REGISTERS


@hookimpl
def register_formats() -> Sequence[api.RegisterFormat]:
    return register.FORMATS
