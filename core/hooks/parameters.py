"""Dated values of law and contract: a file per topic, each value with its reference; no value, no answer."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from core import yaml_lines
from core.hooks.decisions import UsedParameter

_KEY = re.compile(r"^[a-z][a-z0-9_.]*\Z")
_since = attrgetter("since")


# Values by key and day that one plugin remembers: a batch over many dates must not grow without end.
REMEMBERED = 4_096


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
        found = bisect_right(self.values, day, key=_since)
        if not found:
            raise NoRuleInForce(self.key, day)
        return self.values[found - 1]


class Parameters:
    """The parameters of one plugin, read once, never changed.

    A look-up costs the same whatever the number of keys and dates: acts of one day ask for the same values, which are
    remembered.
    """

    __slots__ = ("_index", "_seen", "items")

    def __init__(self, items: Mapping[str, Parameter]) -> None:
        self.items: Mapping[str, Parameter] = MappingProxyType(dict(items))
        self._seen: dict[tuple[str, dt.date], tuple[UsedParameter, str]] = {}
        self._index = {
            key: (
                [v.since for v in parameter.values],
                [(UsedParameter(key, v.value, v.since, parameter.unit), cited(v)) for v in parameter.values],
            )
            for key, parameter in self.items.items()
        }

    def at(self, key: str, day: dt.date) -> UsedParameter:
        """The value of a key on a day, as a reason carries it. Raises KeyError, NoRuleInForce."""
        return self._found(key, day)[0]

    def citation(self, key: str, day: dt.date) -> str:
        """The reference of the value in force: title and article. Raises KeyError, NoRuleInForce."""
        return self._found(key, day)[1]

    def _found(self, key: str, day: dt.date) -> tuple[UsedParameter, str]:
        found = self._seen.get((key, day))
        if found is None:
            starts, rows = self._index[key]
            before = bisect_right(starts, day)
            if not before:
                raise NoRuleInForce(key, day)
            if len(self._seen) >= REMEMBERED:
                self._seen.clear()
            found = self._seen[(key, day)] = rows[before - 1]
        return found


def cited(value: DatedValue) -> str:
    """The reference of a value in one line: title and article."""
    return ", ".join(value.reference[k] for k in ("title", "article") if value.reference.get(k))


# -- reading -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing wrong in a file, with its line (from 1)."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Read:
    """What a folder of parameters holds: the usable ones, where each key stands, and all that is wrong."""

    items: Mapping[str, Parameter]
    places: Mapping[str, tuple[Path, int]]
    problems: tuple[FileProblem, ...]


_replacements: ContextVar[Mapping[Path, Path]] = ContextVar("portico_replaced_parameters", default=MappingProxyType({}))


@contextmanager
def replaced(folders: Mapping[Path, Path]) -> Iterator[None]:
    """Inside, a plugin's parameter folder is read with the files of another one on top: a file of the same name takes
    the place of the plugin's, the others stay. For "what if" questions; what was read before does not change."""
    token = _replacements.set({kept.resolve(): other for kept, other in folders.items()})
    try:
        yield
    finally:
        _replacements.reset(token)


def files_of(folder: Path) -> list[Path]:
    """The parameter files of a folder, in order of name; those of a replacement count (see `replaced`)."""
    found = {path.name: path for path in folder.glob("*.yaml")}
    other = _replacements.get().get(folder.resolve())
    if other is not None:
        found.update({path.name: path for path in other.glob("*.yaml")})
    return [found[name] for name in sorted(found)]


def read_parameters(folder: Path) -> Read:
    """Read every `*.yaml` of a folder; what is wrong is collected, each with file and line, and the rest goes on."""
    items: dict[str, Parameter] = {}
    places: dict[str, tuple[Path, int]] = {}
    problems: list[FileProblem] = []
    for path in files_of(folder):
        try:
            lined = yaml_lines.load_file(path)
        except yaml_lines.YamlProblem as error:
            problems.append(FileProblem(path, error.line, str(error)))
            continue
        except UnicodeDecodeError as error:
            problems.append(FileProblem(path, error.object[: error.start].count(b"\n") + 1, "not UTF-8 text"))
            continue
        if not isinstance(lined.data, Mapping):
            problems.append(FileProblem(path, 1, "keys with their values are expected"))
            continue
        for key, raw in lined.data.items():
            line = lined.line((key,))
            if key in places:
                problems.append(FileProblem(path, line, f"{key} is defined in another file too"))
                continue
            places[key] = (path, line)
            made = _parameter(path, lined, key, raw, problems)
            if made is not None:
                items[key] = made
    return Read(items, places, tuple(problems))


def load_parameters(folder: Path) -> Parameters:
    """Read every `*.yaml` of a folder. Raises ParameterProblem with all problems, each with file and line."""
    found = read_parameters(folder)
    if found.problems:
        raise ParameterProblem("\n".join(map(str, found.problems)))
    return Parameters(found.items)


def _parameter(
    path: Path, lined: yaml_lines.Lined, key: str, raw: Any, problems: list[FileProblem]
) -> Parameter | None:
    def problem(where: tuple[Any, ...], message: str) -> None:
        line = lined.line((key, *where))
        problems.append(FileProblem(path, line, f"{'.'.join((key, *map(str, where)))}: {message}"))

    if not _KEY.match(key):
        problem((), "a key is small letters, digits, dots and underscores, and begins with a letter")
        return None
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
        if values and _kind(value["value"]) != _kind(values[0].value):
            kinds = f"{_kind(value['value'])} is given, {_kind(values[0].value)} stands before it"
            problem(("values", text, "value"), f"all values of a key are of one kind; {kinds}")
            return None
        reference = MappingProxyType(value["reference"])
        values.append(DatedValue(since, _frozen(value["value"]), reference, value.get("published")))
    return Parameter(key, data["label"], data["unit"], data["checked_on"], tuple(values), data.get("notes", ""))


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, (list, tuple)) else "a text"


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
