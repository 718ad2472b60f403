"""What holds for the contributions of any plugin, one check a hook. AssertionError says what is broken."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, get_args
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError

from core.hooks import types as t
from core.testing.contract import is_code, need, says

Ask = Callable[..., Any]
ODD = ("", " ", "0", "-.-", "1" * 500, "\x00", "'; --", "é", "٣٤")
HELPERS = {"general", "ambulance", "fire", "police", "accessible", "on_duty", "listening"}


def _typed(found: Any, kind: type) -> list[Any]:
    items = list(found)
    for item in items:
        need(isinstance(item, kind), f"{type(item).__name__} was given, {kind.__name__} is wanted")
    return items


def _once(values: list[Any], what: str) -> None:
    twice = sorted({str(v) for v in values if values.count(v) > 1})
    need(not twice, f"{what} given twice: {', '.join(twice)}")


def _config_schema(plugin: str, ask: Ask) -> None:
    schema = ask()
    need(isinstance(schema, type) and issubclass(schema, Schema), "a marshmallow Schema class is wanted")
    try:
        schema().load({"no_such_key": 1})
    except ValidationError:
        pass
    else:
        raise AssertionError("unknown keys are not refused: set `unknown = RAISE`")
    schema().load({})
    for name, field in schema().fields.items():
        need(len(field.metadata.get("description", "")) > 10, f"{name}: metadata `description` is missing")
        need("example" in field.metadata, f"{name}: metadata `example` is missing")
        wrong = schema().validate({name: field.metadata["example"]}, partial=True)
        need(not wrong, f"{name}: its own example is refused")


def _categories(plugin: str, ask: Ask) -> None:
    kinds = set(get_args(t.Condition.__annotations__["kind"])) or None
    for one in _typed(ask(), t.Category):
        is_code(one.code)
        says(plugin, one.label)
        says(plugin, one.description)
        need(one.conditions, f"{one.code}: a category without conditions takes everybody")
        need(kinds is None or {c.kind for c in one.conditions} <= kinds, f"{one.code}: a condition of no known kind")
    _once([c.code for c in ask()], "a category")


def _patient_statuses(plugin: str, ask: Ask) -> None:
    for one in _typed(ask(), t.Status):
        is_code(one.code)
        says(plugin, one.label)
        says(plugin, one.description)
        need(one.categories, f"{one.code}: no category can carry it")
        need(any(c.kind == "declared" for c in one.conditions), f"{one.code}: a status is never assumed, but declared")
    _once([s.code for s in ask()], "a status")


def _identifier_types(plugin: str, ask: Ask) -> None:
    for one in _typed(ask(), t.IdentifierType):
        is_code(one.code)
        says(plugin, one.label)
        need(one.holder in ("patient", "professional"), f"{one.code}: holder {one.holder!r}")
        need(one.example.strip(), f"{one.code}: an example is missing")
        for typed in (*ODD, one.example):
            checked = one.check(typed)
            need(isinstance(checked, t.Checked), f"{one.code}: the check gives {type(checked).__name__}, not Checked")
            if typed in ODD:
                need(not checked.ok, f"{one.code}: {typed[:12]!r} is accepted")
                says(plugin, checked.error)
            elif checked.ok:
                again = one.check(checked.value)
                need(again.ok and again.value == checked.value, f"{one.code}: its normal form has another normal form")
    _once([i.code for i in ask()], "an identifier")


def _document_types(plugin: str, ask: Ask) -> None:
    for one in _typed(ask(), t.DocumentType):
        is_code(one.code)
        says(plugin, one.label)
        need(one.holder in ("patient", "professional"), f"{one.code}: holder {one.holder!r}")
        if one.help is not None:
            says(plugin, one.help)
    _once([d.code for d in ask()], "a document")


def _practice_countries(plugin: str, ask: Ask) -> None:
    for one in _typed(ask(), t.PracticeCountry):
        need(re.fullmatch(r"[A-Z]{2}", one.country), f"{one.country!r}: two capital letters are wanted")
        says(plugin, one.label)
        need(one.register is None or one.register in one.identifiers, f"{one.register} is not asked for")
    _once([p.country for p in ask()], "a country")


def _services(plugin: str, ask: Ask) -> None:
    for one in _typed(ask(), t.Service):
        is_code(one.code)
        says(plugin, one.label)
        says(plugin, one.description)
        need(one.channel in ("in_person", "message", "video", "phone"), f"{one.code}: channel {one.channel!r}")
        care = ("in_person", "tele_advice", "teleconsultation")
        need(one.care_class in care, f"{one.code}: class of care {one.care_class!r}")
        need((one.channel == "in_person") == (one.care_class == "in_person"), f"{one.code}: channel and care differ")
    _once([s.code for s in ask()], "a service")


def _specialties(plugin: str, ask: Ask) -> None:
    for one in _typed(ask(), t.Specialty):
        is_code(one.code)
        says(plugin, one.label)
        need(isinstance(one.medical, bool), f"{one.code}: medical is true or false")
    _once([s.code for s in ask()], "a specialty")


def _holidays(plugin: str, ask: Ask) -> None:
    countries = ("AT", "BE", "CH", "DE", "ES", "FR", "IT", "LU", "NL", "XE")
    for year in (1990, 2024, 2026, 2040):
        for country in countries:
            days = _typed(ask(country, year), t.Holiday)
            for day in days:
                need(day.country == country, f"{day.date}: a day of {day.country} for {country}")
                need(day.date.year == year, f"{day.date} is not of {year}")
                need(day.name.strip(), f"{day.date} has no name")
            _once([d.date for d in days], f"{country} {year}: a day")
    need(len([c for c in countries if ask(c, 2026)]) <= 1, "the days of one country only are a plugin's own")
    need(not ask("ZZ", 2026), "a country that does not exist has holidays")


def _emergency_numbers(plugin: str, ask: Ask) -> None:
    found = _typed(ask(), t.EmergencyNumber)
    need(found, "no number at all")
    for one in found:
        need(re.fullmatch(r"[0-9 ]{2,16}", one.number), f"{one.number!r} cannot be dialled")
        need(one.kind in HELPERS, f"{one.number}: kind {one.kind!r}")
        says(plugin, one.label)
    first = min(found, key=lambda n: n.weight)
    need(first.kind in ("general", "ambulance"), f"{first.number} comes first and does not help at once")
    _once([(n.country, n.number) for n in found], "a number")


def _legal_references(plugin: str, ask: Ask) -> None:
    for one in _typed(ask(), t.LegalReference):
        need(one.topic in ("applicable_law", "data_protection", "force_majeure"), f"topic {one.topic!r}")
        need(one.citation.strip(), f"{one.topic} of {one.party}: no citation")
        says(plugin, one.label)
        need(one.url is None or one.url.startswith("https://"), f"{one.url} is not https")


def _go_live_checks(plugin: str, ask: Ask) -> None:
    for one in _typed(ask({}), t.GoLiveCheck):
        need(one.key.strip(), "a check without key")
        says(plugin, one.message)


def _processing_entries(plugin: str, ask: Ask) -> None:
    for one in _typed(ask(), t.ProcessingEntry):
        is_code(one.code)
        for words in (one.purpose, one.legal_basis, one.data, one.recipients, one.retention):
            says(plugin, words)
    _once([e.code for e in ask()], "an entry")


def _navigation(plugin: str, ask: Ask) -> None:
    for one in _typed(ask(), t.NavigationEntry):
        is_code(one.code)
        says(plugin, one.label)
        need(one.roles, f"{one.code}: shown to nobody")
        need(one.endpoint.startswith(f"{plugin}."), f"{one.code}: {one.endpoint} is not the plugin's own page")


def _blueprints(plugin: str, ask: Ask) -> None:
    for one in ask():
        need(one.name.startswith(plugin), f"the blueprint {one.name} does not begin with {plugin}")


def _message_templates(plugin: str, ask: Ask) -> None:
    for one in _typed(ask(), t.MessageTemplate):
        is_code(one.code)
        need(one.code.startswith(plugin), f"{one.code} does not begin with {plugin}")
        says(plugin, one.subject)


def _identity_providers(plugin: str, ask: Ask) -> None:
    for one in _typed(ask(), t.IdentityProvider):
        is_code(one.code)
        says(plugin, one.label)
        need("openid" in one.scopes, f"{one.code}: the scope openid is missing")
        for site in one.sites.values():
            for address in (site.issuer, site.discovery):
                need(urlsplit(address).scheme == "https", f"{one.code}: {address} is not https")
        need(not one.acr_asked or one.acr_asked in one.acr, f"{one.code}: it asks for a level that it does not accept")
        for since, levels in one.two_factors.items():
            need(
                type(since) is dt.date and set(levels) <= set(one.acr), f"{one.code}: two_factors names unknown levels"
            )
        need(one.number is None or one.number({}) is None, f"{one.code}: a number where no claim is")


def _dashboard_cards(plugin: str, ask: Ask) -> None:
    for one in _typed(ask(), t.DashboardCard):
        is_code(one.code)
        need(one.roles, f"{one.code}: shown to nobody")


def _periodic_jobs(plugin: str, ask: Ask) -> None:
    for one in _typed(ask(), t.PeriodicJob):
        is_code(one.code)
        need(one.every_seconds > 0, f"{one.code}: every {one.every_seconds} seconds")


CHECKS: Mapping[str, Callable[[str, Ask], None]] = {
    name[1:]: check
    for name, check in list(globals().items())
    if name.startswith("_") and not name.startswith("__") and name not in ("_typed", "_once") and callable(check)
}
