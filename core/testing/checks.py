"""The conformance kit: what every plugin must hold, as checks that give problems with file and line.

Needs neither pytest nor a database. `core.testing.conformance` runs the same under pytest.
"""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages import extract, pofile

from core.builtin import CorePlugin
from core.hooks import rulebook, specs
from core.hooks.decisions import Question
from core.hooks.manager import BUILTIN, Dispatcher, PluginRuntime, entry_points
from core.hooks.parameters import FileProblem, read_parameters
from core.hooks.rulebook import Home
from core.settings import Settings
from core.testing import contributions
from core.testing.contract import hold, questions

ALLOWED = "core.plugin_api"
TESTING = "core.testing"
IMPURE = {
    "flask",
    "flask_sqlalchemy",
    "os",
    "random",
    "redis",
    "requests",
    "socket",
    "sqlalchemy",
    "subprocess",
    "time",
}
KEYWORDS = {"_": None, "context": ((1, "c"), 2)}
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
MOST_DAYS = 9
MOST_ASKED = 600
ORDERS = 2


class NoSuchPlugin(LookupError):
    """No plugin of that name is installed."""


@dataclass(frozen=True)
class Subject:
    """The plugin that is looked at, among all that are installed."""

    name: str
    folder: Path
    runtime: PluginRuntime

    @property
    def module(self) -> Any:
        return self.runtime.modules[self.name]

    @property
    def home(self) -> Home:
        return Home(self.name, self.folder)

    @property
    def project(self) -> Path | None:
        """The folder of its own pyproject.toml, if it has one."""
        near = (self.folder.parent, self.folder.parent.parent)
        return next((p for p in near if (p / "pyproject.toml").is_file() and not (p / "core").is_dir()), None)


def everything() -> PluginRuntime:
    """All installed plugins and core's own. Raises PluginProblem."""
    runtime = PluginRuntime()
    runtime.discover()
    runtime.register(CorePlugin(Settings("test", "", "", ("s" * 32,), ())), BUILTIN)
    return runtime


def subject(name: str, runtime: PluginRuntime | None = None) -> Subject:
    """An installed plugin by its name. Raises NoSuchPlugin, PluginProblem."""
    runtime = runtime or everything()
    if name not in runtime.names():
        raise NoSuchPlugin(f"no such plugin is installed: {name}; installed: {', '.join(runtime.names())}")
    return Subject(name, Path(inspect.getfile(runtime.modules[name])).parent, runtime)


Check = Callable[[Subject], Iterator[FileProblem]]


def _at(one: Subject, hook: str, words: str) -> FileProblem:
    """A problem of an implementation, at the line where it stands."""
    function = inspect.unwrap(getattr(one.module, hook))
    return FileProblem(Path(inspect.getfile(function)), function.__code__.co_firstlineno, f"{hook}: {words}")


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"


def contributions_hold(one: Subject) -> Iterator[FileProblem]:
    """Every contribution is of its type, complete, and says its words in the plugin's own domain."""
    for hook in one.runtime.hooks_of(one.name):
        check = contributions.CHECKS.get(hook)
        if check is None:
            continue
        try:
            check(one.name, getattr(one.module, hook))
        except Exception as error:
            yield _at(one, hook, _told(error))


def codes_are_its_own(one: Subject) -> Iterator[FileProblem]:
    """No other plugin contributes a code of this one; what categories ask for can be supplied."""
    for hook in (
        "categories",
        "patient_statuses",
        "identifier_types",
        "document_types",
        "services",
        "identity_providers",
    ):
        answers = one.runtime.installed().by_plugin(hook)
        others = {item.code: plugin for plugin, found in answers if plugin != one.name for item in found}
        for item in (i for plugin, found in answers if plugin == one.name for i in found):
            if item.code in others:
                yield _at(one, hook, f"{item.code} is {others[item.code]}'s already")
    every = one.runtime.installed()
    known = {
        "identifier": {i.code for i in every.collect("identifier_types")},
        "document": {d.code for d in every.collect("document_types")},
    }
    for hook in set(one.runtime.hooks_of(one.name)) & {"categories", "patient_statuses"}:
        for item in getattr(one.module, hook)():
            for condition in item.conditions:
                if condition.kind in known and condition.value not in known[condition.kind]:
                    yield _at(one, hook, f"{item.code} asks for {condition.value}, which nobody contributes")


