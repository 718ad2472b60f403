"""The one place that calls plugins: discovery, the per-tenant switch, error isolation, order independence."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pluggy
from packaging.specifiers import SpecifierSet

from core import i18n
from core.hooks import contradictions, specs
from core.hooks.decisions import NOT_APPLICABLE, Decision, Effect, Question, Reason, combine, deny
from core.hooks.types import Event
from core.messages import _

log = logging.getLogger("portico.plugins")
ENTRY_POINTS = "portico.plugins"
BUILTIN = "core"


def entry_points() -> list[importlib.metadata.EntryPoint]:
    """The installed plugins, by name, none imported yet."""
    return sorted(importlib.metadata.entry_points(group=ENTRY_POINTS), key=lambda e: e.name)


class PluginProblem(Exception):
    """Plugins that cannot be used, all reported together: `problems` holds one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class PluginError:
    """One failure of a plugin, kept for the operator's console."""

    plugin: str
    hook: str
    error: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class _Implementation:
    plugin: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]


class PluginRuntime:
    """All installed plugins. `dispatcher(enabled, settings)` gives one tenant's view of them."""

    def __init__(self) -> None:
        self._pm = pluggy.PluginManager(specs.PROJECT)
        for family in specs.FAMILIES.values():
            self._pm.add_hookspecs(family)
        self._callers: dict[frozenset[str], dict[str, tuple[_Implementation, ...]]] = {}
        self._lock = threading.Lock()
        self.errors: deque[PluginError] = deque(maxlen=500)
        self.error_counts: dict[tuple[str, str], int] = {}
        self.modules: dict[str, Any] = {}
        self._categories: dict[str, str] = {}
        self.on_error: Callable[[PluginError], None] | None = None

    # -- registration ------------------------------------------------------------------------------------------

    def register(self, plugin: Any, name: str) -> None:
        """Register one plugin.

        Raises PluginProblem for a duplicate name or patient category, a version mismatch or a hook wrapper.
        """
        problems = self._problems_of(plugin, name)
        if problems:
            raise PluginProblem(problems)
        try:
            self._pm.register(plugin, name)
        except (ValueError, pluggy.PluginValidationError) as error:
            raise PluginProblem([f"plugin {name}: {error}"]) from error
        for caller in self._pm.get_hookcallers(plugin) or []:
            for impl in caller.get_hookimpls():
                if impl.plugin is plugin and (impl.wrapper or impl.hookwrapper):
                    self._pm.unregister(plugin)
                    raise PluginProblem(
                        [f"plugin {name}: hook {caller.name} is a wrapper; wrappers are not part of the contract"]
                    )
        own = self._categories_of(plugin)
        taken = [
            f"plugin {name}: the patient category {code} is {self._categories[code]}'s already; one category, one plugin"
            for code in own
            if code in self._categories
        ]
        if taken:
            self._pm.unregister(plugin)
            raise PluginProblem(taken)
        self._categories.update(dict.fromkeys(own, name))
        self.modules[name] = plugin
        self._callers.clear()
        words = Path(getattr(plugin, "__file__", None) or ".").parent / "translations"
        if name != BUILTIN and words.is_dir() and getattr(plugin, "__file__", None):
            i18n.add_domain(name, words)

    def _problems_of(self, plugin: Any, name: str) -> list[str]:
        problems = []
        if name in self.modules:
            problems.append(f"plugin {name}: another plugin has that name")
        if name != BUILTIN:
            wanted = getattr(plugin, "portico_api", None)
            if not wanted:
                problems.append(
                    f'plugin {name}: `portico_api` is missing; say which API versions it works with, such as ">=1.0,<2"'
                )
            elif not SpecifierSet(wanted).contains(specs.API_VERSION):
                problems.append(f"plugin {name}: works with API {wanted}, this Portico offers {specs.API_VERSION}")
            if not getattr(plugin, "version", None):
                problems.append(f"plugin {name}: `version` is missing")
        return problems

    def _categories_of(self, plugin: Any) -> list[str]:
        contribute = getattr(plugin, "categories", None)
        if contribute is None or not any(i.plugin is plugin for i in self._pm.hook.categories.get_hookimpls()):
            return []
        try:
            return sorted({c.code for c in contribute()})
        except Exception:  # told to the operator when it is asked in earnest
            return []

    def discover(self) -> None:
        """Register every installed entry point, then check that no hook is misspelt. Reports all problems at once."""
        problems: list[str] = []
        for entry in entry_points():
            try:
                self.register(entry.load(), entry.name)
            except PluginProblem as problem:
                problems += problem.problems
            except Exception as error:  # an import that fails is the plugin's, reported with its name
                problems.append(f"plugin {entry.name}: {type(error).__name__}: {error}")
        problems += self.pending()
        if problems:
            raise PluginProblem(problems)

    def pending(self) -> list[str]:
        """Implementations of hooks that do not exist: misspelt names, one line each."""
        try:
            self._pm.check_pending()
        except pluggy.PluginValidationError as error:
            return [str(error)]
        return []

    def names(self) -> list[str]:
        """Installed plugins, without core itself."""
        return sorted(n for n in self.modules if n != BUILTIN)

    def hooks_of(self, name: str) -> list[str]:
        """The hooks that a plugin implements."""
        return sorted(c.name for c in self._pm.get_hookcallers(self.modules[name]) or [])

    def implementation(self, name: str, hook: str) -> Callable[..., Any]:
        """What a plugin answers a hook with, to be called with the hook's arguments by name. Raises KeyError."""
        for impl in getattr(self._pm.hook, hook).get_hookimpls():
            if impl.plugin_name == name:
                return lambda **arguments: impl.function(*(arguments[a] for a in impl.argnames))
        raise KeyError(f"{name} does not implement {hook}")

    # -- calling -----------------------------------------------------------------------------------------------

    def dispatcher(self, enabled: Iterable[str], settings: Mapping[str, Mapping[str, Any]] | None = None) -> Dispatcher:
        """The view of one tenant revision: its plugins only, with its settings. Callers are shared by plugin set."""
        wanted = frozenset(enabled) | {BUILTIN}
        with self._lock:
            table = self._callers.get(wanted)
            if table is None:
                table = {
                    hook: self._implementations(hook, wanted)
                    for family in specs.FAMILIES.values()
                    for hook in specs._names(family)
                }
                self._callers[wanted] = table
        return Dispatcher(self, wanted, table, settings or {})

    def installed(self) -> Dispatcher:
        """A view of all installed plugins: for schemas, blueprints and migrations, never for a tenant's answers."""
        return self.dispatcher(self.modules)

    def _implementations(self, hook: str, enabled: frozenset[str]) -> tuple[_Implementation, ...]:
        impls = getattr(self._pm.hook, hook).get_hookimpls()
        found = [
            _Implementation(i.plugin_name, i.function, tuple(i.argnames)) for i in impls if i.plugin_name in enabled
        ]
        return tuple(sorted(found, key=lambda i: i.plugin))

    def record_error(self, plugin: str, hook: str, error: BaseException) -> None:
        """Log, count and keep a plugin's failure. The message of the exception may hold data: only its type is kept."""
        entry = PluginError(plugin, hook, type(error).__name__, dt.datetime.now(dt.UTC))
        log.error("plugin failed", exc_info=error, extra={"plugin": plugin, "hook": hook})
        self.errors.append(entry)
        self.error_counts[(plugin, hook)] = self.error_counts.get((plugin, hook), 0) + 1
        if self.on_error is not None:
            self.on_error(entry)


