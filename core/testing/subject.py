"""A plugin under check: where it stands, how it is imported, and what everybody else answers without it."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import builtin
from core.hooks import manager, rulebook, specs
from core.hooks.case_files import Case
from core.hooks.decisions import Decision, Question
from core.hooks.manager import BUILTIN, Dispatcher, PluginProblem, PluginRuntime
from core.hooks.parameters import FileProblem, Read, read_parameters
from core.hooks.rulebook import Home
from core.nearest import nearest
from core.settings import Settings

SAMPLE = 30  # cases of one question whose answers are compared between runs; all of them are run once
# Contributions that are compared between runs: not those that take arguments, or are made anew for each application.
WITH_ARGUMENTS = {"holidays", "go_live_checks", "prescription_mentions"}
COMPARED = sorted((specs.CONTRIBUTIONS | specs.FORMATS) - {"config_schema", "blueprints"} - WITH_ARGUMENTS)
_NO_SETTINGS = Settings(
    "test",
    "",
    "",
    ("s" * 32,),
    (),
    smtp_url="smtp://localhost",
    sms_url="https://localhost",
    clamd="unix:///nonexistent/clamd",
)


class NoSuchPlugin(LookupError):
    """Neither an installed plugin nor a folder that holds one; the message says what was found and what is allowed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a plugin does not keep: the check, the file and line or the hook, what was found, the likely fix."""

    check: str
    where: str
    found: str
    fix: str

    def __str__(self) -> str:
        return f"{self.check}: {self.where}: {self.found}\n    fix: {self.fix}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a plugin stands. `project` is the folder of its own pyproject.toml, `paths` what its import needs."""

    name: str
    module: str
    project: Path | None = None
    paths: tuple[Path, ...] = ()


@dataclass(slots=True)
class Subject:
    """A plugin with all that the checks look at, read and built once."""

    place: Place
    folder: Path
    others: PluginRuntime
    read: Read
    cases: list[Case]
    case_problems: list[FileProblem]
    module: Any = None
    runtime: PluginRuntime | None = None
    problems: list[str] = field(default_factory=list)
    broken_others: list[str] = field(default_factory=list)
    before: list[Decision] = field(default_factory=list)
    added_before: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.place.name

    @property
    def home(self) -> Home:
        return Home(self.name, self.folder)

    @property
    def loaded(self) -> PluginRuntime:
        """The runtime in which the plugin is registered; only for checks that need one."""
        assert self.runtime is not None
        return self.runtime

    def hooks(self, among: frozenset[str] | None = None) -> list[str]:
        """The hooks that the plugin answers, of a family if one is given."""
        return [h for h in self.loaded.hooks_of(self.name) if among is None or h in among]

    def call(self, hook: str, **arguments: Any) -> Any:
        """Ask the plugin alone."""
        return self.loaded.implementation(self.name, hook)(**arguments)

    def decide(self, question: Question) -> Any:
        """The plugin's own answer to a question, as it gives it."""
        return self.call(question.name, question=question)

    def sample(self) -> list[Case]:
        """Some cases of every question, the same ones each time, spread over the files."""
        kinds: dict[str, list[Case]] = {}
        for case in self.cases:
            kinds.setdefault(case.question.name, []).append(case)
        return [c for name in sorted(kinds) for c in _spread(kinds[name])]

    def inside(self, path: Path) -> str:
        """A file as it is named to people: inside of the plugin's folder, else of its project."""
        for root in (self.folder, self.place.project):
            if root is not None and path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return str(path)


