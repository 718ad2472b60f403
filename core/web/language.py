"""Which language a visitor reads, and the words, dates and amounts in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import dates
from flask import Flask, g, has_request_context, request, url_for
from markupsafe import Markup, escape

from core import i18n
from core.messages import Message, fill

COOKIE = "portico_language"
KEPT_ADDRESSES = 4096
KEPT_WORDS = 2048


def language() -> str:
    """The visitor's choice by cookie, else the account's, else the browser's, else the tenant's default."""
    if "language" not in g:
        tenant = g.get("tenant")
        offered = tenant.languages if tenant else ["fr", "en"]
        chosen = request.args.get("lang") or request.cookies.get(COOKIE) or g.get("account_language")
        if chosen not in offered:
            chosen = request.accept_languages.best_match(offered) if request.accept_languages else None
        g.language = chosen or offered[0]
    return str(g.language)


def say(message: Message | str | None, **params: Any) -> str:
    """A message in the visitor's language, with the tenant's own words on top."""
    if message is None:
        return ""
    return i18n.render(message, *_reading())


def _reading() -> tuple[str, Mapping[str, str] | None]:
    """(language, the tenant's own words) of this visitor; found once for each tenant and choice."""
    # One look behind the proxy instead of five: a page says a hundred words.
    state: dict[str, Any] = g._get_current_object().__dict__
    tenant, code = state.get("tenant"), state.get("language")
    kept = state.get("_reading")
    if kept is None or code is None or kept[0] is not tenant or kept[1] != code:
        code = language()
        kept = state["_reading"] = (tenant, code, tenant.words(code) if tenant else None)
    return kept[1], kept[2]


def gettext(msgid: str, **params: Any) -> str | Markup:
    """The `_` of templates: named parameters in braces; parameters are escaped when one of them is markup."""
    if not params:
        code, words = _reading()
        return fill(i18n.lookup(msgid, code, overrides=words), params)
    if any(isinstance(v, Markup) for v in params.values()):
        text = say(Message(msgid))
        return Markup(escape(text)).format_map({k: escape(v) for k, v in params.items()})  # noqa: S704
    return say(Message(msgid, params))


def gettext_of(domain: str) -> Callable[..., str | Markup]:
    """The `_` of a plugin's templates: its own words, else core's, which the layout around them needs."""

    def gettext_here(msgid: str, **params: Any) -> str | Markup:
        code, words = _reading()
        known = domain if i18n.lookup(msgid, code, domain, words) != msgid else "core"
        if not params:
            return say(Message(msgid, {}, known))
        if any(isinstance(v, Markup) for v in params.values()):
            plain = say(Message(msgid, {}, known))
            return Markup(escape(plain)).format_map({k: escape(v) for k, v in params.items()})  # noqa: S704
        return say(Message(msgid, params, known))

    return gettext_here


def ngettext_of(domain: str) -> Callable[..., str | Markup]:
    """The `ngettext` of a plugin's templates."""
    gettext_here = gettext_of(domain)

    def ngettext_here(one: str, many: str, count: int, **params: Any) -> str | Markup:
        single = count in (0, 1) if language().startswith("fr") else count == 1
        return gettext_here(one if single else many, count=count, **params)

    return ngettext_here


def ngettext(one: str, many: str, count: int, **params: Any) -> str | Markup:
    """The singular or the plural; French and Portuguese count zero as singular, the others do not."""
    single = count in (0, 1) if language().startswith("fr") else count == 1
    return gettext(one if single else many, count=count, **params)


def zone() -> ZoneInfo:
    """The viewer's zone: the account's, else the tenant's."""
    tenant = g.get("tenant")
    return ZoneInfo(g.get("account_zone") or (tenant.time_zone if tenant else "Europe/Paris"))


def fmt_dt(instant: dt.datetime, *, full: bool = True) -> str:
    """“Tuesday 24 November 2026, 09:30 (Paris time)”-like, in the viewer's language and zone, the zone named."""
    return i18n.moment(instant, language(), zone(), "full" if full else "medium")


def zone_name() -> str:
    """The zone in words: the city."""
    return i18n.city(zone(), language())


def fmt_date(day: dt.date | dt.datetime) -> str:
    """A day in words, in the viewer's zone."""
    value = day.astimezone(zone()).date() if isinstance(day, dt.datetime) else day
    return i18n.day(value, language(), "full")


def fmt_day(day: dt.date) -> str:
    """A short day: weekday, day, month."""
    return _short_day(day, language())


@lru_cache(KEPT_WORDS)
def _short_day(day: dt.date, code: str) -> str:
    return i18n.weekday(day, code)


def fmt_time(instant: dt.datetime) -> str:
    """The time of day, in the viewer's zone."""
    local = instant.astimezone(zone())
    return _time_of_day(local.hour, local.minute, language())


@lru_cache(KEPT_WORDS)
def _time_of_day(hour: int, minute: int, code: str) -> str:
    return str(dates.format_time(dt.time(hour, minute), "short", locale=i18n.locale(code)))


def fmt_money(cents: int, currency: str = "EUR") -> str:
    """An amount of integer cents with its currency."""
    return i18n.money(cents, currency, language())


def fmt_country(code: str) -> str:
    """The name of a country of ISO 3166, in the visitor's language."""
    return str(i18n.locale(language()).territories.get(code, code))


def _addresses() -> Callable[..., str]:
    """`url_for` for templates: paths of a page are the same at each visit, so they are built once."""
    kept: dict[tuple[Any, ...], str] = {}

    def address(endpoint: str, **values: Any) -> str:
        plain = has_request_context() and not request.script_root and not endpoint.startswith(".")
        if not plain or any(name.startswith("_") for name in values):
            return url_for(endpoint, **values)
        key = (endpoint, *((name, type(value), value) for name, value in values.items()))
        try:
            return kept[key]
        except KeyError:
            if len(kept) >= KEPT_ADDRESSES:
                kept.clear()
            kept[key] = made = url_for(endpoint, **values)
            return made
        except TypeError:  # a list among the values
            return url_for(endpoint, **values)

    return address


def install(app: Flask) -> None:
    """Give the words to Jinja."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.globals["url_for"] = _addresses()
    app.jinja_env.globals.update(
        _=gettext,
        gettext=gettext,
        ngettext=ngettext,
        say=say,
        fmt_dt=fmt_dt,
        fmt_phone=i18n.phone,
        fmt_date=fmt_date,
        fmt_time=fmt_time,
        fmt_money=fmt_money,
        zone_name=zone_name,
        ui_icon=ui_icon,
        zone=zone,
        fmt_day=fmt_day,
        fmt_country=fmt_country,
    )
    app.jinja_env.filters["say"] = say


def ui_icon(name: str) -> Markup:
    """An icon of the local sprite; always beside a word, so hidden from screen readers."""
    if "sprite" not in g:
        g.sprite = escape(url_for("static", filename="icons/sprite.svg"))
    drawn = f'<svg class="icon" aria-hidden="true" focusable="false"><use href="{g.sprite}#{escape(name)}"></use></svg>'
    return Markup(drawn)  # noqa: S704