class Dispatcher:
    """Calls hooks for one tenant revision. Cheap to keep, safe to share between threads."""

    __slots__ = ("_memo", "_runtime", "_table", "_unavailable", "enabled", "settings")

    def __init__(
        self,
        runtime: PluginRuntime,
        enabled: frozenset[str],
        table: Mapping[str, tuple[_Implementation, ...]],
        settings: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._runtime = runtime
        self._table = table
        self._memo: dict[Any, tuple[Any, ...]] = {}
        self._unavailable: frozenset[str] | None = None
        self.enabled = enabled
        self.settings = settings

    def is_on(self, plugin: str) -> bool:
        return plugin in self.enabled

    def failed(self, plugin: str, hook: str, error: BaseException) -> None:
        """Note that what a plugin contributed to a hook failed when it was used: logged, counted, shown to the operator."""
        self._runtime.record_error(plugin, hook, error)

    def by_plugin(self, hook: str, **arguments: Any) -> list[tuple[str, Any]]:
        """(plugin, answer) of each plugin, failures left out, logged and counted."""
        answers = []
        for impl in self._table[hook]:
            try:
                answers.append((impl.plugin, impl.function(*(arguments[a] for a in impl.arguments))))
            except Exception as error:
                self._runtime.record_error(impl.plugin, hook, error)
        return answers

    def collect(self, hook: str, **arguments: Any) -> tuple[Any, ...]:
        """All contributions of a hook in one flat tuple, sorted by weight, plugin, code; kept per dispatcher."""
        key = (hook, tuple(sorted(arguments.items()))) if _hashable(arguments) else None
        if key is not None and key in self._memo:
            return self._memo[key]
        rows: list[tuple[int, str, str, int, Any]] = []
        for plugin, answer in self.by_plugin(hook, **arguments):
            for item in answer or ():
                rows.append((getattr(item, "weight", 100), plugin, str(getattr(item, "code", "")), len(rows), item))
        rows.sort(key=lambda r: r[:4])
        result = tuple(r[4] for r in rows)
        if key is not None:
            self._memo[key] = result
        return result

    def decide(self, question: Question) -> Decision:
        """Ask every enabled plugin and combine. A plugin that raises or answers nonsense is a deny `plugin_error`.

        Facts that contradict each other are refused beside what the plugins say (`core.hooks.contradictions`).
        """
        if question.name not in specs.DECISIONS:
            raise KeyError(f"no such question: {question.name}")
        answers = [self._answer(impl, question) for impl in self._table[question.name]]
        said = {r.code for a in answers for r in a.reasons}
        more = contradictions.found(question, self._closed(), self.settings.get(BUILTIN, {}))
        answers += [Decision(Effect.DENY, (reason,)) for reason in more if reason.code not in said]
        return combine(question, answers)

    def _closed(self) -> frozenset[str]:
        if self._unavailable is None:
            self._unavailable = contradictions.unavailable(self.collect("categories"), self.enabled)
        return self._unavailable

    def _answer(self, impl: _Implementation, question: Question) -> Decision:
        try:
            own = Question(
                question.name, question.at, question.service, question.patient, question.professional, question.facts,
                self.enabled, self.settings.get(impl.plugin, {}),
            )  # fmt: skip
            answer = impl.function(own) if impl.arguments else impl.function()
            if answer is None:
                return NOT_APPLICABLE
            if not isinstance(answer, Decision):
                raise TypeError(f"a decision is wanted, {type(answer).__name__} was given")
            return answer
        except Exception as error:
            self._runtime.record_error(impl.plugin, question.name, error)
            return deny(
                Reason(
                    "plugin_error",
                    impl.plugin,
                    _("A rule of this portal could not be checked. Nothing is allowed until it can."),
                )
            )

    def listeners(self, event_name: str) -> tuple[str, ...]:
        """The enabled plugins that want to be told of an event."""
        return tuple(i.plugin for i in self._table.get(event_name, ()))

    def tell(self, plugin: str, event: Event) -> None:
        """Tell one plugin of one event; raises what the plugin raises (the outbox retries)."""
        for impl in self._table[event.name]:
            if impl.plugin == plugin:
                impl.function(*(event for _a in impl.arguments))


def _hashable(arguments: Mapping[str, Any]) -> bool:
    return all(isinstance(v, (str, int, dt.date)) for v in arguments.values())
