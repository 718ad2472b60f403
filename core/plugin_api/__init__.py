"""All that a plugin may import: the promise to integrators, versioned. A test fails when it changes unannounced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g, has_app_context

from core.clock import today
from core.events import Undeliverable
from core.hooks.decisions import (
    NOT_APPLICABLE,
    Decision,
    Effect,
    Obligation,
    PatientFacts,
    ProfessionalFacts,
    Question,
    Reason,
    UsedParameter,
    deny,
    missing_fact,
    permit,
)
from core.hooks.nomenclatures import NomenclatureProblem, load_specialties
from core.hooks.parameters import NoRuleInForce, Parameter, ParameterProblem, Parameters, load_parameters
from core.hooks.registers import RegisterEntry, RegisterFault, RegisterFormat, RegisterRefused, csv_reader, decoded
from core.hooks.registers import columns as register_columns
from core.hooks.specs import API_VERSION, hookimpl
from core.hooks.types import (
    AgendaEntry,
    AgendaFormat,
    ApiTopic,
    Category,
    ChannelProvider,
    Checked,
    Condition,
    DashboardCard,
    Delivery,
    DocumentType,
    EmergencyNumber,
    Event,
    Exercise,
    FileScanner,
    Fund,
    GoLiveCheck,
    HealthRegister,
    Holiday,
    IdentifierType,
    IdentityProvider,
    JoinLink,
    LegalReference,
    MessageTemplate,
    NavigationEntry,
    PeriodicJob,
    PharmacySpace,
    PracticeCountry,
    PrescriptionMention,
    ProcessingEntry,
    ProviderSite,
    RegisterField,
    RoomFacts,
    ScannerAway,
    ScanVerdict,
    Service,
    Specialty,
    Status,
    VideoProvider,
)
from core.identity.parties import partner_view
from core.messages import Domain, Message
from core.web.access import access

__all__ = [
    "API_VERSION",
    "NOT_APPLICABLE",
    "AgendaEntry",
    "AgendaFormat",
    "ApiTopic",
    "Category",
    "ChannelProvider",
    "Checked",
    "Condition",
    "DashboardCard",
    "Decision",
    "Delivery",
    "DocumentType",
    "Domain",
    "Effect",
    "EmergencyNumber",
    "Event",
    "Exercise",
    "FileScanner",
    "Fund",
    "GoLiveCheck",
    "HealthRegister",
    "Holiday",
    "IdentifierType",
    "IdentityProvider",
    "JoinLink",
    "LegalReference",
    "Message",
    "MessageTemplate",
    "NavigationEntry",
    "NoRuleInForce",
    "NomenclatureProblem",
    "Obligation",
    "Parameter",
    "ParameterProblem",
    "Parameters",
    "PatientFacts",
    "PeriodicJob",
    "PharmacySpace",
    "PracticeCountry",
    "PrescriptionMention",
    "ProcessingEntry",
    "ProfessionalFacts",
    "ProviderSite",
    "Question",
    "Reason",
    "RegisterEntry",
    "RegisterFault",
    "RegisterField",
    "RegisterFormat",
    "RegisterRefused",
    "RoomFacts",
    "ScanVerdict",
    "ScannerAway",
    "Service",
    "Specialty",
    "Status",
    "Undeliverable",
    "UsedParameter",
    "VideoProvider",
    "access",
    "csv_reader",
    "decoded",
    "deny",
    "hookimpl",
    "load_parameters",
    "load_specialties",
    "missing_fact",
    "partner_view",
    "permit",
    "register_columns",
    "settings_of",
    "today",
]


def settings_of(plugin: str) -> Mapping[str, Any]:
    """The plugin's section of the present tenant's configuration; empty where no tenant is set.

    For contributions, whose hooks have no such argument. Decisions find theirs in `question.settings`.
    """
    tenant = g.get("tenant") if has_app_context() else None
    section: Mapping[str, Any] = tenant.dispatcher.settings.get(plugin, {}) if tenant is not None else {}
    return section
