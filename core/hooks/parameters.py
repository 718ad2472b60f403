"""Dated values of law and contract: a file per topic, each value with its reference; no value, no answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from core import yaml_lines
from core.hooks.decisions import UsedParameter


class ParameterProblem(ValueError):
    """A parameter file that cannot be used; each line names file, line, key and what is wrong."""


class NoRuleInForce(LookupError):
    """No value is in force on that date yet: the decision is a deny `no_rule_in_force`."""

    def __init__(self, key: str, at: dt.date) -> None:
        super().__init__(f"{key} has no value on {at.isoformat()}")
        self.key, self.at = key, at


class _Strict(Schema):
    class Meta:
        unknown = RAISE


class _Reference(_Strict):
    title = fields.String(required=True, validate=validate.Length(min=1))
    article = fields.String()
    href = fields.Url()


class _Value(_Strict):
    value = fields.Raw(required=True, allow_none=False)
    reference = fields.Nested(_Reference, required=True)
    published = fields.Date()


class _Parameter(_Strict):
    label = fields.String(required=True, validate=validate.Length(min=1))
    unit = fields.String(required=True)
    checked_on = fields.Date(required=True)
    notes = fields.String()
    values = fields.Dict(
        keys=fields.String(), values=fields.Nested(_Value), required=True, validate=validate.Length(min=1)
    )


@dataclass(frozen=True, slots=True)
class DatedValue:
    """One value and the day from which it holds, with its reference."""

    since: dt.date
    value: Any
    reference: Mapping[str, str]
    published: dt.date | None


@dataclass(frozen=True, slots=True)
class Parameter:
    """All values of one key in order of date."""

    key: str
    label: str
    unit: str
    checked_on: dt.date
    values: tuple[DatedValue, ...]
    notes: str = ""

    def at(self, day: dt.date) -> DatedValue:
        """The value in force on a day. Raises NoRuleInForce before the first."""
        for value in reversed(self.values):
            if value.since <= day:
                return value
        raise NoRuleInForce(self.key, day)


class Parameters:
    """The parameters of one plugin, read once, never changed."""

    __slots__ = ("items",)

    def __init__(self, items: Mapping[str, Parameter]) -> None:
        self.items: Mapping[str, Parameter] = MappingProxyType(dict(items))

    def at(self, key: str, day: dt.date) -> UsedParameter:
        """The value of a key on a day, as a reason carries it. Raises KeyError, NoRuleInForce."""
        parameter = self.items[key]
        found = parameter.at(day)
        return UsedParameter(key, found.value, found.since, parameter.unit)

    def citation(self, key: str, day: dt.date) -> str:
        """The reference of the value in force: title and article. Raises KeyError, NoRuleInForce."""
        reference = self.items[key].at(day).reference
        return ", ".join(reference[k] for k in ("title", "article") if reference.get(k))


def load_parameters(folder: Path) -> Parameters:
    """Read every `*.yaml` of a folder. Raises ParameterProblem with all problems, each with file and line."""
    items: dict[str, Parameter] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            lined = yaml_lines.load_file(path)
        except yaml_lines.YamlProblem as error:
            problems.append(f"{path.name}:{error.line}: {error}")
            continue
        if not isinstance(lined.data, Mapping):
            problems.append(f"{path.name}:1: keys with their values are expected")
            continue
        for key, raw in lined.data.items():
            if key in items:
                problems.append(f"{path.name}:{lined.line((key,))}: {key} is defined in another file too")
                continue
            made = _parameter(path, lined, key, raw, problems)
            if made is not None:
                items[key] = made
    if problems:
        raise ParameterProblem("\n".join(problems))
    return Parameters(items)


def _parameter(path: Path, lined: yaml_lines.Lined, key: str, raw: Any, problems: list[str]) -> Parameter | None:
    def problem(where: tuple[Any, ...], message: str) -> None:
        problems.append(f"{path.name}:{lined.line((key, *where))}: {'.'.join((key, *map(str, where)))}: {message}")

    try:
        data = _Parameter().load(_plain_dates(raw))
    except ValidationError as error:
        for where, message in _flat(error.messages_dict):
            problem(_place(where), message)
        return None
    values: list[DatedValue] = []
    for text, value in data["values"].items():
        try:
            since = dt.date.fromisoformat(text)
        except ValueError:
            problem(("values", text), "not a date such as 2026-01-31")
            return None
        if values and since <= values[-1].since:
            problem(("values", text), f"dates must ascend; {values[-1].since.isoformat()} stands before it")
            return None
        reference = MappingProxyType(value["reference"])
        values.append(DatedValue(since, _frozen(value["value"]), reference, value.get("published")))
    return Parameter(key, data["label"], data["unit"], data["checked_on"], tuple(values), data.get("notes", ""))


def _place(where: tuple[Any, ...]) -> tuple[Any, ...]:
    """The path in the file: marshmallow puts `key` or `value` between a date and what stands under it."""
    return where[:2] + where[3:] if where[:1] == ("values",) and where[2:3] in (("key",), ("value",)) else where


def _plain_dates(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain_dates(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain_dates(v) for v in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({k: _frozen(v) for k, v in value.items()})
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def _flat(messages: Any, where: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], str]]:
    if isinstance(messages, list):
        return [(where, str(m)) for m in messages]
    return [
        row for key, below in messages.items() for row in _flat(below, where if key == "_schema" else (*where, key))
    ]
