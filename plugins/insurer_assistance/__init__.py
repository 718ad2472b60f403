"""Teleconsultation that an insurer funds for its members: quota, call-back, triage by nurses, exclusions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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
def service_access(question: api.Question) -> api.Decision:
    return access.service_access(question, PARAMETERS)


@hookimpl
def coverage(question: api.Question) -> api.Decision:
    return _coverage(question)


@hookimpl
def prescription(question: api.Question) -> api.Decision:
    return _prescription(question)
