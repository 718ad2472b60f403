"""The contract of hooks: the plugin loads, its hooks exist and are marked, take what is documented, and answer in shape."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from marshmallow import ValidationError

from core.hooks import specs, types
from core.hooks.registers import RegisterFormat
from core.nearest import nearest
from core.testing.subject import Finding, Subject

ALL = specs.CONTRIBUTIONS | specs.DECISIONS | specs.EVENTS | specs.FORMATS
# What the items of each contribution are; `config_schema` and `blueprints` have checks of their own.
ITEMS: Mapping[str, type] = {
    "categories": types.Category,
    "patient_statuses": types.Status,
    "identifier_types": types.IdentifierType,
    "document_types": types.DocumentType,
    "practice_countries": types.PracticeCountry,
    "services": types.Service,
    "specialties": types.Specialty,
    "register_formats": RegisterFormat,
    "health_registers": types.HealthRegister,
    "holidays": types.Holiday,
    "emergency_numbers": types.EmergencyNumber,
    "legal_references": types.LegalReference,
    "go_live_checks": types.GoLiveCheck,
    "prescription_mentions": types.PrescriptionMention,
    "pharmacy_spaces": types.PharmacySpace,
    "processing_entries": types.ProcessingEntry,
    "navigation": types.NavigationEntry,
    "dashboard_cards": types.DashboardCard,
    "periodic_jobs": types.PeriodicJob,
    "message_templates": types.MessageTemplate,
    "identity_providers": types.IdentityProvider,
    "channel_providers": types.ChannelProvider,
    "file_scanners": types.FileScanner,
    "video_providers": types.VideoProvider,
    "funds": types.Fund,
    "agenda_formats": types.AgendaFormat,
    "api_topics": types.ApiTopic,
}
YEAR = 2026
LEAST_WORDS = 10  # characters: a shorter description tells an operator nothing


def loads(subject: Subject) -> Iterator[Finding]:
    """The plugin is imported and registered beside all others, and starts nothing by itself."""
    for problem in subject.problems:
        yield Finding(
            "loads",
            subject.folder.name,
            problem,
            "mend what is named; nothing else can be asked before the plugin loads",
        )
    for thread in subject.started:
        yield Finding(
            "loads",
            f"{subject.folder.name}/__init__.py",
            f"the import starts a thread, {thread}",
            "do the work in a periodic job or when an event is told",
        )


def hooks(subject: Subject) -> Iterator[Finding]:
    """Every hook is marked, named as one that exists, described in the manual, and takes arguments that it has."""
    file = "__init__.py"
    module = subject.module
    if not (module.__doc__ or "").strip():
        yield Finding("hooks", f"{file}:1", "the plugin does not say what it is", "begin with a docstring of one line")
    marked = set(subject.hooks())
    if not marked:
        yield Finding("hooks", file, "no hook is answered", "write `@hookimpl` above each function that is a hook")
    for name, value in vars(module).items():
        if not inspect.isfunction(value) or value.__module__ != module.__name__:
            continue
        where = f"{file}:{value.__code__.co_firstlineno} {name}"
        if name in ALL and name not in marked:
            yield Finding("hooks", where, "it is named as a hook and not marked: nobody calls it", "add `@hookimpl`")
        close = nearest(name, ALL) if name not in ALL and not name.startswith("_") and not _is_marked(value) else ""
        if close and close not in marked and not _used_inside(module, name):
            yield Finding(
                "hooks",
                where,
                "nobody calls it",
                f"if {close} is meant, name it so and add `@hookimpl`; else call it `_{name}`",
            )
    for hook in sorted(marked):
        yield from _signature(subject, hook)


def _is_marked(function: Callable[..., Any]) -> bool:
    return hasattr(function, f"{specs.PROJECT}_impl")


def _used_inside(module: Any, name: str) -> bool:
    return any(name in f.__code__.co_names for f in vars(module).values() if inspect.isfunction(f))


def _signature(subject: Subject, hook: str) -> Iterator[Finding]:
    function = getattr(subject.module, hook, None)
    if not inspect.isfunction(function):
        return
    where = f"__init__.py:{function.__code__.co_firstlineno} {hook}"
    allowed = ", ".join(n for n in inspect.signature(spec_of(hook)).parameters if n != "self") or "none"
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is not parameter.empty:
            fault = "has a default value, and pluggy then never passes it"
        elif parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.POSITIONAL_ONLY):
            fault = "is not passed by pluggy"
        else:
            continue
        yield Finding("hooks", where, f"the argument {name} {fault}", f"write it plainly; {hook} has: {allowed}")
    returns = function.__annotations__.get("return")
    if hook in specs.EVENTS and returns not in (None, "None"):
        yield Finding("hooks", where, f"an event is told and {returns!s} is returned", "return nothing")
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        yield Finding(
            "hooks", where, "it is a coroutine or a generator", "write a plain function that returns its answer"
        )


def spec_of(hook: str) -> Callable[..., Any]:
    """The specification of a hook, whose docstring is its manual."""
    for family in specs.FAMILIES.values():
        if hook in vars(family):
            found: Callable[..., Any] = vars(family)[hook]
            return found
    raise KeyError(hook)


def config(subject: Subject) -> Iterator[Finding]:
    """The section of tenant.yaml: strict, whole by its defaults, each field with words and an example that it takes."""
    if "config_schema" not in subject.hooks():
        return
    made = subject.call("config_schema")
    where = f"config_schema ({getattr(made, '__name__', made)})"
    try:
        schema = made()
        schema.load({})
    except ValidationError as error:
        yield Finding(
            "config",
            where,
            f"an empty section is refused: {error.messages}",
            "give every field a `load_default`, none `required`",
        )
    except Exception as error:
        yield Finding("config", where, f"{type(error).__name__}: {error}", "return a marshmallow Schema class")
        return
    if not schema.validate({"no_such_key": 1}):
        yield Finding(
            "config",
            where,
            "an unknown key is accepted: a typo in tenant.yaml stays unseen",
            "set `unknown = RAISE` in class Meta",
        )
    for name, one in schema.fields.items():
        words, example = one.metadata.get("description", ""), one.metadata.get("example")
        if len(str(words)) < LEAST_WORDS:
            yield Finding(
                "config", f"{where}.{name}", "no description", "add metadata={'description': …, 'example': …}"
            )
        if example is None:
            yield Finding("config", f"{where}.{name}", "no example", "add metadata={'description': …, 'example': …}")
        elif wrong := schema.validate({name: example}, partial=True):
            yield Finding(
                "config", f"{where}.{name}", f"its own example is refused: {wrong}", "give an example that it takes"
            )


def contributed(subject: Subject, hook: str) -> list[Any]:
    """The items of a contribution; raises what the plugin raises. The country of `holidays` is asked for all."""
    if hook == "holidays":
        countries = sorted({*countries_of(subject), "ZZ"})
        return [day for c in countries for day in subject.call(hook, country=c, year=YEAR) or ()]
    if hook == "go_live_checks":
        return list(subject.call(hook, config={}) or ())
    if hook == "prescription_mentions":
        return list(subject.call(hook, day=dt.date(YEAR, 1, 1)) or ())
    return list(subject.call(hook) or ())


def countries_of(subject: Subject) -> set[str]:
    """The countries that a plugin speaks of: of its professionals, numbers, emergency numbers, and of its name."""
    found = {subject.name.rpartition("_")[2].upper()} if "_" in subject.name else set()
    for hook in ("practice_countries", "identifier_types", "emergency_numbers"):
        if hook in subject.hooks():
            try:
                found |= {str(getattr(item, "country", "")) for item in subject.call(hook) or ()}
            except Exception:  # told by the check of contributions
                continue
    return {c for c in found if c}