def days_of(one: Subject) -> list[dt.date]:
    """The days that matter to a plugin: around each date of its parameters, a sample where there are many."""
    starts = {v.since for p in read_parameters(one.folder / "parameters").items.values() for v in p.values}
    days = sorted({day for s in starts for day in (s - dt.timedelta(days=1), s)} | {dt.date(2026, 11, 21)})
    if len(days) > MOST_DAYS:
        days = sorted({days[0], days[-1], *random.Random(1).sample(days, MOST_DAYS - 2)})
    return days


def _asked(one: Subject, days: Sequence[dt.date] | None = None) -> Iterator[Question]:
    every = one.runtime.dispatcher([one.name])
    categories = [c.code for c in every.collect("categories")]
    countries = [*dict.fromkeys([*(p.country for p in every.collect("practice_countries")), *_countries(one), "FR"])]
    services = [s.code for s in one.runtime.installed().collect("services")]
    for name in sorted(specs.DECISIONS & set(one.runtime.hooks_of(one.name))):
        every_one = list(questions(name, categories, countries, services, days if days is not None else days_of(one)))
        # A sample, always the same one, where there are very many: the check stays a matter of seconds.
        yield from every_one if len(every_one) <= MOST_ASKED else random.Random(2).sample(every_one, MOST_ASKED)
    yield from (case.question for case in rulebook.read_cases(one.home, rulebook.installed())[0])


def _countries(one: Subject) -> list[str]:
    cases = rulebook.read_cases(one.home, ())[0]
    return [c for c in dict.fromkeys(case.question.professional.country for case in cases) if c][:2]


def decisions_hold(one: Subject) -> Iterator[FileProblem]:
    """Every answer is typed, repeatable and of the day; every refusal carries rule and citation."""
    told = set()
    for asked in _asked(one):
        hook = getattr(one.module, asked.name, None)
        if hook is None:
            continue
        try:
            hold(hook, one.name, asked)
        except Exception as error:
            words = _told(error)
            if (asked.name, words) not in told:
                told.add((asked.name, words))
                yield _at(one, asked.name, words)


def parameters_hold(one: Subject) -> Iterator[FileProblem]:
    """Every value has a date and a reference; dates ascend, so that there is neither gap nor overlap."""
    yield from read_parameters(one.folder / "parameters").problems


def cases_pass(one: Subject) -> Iterator[FileProblem]:
    """Every case can be read and is answered as expected, and a plugin that decides has cases."""
    from core.hooks import case_files

    cases, problems = rulebook.read_cases(one.home, rulebook.installed())
    yield from problems
    ask = case_files.asker(one.module)
    for failure in case_files.run(cases, ask):
        words = "; ".join(map(str, failure.differences))
        yield FileProblem(failure.case.path, failure.case.line, f"{failure.case.name}: {words}")
    covered = {case.question.name for case in cases}
    law = specs.DECISIONS & set(one.runtime.hooks_of(one.name)) - {"booking"}
    for question in sorted(law - covered):
        yield _at(one, question, "no case asks it: write some in cases/")


def order_does_not_matter(one: Subject) -> Iterator[FileProblem]:
    """Registered in any order, the plugins give the same contributions and the same answers."""
    names = sorted(one.runtime.modules)
    first = _answers(one, one.runtime)
    for turn in range(ORDERS):
        shuffled = list(names)
        random.Random(turn).shuffle(shuffled)
        other = PluginRuntime()
        for name in shuffled:
            other.register(one.runtime.modules[name], name)
        for what, found in _answers(one, other).items():
            if found != first[what]:
                yield _at(
                    one, what[0], f"another answer when the plugins stand in another order ({', '.join(shuffled)})"
                )
                return


def _answers(one: Subject, runtime: PluginRuntime) -> Mapping[tuple[str, int], Any]:
    every = runtime.installed()
    found: dict[tuple[str, int], Any] = {}
    for hook in ("categories", "patient_statuses", "services", "document_types", "emergency_numbers"):
        if hook in runtime.hooks_of(one.name):
            found[(hook, 0)] = every.collect(hook)
    for index, asked in enumerate(_asked(one, [dt.date(2026, 11, 21)])):
        if asked.name in runtime.hooks_of(one.name):
            found[(asked.name, index)] = every.decide(asked)
    return found


