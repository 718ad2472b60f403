"""jurisdiction_de: patients insured in Germany, professionals who practise there, and the law by date."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from marshmallow import Schema

from core import plugin_api as api
from core.plugin_api import hookimpl
from jurisdiction_de import contributions
from jurisdiction_de.config import Config
from jurisdiction_de.rules import access, public_holidays
from jurisdiction_de.rules import prescription as prescribing

version = "0.1.0"
portico_api = ">=1.0,<2"
PARAMETERS = api.load_parameters(Path(__file__).parent / "parameters")


@hookimpl
def config_schema() -> type[Schema]:
    return Config


@hookimpl
def categories() -> Sequence[api.Category]:
    return contributions.CATEGORIES


@hookimpl
def identifier_types() -> Sequence[api.IdentifierType]:
    return contributions.IDENTIFIERS


@hookimpl
def document_types() -> Sequence[api.DocumentType]:
    return contributions.DOCUMENTS


@hookimpl
def practice_countries() -> Sequence[api.PracticeCountry]:
    return contributions.PRACTICE


@hookimpl
def emergency_numbers() -> Sequence[api.EmergencyNumber]:
    return contributions.EMERGENCY


@hookimpl
def holidays(country: str, year: int) -> Sequence[api.Holiday]:
    return public_holidays.holidays_of(year) if country == "DE" else ()


@hookimpl
def service_access(question: api.Question) -> api.Decision:
    return access.service_access(question, PARAMETERS)


@hookimpl
def prescription(question: api.Question) -> api.Decision:
    return prescribing.prescription(question, PARAMETERS)
