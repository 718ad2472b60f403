"""Versioned lists of specialties: a new version is a new file; what it drops stays readable in old records (CB-272)."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from core import yaml_lines
from core.hooks.specialty_names import SPECIALTY_NAMES
from core.hooks.types import Specialty
from core.messages import Message


class NomenclatureProblem(ValueError):
    """A nomenclature file that cannot be used; the text names file, line and what is wrong."""


class _Strict(Schema):
    class Meta:
        unknown = RAISE


class _Source(_Strict):
    title = fields.String(required=True, validate=validate.Length(min=1))
    href = fields.Url()


class _Entry(_Strict):
    code = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]+$"))
    medical = fields.Boolean(required=True)
    label = fields.String()
    codes = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), load_default=dict)


class _Nomenclature(_Strict):
    version = fields.Date(required=True)
    source = fields.Nested(_Source, required=True)
    entries = fields.List(fields.Nested(_Entry), required=True, validate=validate.Length(min=1))


def load_specialties(folder: Path, country: str, domain: str) -> tuple[Specialty, ...]:
    """The specialties of every `specialties-*.yaml` of a folder, in order of version.

    The newest version is the list on offer; an entry of an older one that the newest no longer has carries `until`, the
    date of the first version without it. `country` is ISO 3166-1 alpha-2; `domain` translates labels that core has no
    name for. Raises NomenclatureProblem.
    """
    versions = sorted((_read(path) for path in sorted(folder.glob("specialties-*.yaml"))), key=lambda v: v["version"])
    kept: dict[str, Specialty] = {}
    for version in versions:
        entries = {e["code"]: e for e in version["entries"]}
        for code, old in kept.items():
            if code not in entries and old.until is None:
                kept[code] = dataclasses.replace(old, until=version["version"])
        for code, entry in entries.items():
            label = SPECIALTY_NAMES.get(code) or Message(entry["label"], domain=domain)
            codes = {system: tuple(values) for system, values in entry["codes"].items()}
            kept[code] = Specialty(code, label, entry["medical"], country, codes)
    return tuple(kept.values())


def _read(path: Path) -> dict[str, Any]:
    try:
        lined = yaml_lines.load_file(path)
    except yaml_lines.YamlProblem as error:
        raise NomenclatureProblem(f"{path.name}:{error.line}: {error}") from error
    try:
        data: dict[str, Any] = _Nomenclature().load(
            lined.data | {"version": str(lined.data.get("version"))} if isinstance(lined.data, dict) else lined.data
        )
    except ValidationError as error:
        raise NomenclatureProblem(f"{path.name}:1: {error.messages_dict}") from error
    seen: set[str] = set()
    for index, entry in enumerate(data["entries"]):
        line = lined.line(("entries", index))
        if entry["code"] in seen:
            raise NomenclatureProblem(f"{path.name}:{line}: “{entry['code']}” is given twice")
        if entry["code"] not in SPECIALTY_NAMES and not entry.get("label"):
            raise NomenclatureProblem(f"{path.name}:{line}: “{entry['code']}” needs a label")
        seen.add(entry["code"])
    return data