def off_means_off(one: Subject) -> Iterator[FileProblem]:
    """Where a portal does not enable the plugin, nothing of it is there: no contribution, no reason, no event."""
    without: Dispatcher = one.runtime.dispatcher([n for n in one.runtime.modules if n != one.name])
    hooks = one.runtime.hooks_of(one.name)
    for hook in hooks:
        plain = hook in specs.CONTRIBUTIONS and not inspect.signature(getattr(one.module, hook)).parameters
        if plain and any(plugin == one.name for plugin, _answer in without.by_plugin(hook)):
            yield _at(one, hook, "answers where it is off")
        if hook in specs.EVENTS and one.name in without.listeners(hook):
            yield _at(one, hook, "is told where it is off")
    for asked in _asked(one, [dt.date(2026, 11, 21)]):
        if any(reason.source == one.name for reason in without.decide(asked).reasons):
            yield _at(one, asked.name, "decides where it is off")
            return


def translations_are_complete(one: Subject) -> Iterator[FileProblem]:
    """Each language for which there is a folder in `translations/` has every text of the plugin."""
    texts = _texts(one.folder)
    for path in sorted((one.folder / "translations").glob("*/LC_MESSAGES/*.po")):
        language = path.parent.parent.name
        if path.stem != one.name:
            yield FileProblem(path, 1, f"the file is read under the name {one.name}.po only")
            continue
        with path.open("rb") as file:
            catalogue = pofile.read_po(file, locale=language)
        for (msgid, context), (source, line) in texts.items():
            entry = catalogue.get(msgid, context)
            if entry is None or not entry.string:
                yield FileProblem(source, line, f"not translated into {language}: “{msgid}”")
            elif entry.fuzzy:
                yield FileProblem(path, entry.lineno or 1, f"marked as fuzzy: “{msgid}”")
            elif set(PLACEHOLDER.findall(msgid)) != set(PLACEHOLDER.findall(str(entry.string))):
                yield FileProblem(path, entry.lineno or 1, f"other placeholders than “{msgid}”")


def _texts(folder: Path) -> dict[tuple[str, str | None], tuple[Path, int]]:
    found: dict[tuple[str, str | None], tuple[Path, int]] = {}
    for path in sorted(folder.rglob("*.py")):
        with path.open("rb") as file:
            for line, message, _comments, context in extract.extract("python", file, KEYWORDS):
                msgid = message if isinstance(message, str) else next((m for m in reversed(message) if m), "")
                if msgid:
                    found.setdefault((msgid, context), (path, line))
    return found


def imports_are_the_promise(one: Subject) -> Iterator[FileProblem]:
    """Of core only `core.plugin_api` (and `core.testing` in tests), of other plugins nothing; rules import nothing impure."""
    others = {e.module for e in entry_points() if e.name != one.name}
    tests = one.project / "tests" if one.project is not None else None
    files = [(p, False) for p in sorted(one.folder.rglob("*.py"))]
    files += [(p, True) for p in sorted(tests.rglob("*.py"))] if tests is not None and tests.is_dir() else []
    for path, testing in files:
        for line, name in imported(path):
            if name.split(".")[0] == "core" and not _within(name, ALLOWED) and not (testing and _within(name, TESTING)):
                yield FileProblem(path, line, f"imports {name}: of core only {ALLOWED} may be imported")
            elif any(_within(name, other) for other in others):
                yield FileProblem(path, line, f"imports {name}: plugins meet in hooks, not in imports")
            elif not testing and "rules" in path.relative_to(one.folder).parts[:-1] and name.split(".")[0] in IMPURE:
                yield FileProblem(path, line, f"imports {name}: rules are pure, facts in, decision out")


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """The names that a file imports, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)


def _within(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


CHECKS: tuple[Check, ...] = (
    contributions_hold, codes_are_its_own, decisions_hold, parameters_hold, cases_pass, order_does_not_matter,
    off_means_off, translations_are_complete, imports_are_the_promise,
)  # fmt: skip


def place(one: Subject, problem: FileProblem) -> str:
    """A problem in one line, its path as seen from the plugin's package or project: `name/rules/access.py:12: …`."""
    root, label = one.folder, one.name
    if not problem.path.is_relative_to(root) and one.project is not None:
        root, label = one.project, one.project.name
    inside = problem.path.relative_to(root).as_posix() if problem.path.is_relative_to(root) else problem.path.name
    return f"{label}/{inside}:{problem.line}: {problem.message}"


def problems(one: Subject) -> list[str]:
    """All that is wrong with a plugin, each with file and line; empty when it conforms."""
    return [place(one, problem) for check in CHECKS for problem in check(one)]
