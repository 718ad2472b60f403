"""What a plugin adds: each item in shape, with words, codes of its own, and naming only what somebody supplies."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args, get_type_hints
from urllib.parse import urlsplit

from core.hooks.types import Checked, Condition
from core.testing import health, machinery
from core.testing.contract import ITEMS, YEAR, contributed, countries_of
from core.testing.machinery import Row
from core.testing.shapes import PLACEHOLDER, messages, wrong_fields, wrong_words
from core.testing.subject import Finding, Subject

NONSENSE = ("", " ", "0", "-.-", "1" * 500, "\x00", "'; --")
CONDITION_KINDS = frozenset(get_args(get_type_hints(Condition)["kind"]))
EMERGENCY_KINDS = frozenset({"general", "ambulance", "fire", "police", "accessible", "on_duty", "listening"})
CHECK = "contributions"


def contributions(subject: Subject) -> Iterator[Finding]:
    """Every contribution is asked and looked at."""
    kept: dict[str, list[Any]] = {}
    for hook in subject.hooks(frozenset(ITEMS)):
        try:
            items = contributed(subject, hook)
            again = contributed(subject, hook)
        except Exception as error:
            yield Finding(
                CHECK,
                hook,
                f"it raises {type(error).__name__}: {error}",
                "return a sequence, empty where there is nothing",
            )
            continue
        kept[hook] = []
        for item in items:
            if type(item) is not ITEMS[hook]:
                yield Finding(
                    CHECK, hook, f"{item!r} was given", f"give values of {ITEMS[hook].__name__} of core.plugin_api"
                )
            else:
                kept[hook].append(item)
        if [_name(i) for i in items] != [_name(i) for i in again]:
            yield Finding(
                CHECK, hook, "asked twice, it answers otherwise", "return the same values, in the same order, each time"
            )
    for hook, items in kept.items():
        for item in items:
            yield from _finding(_whole(subject, hook, item))
        yield from _finding(_once(subject, hook, items))
        special = SPECIAL.get(hook)
        if special is not None:
            yield from _finding(special(subject, items))
    if "blueprints" in subject.hooks():
        yield from _finding(machinery.blueprints(subject))


def _finding(rows: Iterator[Row]) -> Iterator[Finding]:
    return (Finding(CHECK, *row) for row in rows)


def _name(item: Any) -> str:
    for key in ("code", "number", "key", "date", "citation", "country"):
        if hasattr(item, key):
            return str(getattr(item, key))
    return type(item).__name__


def _whole(subject: Subject, hook: str, item: Any) -> Iterator[Row]:
    where = f"{hook} {_name(item)}"
    for name, wrong in wrong_fields(item):
        yield f"{where}.{name}", wrong, f"see {type(item).__name__} in core.plugin_api"
    for name, message in messages(item):
        # What a message is sent with (portal, link, name and its parameters) is there when it is sent.
        filled = hook == "message_templates" and name == "sms"
        wrong = wrong_words(
            replace(message, params={n: n for n in PLACEHOLDER.findall(message.msgid)}) if filled else message,
            subject.name,
        )
        if wrong:
            yield (
                f"{where}.{name}",
                wrong,
                f'make words by `_ = Domain("{subject.name}")`, with a value for each placeholder',
            )


UNIQUE = (
    "categories", "patient_statuses", "identifier_types", "document_types", "services", "identity_providers",
    "channel_providers", "file_scanners", "register_formats", "health_registers", "agenda_formats", "processing_entries",
    "message_templates",
)  # fmt: skip


def _once(subject: Subject, hook: str, items: list[Any]) -> Iterator[Row]:
    own = [_name(i) for i in items]
    if hook in ("specialties", *UNIQUE):
        for code in sorted({c for c in own if own.count(c) > 1}):
            yield f"{hook} {code}", "the code is given twice", "give each its own code"
    if hook in UNIQUE:
        taken = {
            _name(i): n
            for n, found in subject.others.dispatcher(subject.others.modules).by_plugin(hook)
            for i in found or ()
        }
        for code in sorted(set(own) & set(taken)):
            yield (
                f"{hook} {code}",
                f"{taken[code]} has that code already",
                "begin codes with the country or the plugin's name",
            )


# -- what only one kind must hold ------------------------------------------------------------------------------------


def _supplied(subject: Subject, hook: str, holder: str) -> set[str]:
    """Codes of numbers or documents, the plugin's and everybody's."""
    found = subject.loaded.dispatcher(subject.loaded.modules).collect(hook)
    return {i.code for i in found if getattr(i, "holder", holder) == holder}


def _conditions(subject: Subject, hook: str, item: Any) -> Iterator[Row]:
    wanted = {
        "identifier": _supplied(subject, "identifier_types", "patient"),
        "document": _supplied(subject, "document_types", "patient"),
    }
    if not isinstance(item.conditions, tuple):
        yield (
            f"{hook} {item.code}.conditions",
            f"a tuple is wanted, {type(item.conditions).__name__} was given",
            "with one condition a comma is needed: (Condition(…),)",
        )
        return
    for condition in item.conditions:
        if condition.kind not in CONDITION_KINDS:
            yield (
                f"{hook} {item.code}.conditions",
                f"the kind {condition.kind} is not known",
                f"one of {', '.join(sorted(CONDITION_KINDS))}",
            )
        elif condition.value not in wanted.get(condition.kind, {condition.value}):
            yield (
                f"{hook} {item.code}.conditions",
                f"the {condition.kind} {condition.value} is supplied by nobody",
                f"contribute it by {condition.kind}_types, for patients",
            )


def _categories(subject: Subject, items: list[Any]) -> Iterator[Row]:
    for item in items:
        if not item.conditions:
            yield (
                f"categories {item.code}",
                "no condition: everybody would be in it",
                "name the residence, number or document that makes it",
            )
        yield from _conditions(subject, "categories", item)


def _statuses(subject: Subject, items: list[Any]) -> Iterator[Row]:
    known = {c.code for c in subject.loaded.dispatcher(subject.loaded.modules).collect("categories")}
    for item in items:
        where = f"patient_statuses {item.code}"
        if not any(c.kind == "declared" for c in item.conditions):
            yield where, "it is never declared", 'a status is never assumed: add Condition("declared", …)'
        for code in [c for c in item.categories if c not in known]:
            yield where, f"no category is called {code}", f"name categories that exist: {', '.join(sorted(known))}"
        yield from _conditions(subject, "patient_statuses", item)


def _identifiers(subject: Subject, items: list[Any]) -> Iterator[Row]:
    for item in items:
        where, fix = (
            f"identifier_types {item.code}.check",
            "a check takes any text, never raises, and answers with Checked",
        )
        for typed in (item.example, *NONSENSE):
            try:
                checked = item.check(typed)
            except Exception as error:
                yield where, f"{typed[:20]!r} raises {type(error).__name__}: {error}", fix
                continue
            if not isinstance(checked, Checked):
                yield where, f"{typed[:20]!r} gives {checked!r}", fix
            elif checked.ok and typed in NONSENSE:
                yield where, f"{typed[:20]!r} is accepted", "refuse it, in words that say what is expected"
            elif not checked.ok and typed == item.example:
                yield (
                    where,
                    f"its own example, {typed}, is refused: {checked.error}",
                    "give an example that is accepted",
                )
            elif checked.ok and item.check(checked.value) != Checked(checked.value, None, checked.warning):
                yield (
                    where,
                    f"the normal form {checked.value} is not its own normal form",
                    "accept what the check itself gives back",
                )
            elif checked.error is not None and (wrong := wrong_words(checked.error, subject.name)):
                yield where, wrong, "say in words of the plugin what is wrong and what is expected"


def _practice(subject: Subject, items: list[Any]) -> Iterator[Row]:
    numbers, copies = (_supplied(subject, h, "professional") for h in ("identifier_types", "document_types"))
    for item in items:
        for what, named, known in (("identifier", item.identifiers, numbers), ("document", item.documents, copies)):
            for code in [c for c in named if c not in known]:
                yield (
                    f"practice_countries {item.country}",
                    f"the {what} {code} is supplied by nobody",
                    f"contribute it by {what}_types, for professionals",
                )
        if item.register is not None and item.register not in item.identifiers:
            yield (
                f"practice_countries {item.country}.register",
                f"{item.register} is not asked for",
                "name one of `identifiers`, or None",
            )


def _holidays(subject: Subject, items: list[Any]) -> Iterator[Row]:
    if not items:
        yield (
            "holidays",
            f"no day in {YEAR}",
            f"answer for the plugin's own country ({', '.join(sorted(countries_of(subject)))})",
        )
    for day in items:
        if day.date.year != YEAR:
            yield "holidays", f"{day.date} was given for {YEAR}", "give days of the year that is asked for only"
    if list(subject.call("holidays", country="ZZ", year=YEAR) or ()):
        yield (
            "holidays",
            "days are given for a country that is not the plugin's",
            "return () unless `country` is your own",
        )
    told = [(d.country, d.date) for d in items]
    for country, date in sorted({d for d in told if told.count(d) > 1}):
        yield "holidays", f"{date} is given twice for {country}", "give each day once"


def _emergency(_subject: Subject, items: list[Any]) -> Iterator[Row]:
    for item in items:
        where = f"emergency_numbers {item.number}"
        if not re.fullmatch(r"[0-9 ]{2,16}", item.number):
            yield where, "that cannot be dialled", "digits and spaces only"
        if item.kind not in EMERGENCY_KINDS:
            yield where, f"the kind {item.kind} is not known", f"one of {', '.join(sorted(EMERGENCY_KINDS))}"
    if items and min(items, key=lambda n: n.weight).kind not in ("general", "ambulance"):
        yield (
            "emergency_numbers",
            "the first number does not help at once",
            "give the general or ambulance number the lowest weight",
        )


def _references(subject: Subject, items: list[Any]) -> Iterator[Row]:
    known = {c.code for c in subject.loaded.dispatcher(subject.loaded.modules).collect("categories")}
    for item in items:
        where = f"legal_references {item.party}"
        if not item.citation.strip():
            yield where, "no citation", "name the law and the article"
        if item.url is not None and urlsplit(item.url).scheme != "https":
            yield where, f"{item.url} is no https address", "link the official text"
        if item.party not in known and not item.party.startswith("professional:"):
            yield where, "no such category", "a category's code, or professional:<country>"


def _go_live(subject: Subject, items: list[Any]) -> Iterator[Row]:
    config: dict[str, Any] = {"plugins": {subject.name: {}}, "languages": ["en"]}
    before = copy.deepcopy(config)
    try:
        subject.call("go_live_checks", config=config)
    except Exception as error:
        yield (
            "go_live_checks",
            f"a bare configuration raises {type(error).__name__}: {error}",
            "read keys with a default",
        )
    if config != before:
        yield "go_live_checks", "the configuration is changed", "only read it"
    for item in items:
        if not item.key.strip():
            yield "go_live_checks", "an empty key", "name the key of tenant.yaml that is missing"


SPECIAL: Mapping[str, Callable[[Subject, list[Any]], Iterator[Row]]] = {
    "categories": _categories,
    "patient_statuses": _statuses,
    "identifier_types": _identifiers,
    "practice_countries": _practice,
    "holidays": _holidays,
    "emergency_numbers": _emergency,
    "legal_references": _references,
    "go_live_checks": _go_live,
    "navigation": machinery.roles,
    "dashboard_cards": machinery.cards,
    "periodic_jobs": machinery.jobs,
    "message_templates": machinery.mails,
    "register_formats": machinery.registers,
    "health_registers": health.registers,
    "identity_providers": machinery.providers,
    "file_scanners": machinery.scanners,
}
