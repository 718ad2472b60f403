"""Teleconsultation that an insurer funds for its members: quota, call-back, triage by nurses, exclusions."""

from __future__ import annotations

from marshmallow import Schema

from core.plugin_api import hookimpl
from plugins.insurer_assistance.config import Config

version = "1.0"
portico_api = ">=1.0,<2"
NAME = "insurer_assistance"


@hookimpl
def config_schema() -> type[Schema]:
    return Config