def _spread(cases: list[Case]) -> list[Case]:
    step = max(1, -(-len(cases) // SAMPLE))
    return cases[::step]


# -- finding ---------------------------------------------------------------------------------------------------------


def places(target: str | Path) -> list[Place]:
    """The plugin of that name, or those whose project or package is that folder. Raises NoSuchPlugin."""
    entries = {e.name: e for e in manager.entry_points()}
    if str(target) in entries:
        return [_installed(entries[str(target)])]
    folder = Path(target).resolve()
    if (folder / "pyproject.toml").is_file():
        found = _declared(folder)
        if found:
            return found
        raise NoSuchPlugin(
            f"{folder / 'pyproject.toml'} declares no plugin: an entry point under "
            f'[project.entry-points."{manager.ENTRY_POINTS}"] is wanted'
        )
    if folder.is_dir():
        packages = [_installed(e) for e in entries.values() if _folder_of(e.module) == folder]
        if packages:
            return packages
        raise NoSuchPlugin(f"{target}: neither a pyproject.toml nor the package of an installed plugin")
    near = nearest(str(target), entries)
    raise NoSuchPlugin(
        f"{target} is neither an installed plugin nor a folder"
        + (f"; did you mean {near}?" if near else f"; installed: {', '.join(sorted(entries)) or 'none'}")
    )


def _folder_of(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except ImportError:
        return None
    if spec is None or spec.origin is None or spec.submodule_search_locations is None:
        return None
    return Path(spec.origin).resolve().parent


def _installed(entry: importlib.metadata.EntryPoint) -> Place:
    folder = _folder_of(entry.module)
    for above in folder.parents if folder is not None else ():
        if (above / "pyproject.toml").is_file():
            own = _entries(above) == {entry.name: entry.value}
            return Place(entry.name, entry.module, above if own else None)
    return Place(entry.name, entry.module)


def _entries(project: Path) -> dict[str, str]:
    try:
        data = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NoSuchPlugin(f"{project / 'pyproject.toml'}: {error}") from error
    found = data.get("project", {}).get("entry-points", {}).get(manager.ENTRY_POINTS, {})
    return dict(found) if isinstance(found, Mapping) else {}


def _declared(project: Path) -> list[Place]:
    entries = _entries(project)
    paths = tuple(p for p in (project / "src", project) if p.is_dir())
    own = project if len(entries) == 1 else None
    return [Place(name, value.partition(":")[0], own, paths) for name, value in sorted(entries.items())]


# -- loading ---------------------------------------------------------------------------------------------------------


def load(place: Place) -> Subject:
    """Read, import and register a plugin beside all others. What is wrong with it stands in `problems`.

    The others answer its cases first: what the plugin's mere presence changes can be seen afterwards. Raises NoSuchPlugin
    when its package cannot be found at all.
    """
    for path in reversed(place.paths):
        if str(path) not in sys.path:
            sys.path.insert(0, str(path))
    importlib.invalidate_caches()
    folder = _folder_of(place.module)
    if folder is None:
        raise NoSuchPlugin(
            f"{place.name}: the package {place.module} cannot be found; a plugin is a folder with __init__.py"
        )
    others, broken = _everybody_else(place.name)
    home = Home(place.name, folder)
    cases, problems = rulebook.read_cases(home, [*others.modules, place.name])
    made = Subject(place, folder, others, read_parameters(folder / "parameters"), cases, problems, broken_others=broken)
    made.before = list(answers(others, made, enabled=others.modules))
    made.added_before = contributed_to(others.dispatcher(others.modules))
    running = set(threading.enumerate())
    try:
        made.module = importlib.import_module(place.module)
        made.runtime = runtime_of([*others.modules.items(), (place.name, made.module)])
    except PluginProblem as problem:
        made.problems += problem.problems
    except Exception as error:  # an import that fails is the plugin's
        made.problems.append(f"{type(error).__name__}: {error}")
    made.started = sorted(t.name for t in set(threading.enumerate()) - running)
    return made


def _everybody_else(name: str) -> tuple[PluginRuntime, list[str]]:
    runtime, broken = PluginRuntime(), []
    runtime.register(builtin.CorePlugin(_NO_SETTINGS), BUILTIN)
    for entry in manager.entry_points():
        if entry.name == name:
            continue
        try:
            runtime.register(entry.load(), entry.name)
        except Exception as error:  # another plugin's fault is told by the check of that one
            broken.append(f"{entry.name}: {type(error).__name__}: {error}")
    return runtime, broken


def runtime_of(named: list[tuple[str, Any]]) -> PluginRuntime:
    """A runtime with these plugins, registered in this order. Raises PluginProblem."""
    made = PluginRuntime()
    for name, module in named:
        made.register(module, name)
    pending = made.pending()
    if pending:
        raise PluginProblem(pending)
    return made


def answers(runtime: PluginRuntime, subject: Subject, enabled: Any) -> Iterator[Decision]:
    """What a portal with these plugins answers the sampled cases, with their settings for the subject."""
    names = list(enabled)
    for case in subject.sample():
        yield runtime.dispatcher(names, {subject.name: case.question.settings}).decide(case.question)


def contributed_to(dispatcher: Dispatcher) -> dict[str, list[tuple[Any, ...]]]:
    """All contributions, as what they say of themselves: values that hold functions are not equal when made anew."""
    return {hook: [_told(item) for item in dispatcher.collect(hook)] for hook in COMPARED}


def _told(item: Any) -> tuple[Any, ...]:
    names = ("code", "weight", "label", "country", "party", "topic", "number", "citation")
    return (type(item).__name__, *(getattr(item, name, None) for name in names))
