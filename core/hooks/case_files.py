"""Case files: a country's rules as examples that a lawyer can read, asked of the plugin and compared.

A file is a list of cases, or a mapping with `cases:`. A case holds what `core.hooks.asking` knows (question, at, service,
patient, professional, facts), `id` or `name`, a `note`, `plugins` (which are enabled; default: all installed), `settings`
(the plugin's section of tenant.yaml), and `expect`: `effect`, and as far as they matter `rules` and `codes` of the reasons,
`values`, `obligations` (codes) and `missing` (facts).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import yaml_lines
from core.hooks import asking
from core.hooks.asking import BadCase
from core.hooks.decisions import Decision, Effect, Question
from core.hooks.parameters import FileProblem

ASKED = ("at", "question", "service", "patient", "professional", "facts")
CASE = ("id", "name", "note", *ASKED, "plugins", "settings", "expect")
EXPECT = ("effect", "rules", "codes", "values", "obligations", "missing")
_LISTS = ("rules", "codes", "obligations", "missing")
LEAST_WORDS = 20  # characters: a shorter message tells a patient nothing
Ask = Callable[[Question], Decision]


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a file. `data` is the case as written, `question` the same as rules are asked."""

    path: Path
    line: int
    name: str
    question: Question
    expect: Mapping[str, Any]
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """What was expected of an answer, and what was got: `what` is effect, rules, codes, values, obligations, missing…"""

    what: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.what}: {self.expected} expected, {self.got} got"


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that was not answered as expected."""

    case: Case
    differences: tuple[Difference, ...]


def files_of(folder: Path) -> list[Path]:
    """The case files of a plugin's folder, in order of name."""
    return sorted((folder / "cases").glob("*.yaml"))


def read(path: Path, enabled: Iterable[str] = ()) -> tuple[list[Case], list[FileProblem]]:
    """The cases of a file, and what is wrong with the others, each with its line.

    `enabled` are the plugins of a case that names none.
    """
    try:
        lined = yaml_lines.load_file(path)
    except yaml_lines.YamlProblem as error:
        return [], [FileProblem(path, error.line, str(error))]
    except UnicodeDecodeError as error:
        return [], [FileProblem(path, error.object[: error.start].count(b"\n") + 1, "not UTF-8 text")]
    rows: Any = lined.data
    where: tuple[str | int, ...] = ()
    if isinstance(rows, Mapping) and "cases" in rows:
        odd = [k for k in rows if k not in ("cases", "note")]
        if odd:
            return [], [FileProblem(path, lined.line((odd[0],)), f"{odd[0]} is not known; known: cases, note")]
        rows, where = rows["cases"], ("cases",)
    if not isinstance(rows, list):
        return [], [FileProblem(path, lined.line(where), "a list of cases is expected, or a mapping with `cases:`")]
    cases: list[Case] = []
    problems: list[FileProblem] = []
    lines: dict[str, int] = {}
    for index, data in enumerate(rows):
        line = lined.line((*where, index))
        try:
            question = question_of(data, enabled)
            name = name_of(data)
            if name in lines:
                raise BadCase(f"the case of line {lines[name]} has this name too")
        except BadCase as error:
            label = f"{name_of(data)}: " if isinstance(data, Mapping) and name_of(data) else ""
            problems.append(FileProblem(path, line, f"{label}{error}"))
            continue
        lines[name] = line
        cases.append(Case(path, line, name, question, data["expect"], data))
    return cases, problems


def name_of(data: Mapping[str, Any]) -> str:
    """How a case is called: its `id`, else its `name`, else ""."""
    return str(data.get("id") or data.get("name") or "")


def question_of(data: Any, enabled: Iterable[str] = ()) -> Question:
    """A case as a question, with its plugins and settings. Raises BadCase naming what is wrong, in `expect` too."""
    if not isinstance(data, Mapping):
        raise BadCase("a case is a mapping of keys to values")
    asking.known_keys(data, CASE, "")
    if not name_of(data):
        raise BadCase("id: the case has no name")
    _expected(data.get("expect"))
    settings, plugins = data.get("settings") or {}, data.get("plugins")
    if not isinstance(settings, Mapping):
        raise BadCase("settings: a mapping is wanted, as under `plugins:` in tenant.yaml")
    if plugins is not None and not _texts(plugins):
        raise BadCase("plugins: a list of names is wanted")
    question = asking.question_of({key: data.get(key) for key in ASKED})
    return dataclasses.replace(
        question, settings=settings, plugins=frozenset(plugins if plugins is not None else enabled)
    )


