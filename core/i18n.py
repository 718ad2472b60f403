"""Catalogues and rendering of messages: one gettext domain per plugin, the tenant's own words on top."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from babel.messages import mofile, pofile
from babel.support import Translations

from core.kept_files import KeptFiles
from core.messages import Message, Money, fill

SOURCE_LANGUAGE = "en"
ROOT = Path(__file__).resolve().parent.parent / "translations"
_folders: dict[str, Path] = {}
COMPILED = KeptFiles()
"""Catalogues as they are read fastest, named by what they were made of; in no folder until the application gives one."""

# English is written for Europe: the day before the month, hours to 24.
FORMATS = {"en": "en_GB"}
_PHONE = re.compile(r"\+(33|352|32|49|41|31|39|44)(\d{6,12})\Z")


def add_domain(domain: str, folder: Path) -> None:
    """Tell where an external plugin keeps `<lang>/LC_MESSAGES/<domain>.po`; built-in plugins need no call."""
    _folders[domain] = folder
    catalogue.cache_clear()
    _translated.cache_clear()


@lru_cache(maxsize=256)
def catalogue(domain: str, language: str) -> Translations:
    """The catalogue of one domain in one language, read from its .po (no build step to forget); empty when absent."""
    path = _folders.get(domain, ROOT) / language / "LC_MESSAGES" / f"{domain}.po"
    if not path.is_file():
        return Translations(None)
    source = path.read_bytes()
    name = f"{domain}.{language}.{hashlib.sha256(source).hexdigest()[:16]}.mo"
    kept = COMPILED.read(name)
    if kept is None:
        made = io.BytesIO()
        mofile.write_mo(made, pofile.read_po(io.BytesIO(source), locale=language))
        kept = made.getvalue()
        COMPILED.write(name, kept)
    return Translations(io.BytesIO(kept))


def lookup(
    msgid: str,
    language: str,
    domain: str = "core",
    overrides: Mapping[str, str] | None = None,
    context: str | None = None,
) -> str:
    """The text of a message id: the tenant's word, else the domain's catalogue, else English."""
    if overrides and msgid in overrides:
        return overrides[msgid]
    return _translated(domain, language, context, msgid)


@lru_cache(maxsize=32_768)
def _translated(domain: str, language: str, context: str | None, msgid: str) -> str:
    """The catalogue's text, kept: a page asks for a hundred words, always the same ones."""
    found = catalogue(domain, language)
    text = found.pgettext(context, msgid) if context else found.gettext(msgid)
    return str(text) if text else msgid


def render(message: Message | str, language: str, overrides: Mapping[str, str] | None = None) -> str:
    """A message in a language; dates and messages among its parameters are rendered in that language too."""
    if isinstance(message, str):
        return message
    text = lookup(message.msgid, language, message.domain, overrides, message.context)
    if not message.params:
        return fill(text, message.params)
    return fill(text, {k: _value(v, language, overrides) for k, v in message.params.items()})


def _value(value: Any, language: str, overrides: Mapping[str, str] | None) -> str:
    if isinstance(value, Message):
        return render(value, language, overrides)
    if isinstance(value, Money):
        return money(value.cents, value.currency, language)
    if isinstance(value, dt.datetime):
        return _ordinal(dates.format_datetime(value, "medium", locale=locale(language)), value, language)
    if isinstance(value, dt.date):
        return day(value, language)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return str(numbers.format_decimal(value, locale=locale(language)))


def day(value: dt.date, language: str, style: Literal["full", "long", "medium"] = "long") -> str:
    """A day in words: “21 November 2026”; `full` with its weekday, `medium` with its month cut."""
    return _ordinal(dates.format_date(value, style, locale=locale(language)), value, language)


def weekday(value: dt.date, language: str) -> str:
    """A day without its year, short: “Sat 21 Nov”."""
    return _ordinal(dates.format_skeleton("MMMEd", value, locale=locale(language)), value, language)


def moment(
    instant: dt.datetime, language: str, zone: ZoneInfo, style: Literal["full", "long", "medium"] = "long"
) -> str:
    """An instant as the clock of a zone shows it, the zone named by its city: “21 November 2026, 09:30 (Paris)”."""
    local = instant.astimezone(zone)
    time = dates.format_time(local, "short", locale=locale(language))
    return f"{day(local.date(), language, style)}, {time} ({city(zone, language)})"


def city(zone: ZoneInfo, language: str) -> str:
    """The city that a zone is named by."""
    return str(dates.get_timezone_location(zone, locale=locale(language), return_city=True))


def _ordinal(words: str, value: dt.date, language: str) -> str:
    """French counts the first of a month, “1er janvier”; the locale data, which Babel follows, write “1 janvier”."""
    return words.replace("1 ", "1er ", 1) if value.day == 1 and language == "fr" else words


def phone(number: str) -> str:
    """A telephone number in groups, as it is read aloud: “+33 1 99 00 12 00”, “+352 621 123 456”. Others stay as they are."""
    found = _PHONE.match(number)
    if found is None:
        return number
    country, rest = found.groups()
    first = 1 if country == "33" else 3 if len(rest) % 3 == 0 else 2
    step = 3 if first == 3 else 2
    return " ".join([f"+{country}", rest[:first], *(rest[i : i + step] for i in range(first, len(rest), step))])


def money(cents: int, currency: str, language: str) -> str:
    """An amount of whole cents as a language writes it: Decimal, so that no cent is lost on the way."""
    return str(numbers.format_currency(Decimal(cents) / 100, currency, locale=locale(language)))


@lru_cache(maxsize=64)
def locale(language: str) -> Locale:
    """Babel's locale for a language code."""
    return Locale.parse(FORMATS.get(language) or language.replace("-", "_"))
