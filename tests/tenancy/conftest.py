"""A folder that passes, to be broken in one place at a time, and a runtime with a small plugin of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from marshmallow import RAISE, Schema, fields, validate

from core.hooks.manager import BUILTIN, PluginRuntime
from core.hooks.types import EmergencyNumber, GoLiveCheck, Service
from core.messages import Message
from core.plugin_api import hookimpl
from core.tenancy.loader import LoadResult, Problem, load_folder
from core.tenancy.scaffold import new_tenant


class _Cell(Schema):
    class Meta:
        unknown = RAISE

    opened = fields.List(fields.String(validate=validate.OneOf(["video_consultation", "in_person"])))


class _Config(Schema):
    class Meta:
        unknown = RAISE

    threshold = fields.Integer(strict=True, load_default=3, validate=validate.Range(1, 9))
    access = fields.Dict(keys=fields.String(validate=validate.OneOf(["patient"])), values=fields.Nested(_Cell))


class Land:
    """A jurisdiction of its own: numbers for FR, a schema, a go-live check."""

    version = "1.0"
    portico_api = ">=1.0,<2"

    @hookimpl
    def config_schema(self) -> type[Schema]:
        return _Config

    @hookimpl
    def emergency_numbers(self) -> Sequence[EmergencyNumber]:
        return (EmergencyNumber("112", Message("All emergencies"), "FR"),)

    @hookimpl
    def go_live_checks(self, config: Any) -> Sequence[GoLiveCheck]:
        return (
            []
            if config["host"].get("certification") == "HDS"
            else [GoLiveCheck("host.certification", Message("Not certified"), "CB-270")]
        )


class Plain:
    """A plugin without settings."""

    version = "1.0"
    portico_api = ">=1.0,<2"


class Core:
    """Core's own services."""

    @hookimpl
    def services(self) -> Sequence[Service]:
        return tuple(
            Service(code, Message(code), Message(code), "video", "tele_advice")
            for code in ("in_person", "video_consultation")
        )


@pytest.fixture
def runtime() -> PluginRuntime:
    made = PluginRuntime()
    made.register(Core(), BUILTIN)
    made.register(Land(), "jurisdiction_land")
    made.register(Plain(), "plain")
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return new_tenant("demo-clinic", tmp_path, plugins=["jurisdiction_land"], today=dt.date(2026, 11, 21))


@pytest.fixture
def load(folder: Path, runtime: PluginRuntime) -> Callable[[], LoadResult]:
    return lambda: load_folder(folder, runtime)


@pytest.fixture
def edit(folder: Path) -> Callable[..., int]:
    """Replace one text in tenant.yaml (or another file); returns the line where the new text stands."""

    def apply(old: str, new: str, name: str = "tenant.yaml") -> int:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{old!r} is not in {name}"
        start = text.index(old)
        path.write_text(text[:start] + new + text[start + len(old) :], encoding="utf-8")
        return text[:start].count("\n") + 1

    return apply


@pytest.fixture
def only(load: Callable[[], LoadResult]) -> Callable[[], Problem]:
    """The one problem of the folder; fails when there are more or none."""

    def find() -> Problem:
        problems = load().problems
        assert len(problems) == 1, "\n".join(str(p) for p in problems)
        return problems[0]

    return find


LIVE = """
publisher:
  name: Demo
  legal_form: SARL
  register_city: Metz
  register_number: "900 000 001"
  registered_office: 1 rue du Pont, 57000 Metz
  contact_email: contact@demo.example
  director: Claire Lorrain
  director_function: {fr: gérante, en: manager}
host:
  name: Host SA
  register_city: Nancy
  register_number: "900 000 002"
  address: 2 rue du Pont, 54000 Nancy
  country: FR
  certification: HDS
  certified_hosts_list_url: https://hosts.example/list
data_protection:
  officer_name: Paul Meyer
  email: dpo@demo.example
  postal_address: 1 rue du Pont, 57000 Metz
  authority: CNIL, Paris
  subcontractors:
    - {name: Host SA, task: hosting, country: FR}
    - {name: Runner SA, task: operations, country: FR}
retention:
  accounts: {months: 36}
  health_record: {law: true}
  appointments: {months: 36}
  files: {law: true}
  notifications: {months: 12}
  evidence: {months: 60}
  complaints: {months: 36}
  anomaly_reports: {months: 12}
  rights_requests: {months: 36}
  invoices: {months: 120}
  audit_trail: {months: 120}
contact:
  support_email: help@demo.example
  postal_address: 1 rue du Pont, 57000 Metz
  support_hours: {from: "10:00", to: "20:00", days: working_days, time_zone: Europe/Paris}
  incident_email: alert@demo.example
emergency:
  notice: true
  countries: [FR]
"""


@pytest.fixture
def live(folder: Path, edit: Callable[..., int]) -> Path:
    """The folder with everything that a live portal needs."""
    path = folder / "tenant.yaml"
    path.write_text(path.read_text(encoding="utf-8") + LIVE, encoding="utf-8")
    edit("  courts: FR\n", "  courts: FR\n  insurance: {professionals: each their own, operator: Assureur Exemple}\n")
    return folder