def _expected(expect: Any) -> None:
    if not isinstance(expect, Mapping):
        raise BadCase("expect: what is expected is missing, at least its `effect`")
    asking.known_keys(expect, EXPECT, "expect.")
    if expect.get("effect") not in tuple(Effect):
        raise BadCase(f"expect.effect: {expect.get('effect')!r}; allowed: {', '.join(Effect)}")
    for key in _LISTS:
        if key in expect and not _texts(expect[key]):
            raise BadCase(f"expect.{key}: a list of texts is wanted")
    if "values" in expect and not isinstance(expect["values"], Mapping):
        raise BadCase("expect.values: a mapping is wanted")


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def differences(expect: Mapping[str, Any], decision: Decision) -> tuple[Difference, ...]:
    """What differs from what is expected: the effect; then what the case names of rules, codes, missing, values, obligations.

    Rules, codes and obligations are compared as sets, missing facts in their order, values exactly. Words are looked at
    too: a message that is hardly one tells a patient nothing.
    """
    found: list[Difference] = []

    def compare(what: str, expected: Any, got: Any) -> None:
        if _plain(expected) != _plain(got):
            found.append(Difference(what, asking.written(expected), asking.written(got)))

    reasons = decision.reasons
    if str(decision.effect) != str(expect["effect"]):
        said = "; ".join(str(r.message) for r in reasons)
        found.append(Difference("effect", str(expect["effect"]), f"{decision.effect}" + (f" ({said})" if said else "")))
    if "rules" in expect:
        compare("rules", sorted(set(expect["rules"])), sorted({r.rule or "none" for r in reasons}))
    if "codes" in expect:
        compare("codes", sorted(set(expect["codes"])), sorted({r.code for r in reasons}))
    if "missing" in expect:
        got = [r.message.params.get("fact", "") for r in reasons if r.code == "missing_fact"]
        compare("missing", list(expect["missing"]), got)
    if "values" in expect:
        compare("values", dict(expect["values"]), dict(decision.values))
    if "obligations" in expect:
        compare("obligations", sorted(set(expect["obligations"])), sorted({o.code for o in decision.obligations}))
    found += [
        Difference("words", f"a message of more than {LEAST_WORDS} characters", str(r.message))
        for r in reasons
        if len(str(r.message)) <= LEAST_WORDS
    ]
    return tuple(found)


def _plain(value: Any) -> Any:
    return asking.parse(asking.written(value))


def run(cases: Iterable[Case], ask: Callable[[Case], Decision]) -> list[Failure]:
    """Ask every case and compare; one that raises is a failure too, and the rest goes on."""
    failures = []
    for case in cases:
        try:
            found = differences(case.expect, ask(case))
        except Exception as error:
            found = (Difference("effect", str(case.expect["effect"]), f"{type(error).__name__}: {error}"),)
        if found:
            failures.append(Failure(case, found))
    return failures


def unruled(case: Case, decision: Decision) -> str:
    """What a refusal lacks, or "": each of its reasons names a rule, but for facts that are missing; and the case says which."""
    if decision.effect is not Effect.DENY:
        return ""
    bare = sorted(
        {r.code for r in decision.reasons if r.effect is Effect.DENY and r.code != "missing_fact" and not r.rule}
    )
    if bare:
        return f"{case.name}: refused without naming a rule: {', '.join(bare)}"
    if not any(case.expect.get(key) for key in ("rules", "codes", "missing")):
        return f"{case.name}: a refusal is expected, but neither rules nor codes nor missing facts say which"
    return ""


def asker(module: Any) -> Callable[[Case], Decision]:
    """Ask a plugin's own hooks. A question that it does not answer raises BadCase."""

    def ask(case: Case) -> Decision:
        hook: Ask | None = getattr(module, case.question.name, None)
        if hook is None:
            raise BadCase(f"the plugin does not answer {case.question.name}")
        return hook(case.question)

    return ask
