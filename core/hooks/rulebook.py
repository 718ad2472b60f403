"""What the installed plugins hold as law: parameters by date, what starts soon, and everything wrong in their files."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.hooks import case_files
from core.hooks.asking import BadCase
from core.hooks.case_files import Case, Failure
from core.hooks.manager import BUILTIN, PluginRuntime, entry_points
from core.hooks.parameters import DatedValue, FileProblem, Parameter, Read, cited, read_parameters

SOON_DAYS = 90
STALE_DAYS = 365


@dataclass(frozen=True, slots=True)
class Home:
    """Where an installed plugin stands, found without importing it."""

    plugin: str
    folder: Path

    def place(self, problem: FileProblem) -> str:
        """A problem with the plugin's name and the path inside of it: `jurisdiction_fr/parameters/law.yaml:12: …`."""
        return f"{self.plugin}/{self.inside(problem.path)}:{problem.line}: {problem.message}"

    def inside(self, path: Path) -> str:
        """The path of a file in the plugin's folder."""
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else str(path)


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of one plugin's parameter."""

    plugin: str
    parameter: Parameter
    value: DatedValue

    def data(self) -> dict[str, Any]:
        """The entry, JSON-ready but for `asking.plain`."""
        return {
            "key": self.parameter.key,
            "plugin": self.plugin,
            "value": self.value.value,
            "unit": self.parameter.unit,
            "since": self.value.since,
            "reference": cited(self.value),
            "href": self.value.reference.get("href"),
            "published": self.value.published,
        }


def homes() -> list[Home]:
    """The folders of all installed plugins, by name; a plugin that is a single file has none."""
    found = []
    for entry in entry_points():
        spec = importlib.util.find_spec(entry.module)
        if spec is not None and spec.origin and spec.submodule_search_locations is not None:
            found.append(Home(entry.name, Path(spec.origin).parent))
    return found


def read_all(plugins: Iterable[Home]) -> Iterator[tuple[Home, Read]]:
    """The parameters of each plugin, with what is wrong in them."""
    for home in plugins:
        yield home, read_parameters(home.folder / "parameters")


def in_force(plugins: Iterable[Home], day: dt.date) -> list[Entry]:
    """What applies on a day, by key and plugin; a key whose first value is still to come is left out."""
    rows = [
        Entry(home.plugin, parameter, found[-1])
        for home, read in read_all(plugins)
        for parameter in read.items.values()
        if (found := [v for v in parameter.values if v.since <= day])
    ]
    return sorted(rows, key=lambda r: (r.parameter.key, r.plugin))


def starting(plugins: Iterable[Home], day: dt.date, days: int) -> list[Entry]:
    """What begins after a day, within so many days, by date."""
    rows = [
        Entry(home.plugin, parameter, value)
        for home, read in read_all(plugins)
        for parameter in read.items.values()
        for value in parameter.values
        if day < value.since <= day + dt.timedelta(days=days)
    ]
    return sorted(rows, key=lambda r: (r.value.since, r.parameter.key, r.plugin))


def of_key(plugins: Iterable[Home], key: str) -> list[tuple[Home, Parameter]]:
    """The parameters of a key (`key`, or `plugin.key`) in all plugins."""
    return [
        (home, parameter)
        for home, read in read_all(plugins)
        for parameter in read.items.values()
        if key in (parameter.key, f"{home.plugin}.{parameter.key}")
    ]


def parameter_problems(home: Home, day: dt.date, stale: int) -> list[str]:
    """All that is wrong with a plugin's parameter files, in order of place.

    Beside what the schema refuses (an unknown key, a value without reference, dates that overlap): keys not checked for
    `stale` days, checked in the future, or checked before their newest value was published. A value holds until the next
    one begins, and none may be empty: there is no gap between dates.
    """
    read = read_parameters(home.folder / "parameters")
    found = list(read.problems)
    for key, parameter in read.items.items():
        path, line = read.places[key]
        checked = parameter.checked_on
        published = max((v.published for v in parameter.values if v.published is not None), default=None)
        if (day - checked).days > stale:
            told = f"{key}: not checked since {checked.isoformat()}, more than {stale} days"
        elif checked > day:
            told = f"{key}: checked_on {checked.isoformat()} is still to come"
        elif published is not None and checked < published <= day:
            told = f"{key}: checked on {checked.isoformat()}, before its newest value was published ({published.isoformat()})"
        else:
            continue
        found.append(FileProblem(path, line, told))
    return [home.place(p) for p in sorted(found, key=lambda p: (p.path.name, p.line, p.message))]


def read_cases(home: Home, enabled: Iterable[str]) -> tuple[list[Case], list[FileProblem]]:
    """All cases of a plugin, and what is wrong in its case files."""
    plugins = [*enabled]
    cases: list[Case] = []
    problems: list[FileProblem] = []
    for path in case_files.files_of(home.folder):
        read, wrong = case_files.read(path, plugins)
        cases += read
        problems += wrong
    return cases, problems


def case_problems(home: Home, runtime: PluginRuntime) -> list[str]:
    """All that is wrong with a plugin's case files: what cannot be read, and refusals that name no rule.

    The files of a plugin that does not load are read but not asked.
    """
    cases, problems = read_cases(home, installed())
    if home.plugin in runtime.modules:
        ask = case_files.asker(runtime.modules[home.plugin])
        for case in cases:
            try:
                lacks = case_files.unruled(case, ask(case))
            except BadCase as error:
                lacks = f"{case.name}: {error}"
            except Exception as error:
                lacks = f"{case.name}: {type(error).__name__}: {error}"
            if lacks:
                problems.append(FileProblem(case.path, case.line, lacks))
    return [home.place(p) for p in sorted(problems, key=lambda p: (p.path.name, p.line, p.message))]


def run_cases(home: Home, runtime: PluginRuntime) -> tuple[int, list[Failure], list[str]]:
    """Run all cases of a plugin: how many there are, which fail, which cannot be read."""
    cases, problems = read_cases(home, installed())
    failures = case_files.run(cases, case_files.asker(runtime.modules[home.plugin]))
    return len(cases), failures, [home.place(p) for p in problems]


def installed() -> list[str]:
    """Core and every installed plugin: what is enabled in a case that names none."""
    return [BUILTIN, *(e.name for e in entry_points())]
