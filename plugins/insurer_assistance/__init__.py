"""Teleconsultation that an insurer funds for its members: quota, call-back, triage by nurses, exclusions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint
from marshmallow import Schema

from core import plugin_api as api
from core.plugin_api import hookimpl
from plugins.insurer_assistance import contributions
from plugins.insurer_assistance.config import Config
from plugins.insurer_assistance.rules import access
from plugins.insurer_assistance.rules.coverage import coverage as _coverage
from plugins.insurer_assistance.rules.prescription import prescription as _prescription

version = "1.0"
portico_api = ">=1.3,<2"
NAME = contributions.NAME
PARAMETERS = api.load_parameters(Path(__file__).parent / "parameters")


@hookimpl
def config_schema() -> type[Schema]:
    return Config


@hookimpl
def services() -> Sequence[api.Service]:
    return contributions.SERVICES


@hookimpl
def processing_entries() -> Sequence[api.ProcessingEntry]:
    return contributions.PROCESSING


@hookimpl
def go_live_checks(config: Mapping[str, Any]) -> Sequence[api.GoLiveCheck]:
    return contributions.go_live_problems(config)


@hookimpl
def funds() -> Sequence[api.Fund]:
    from plugins.insurer_assistance import wiring

    return wiring.FUNDS


@hookimpl
def blueprints() -> Sequence[Blueprint]:
    from plugins.insurer_assistance import wiring

    return wiring.blueprints()


@hookimpl
def api_topics() -> Sequence[api.ApiTopic]:
    from plugins.insurer_assistance import api_members

    return api_members.TOPICS


@hookimpl
def identity_providers() -> Sequence[api.IdentityProvider]:
    from plugins.insurer_assistance import arriving

    return (arriving.PROVIDER,)


@hookimpl
def navigation() -> Sequence[api.NavigationEntry]:
    from plugins.insurer_assistance import wiring

    return wiring.NAVIGATION


@hookimpl
def dashboard_cards() -> Sequence[api.DashboardCard]:
    from plugins.insurer_assistance import homes

    return homes.CARDS


@hookimpl
def periodic_jobs() -> Sequence[api.PeriodicJob]:
    from plugins.insurer_assistance import wiring

    return wiring.JOBS


@hookimpl
def message_templates() -> Sequence[api.MessageTemplate]:
    from plugins.insurer_assistance import wiring

    return wiring.MESSAGES


@hookimpl
def consultation_accepted(event: api.Event) -> None:
    _listen(event)


@hookimpl
def consultation_started(event: api.Event) -> None:
    _listen(event)


@hookimpl
def consultation_completed(event: api.Event) -> None:
    _listen(event)


@hookimpl
def consultation_expired(event: api.Event) -> None:
    _listen(event)


@hookimpl
def consultation_cancelled(event: api.Event) -> None:
    _listen(event)


@hookimpl
def consultation_no_show(event: api.Event) -> None:
    _listen(event)


@hookimpl
def report_saved(event: api.Event) -> None:
    _listen(event)


@hookimpl
def prescription_issued(event: api.Event) -> None:
    _listen(event)


@hookimpl
def promise_near(event: api.Event) -> None:
    _listen(event)


@hookimpl
def promise_missed(event: api.Event) -> None:
    _listen(event)


def _listen(event: api.Event) -> None:
    from plugins.insurer_assistance import wiring

    wiring.listen(event)


@hookimpl
def service_access(question: api.Question) -> api.Decision:
    return access.service_access(question, PARAMETERS)


@hookimpl
def coverage(question: api.Question) -> api.Decision:
    return _coverage(question)


@hookimpl
def prescription(question: api.Question) -> api.Decision:
    return _prescription(question)
