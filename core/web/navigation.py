"""Where people go: the entries of each role, what can be done with a service, and where care begins on a portal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Flask, current_app, g, request, url_for

from core.messages import _
from core.web import language as words


class Place(NamedTuple):
    """An entry of the navigation as pages show it."""

    url: str
    label: str
    icon: str
    active: bool = False
    when: Callable[[Any], bool] | None = None


def navigation(account: Any) -> tuple[Place, ...]:
    """The places of who is signed in, the one they are at marked; nothing for visitors."""
    if account is None:
        return ()
    kept: dict[str, Any] = g.tenant._memo
    party: str = getattr(account, "party", None) or ""
    rights: frozenset[str] = getattr(account, "rights", frozenset())
    if (key := f"navigation|{account.role}|{party}|{','.join(sorted(rights))}|{words.language()}") not in kept:
        kept[key] = _entries(account.role, party, rights)
    shown = (e._replace(when=None) for e in kept[key] if e.when is None or e.when(account.id))
    return tuple(e._replace(active=True) if e.url == request.path else e for e in shown)


def _entries(role: str, party: str, rights: frozenset[str]) -> tuple[Place, ...]:
    """The places of a role, core's and the plugins', in order; the same for all of that role, party, rights and language."""
    found = [
        (weight, url_for(endpoint), label, icon, None)
        for weight, roles, endpoint, label, icon, when in current_app.extensions.get("portico_navigation", [])
        if role in roles and endpoint in current_app.view_functions and (when is None or when())
    ]
    found += [
        (entry.weight, url_for(entry.endpoint), entry.label, entry.icon, entry.when)
        for entry in g.tenant.dispatcher.collect("navigation")
        if role in entry.roles
        and (role != "partner" or not entry.parties or party in entry.parties)
        and (role != "partner" or not entry.right or entry.right in rights)
    ]
    found.sort(key=lambda e: e[:2])
    return tuple(Place(url, words.say(label), icon, when=when) for _weight, url, label, icon, when in found)


def add_navigation(
    app: Flask,
    weight: int,
    roles: tuple[str, ...],
    endpoint: str,
    label: Any,
    icon: str,
    when: Callable[[], bool] | None = None,
) -> None:
    """A room adds its entry to the navigation (called from its `install`).

    `when` leaves it out of portals without what it is for; it may ask for the portal's configuration only.
    """
    entry = (weight, roles, endpoint, label, icon, when)
    app.extensions.setdefault("portico_navigation", []).append(entry)


def add_service_act(app: Flask, channels: tuple[str, ...], endpoint: str, label: Any) -> None:
    """A room says what a patient can do with services of these channels; the endpoint takes `service_code`."""
    app.extensions.setdefault("portico_service_acts", []).append((channels, endpoint, label))


def service_acts(service: Any) -> list[tuple[str, Any]]:
    """(address, label) of what can be done with a service, besides booking it."""
    return [
        (url_for(endpoint, service_code=service.code), label)
        for channels, endpoint, label in current_app.extensions.get("portico_service_acts", [])
        if service.channel in channels
    ]


def where_one_begins() -> tuple[str, Any]:
    """(address, label) of where care begins here: the search, or the first page of the only service a plugin runs."""
    offered = g.tenant.offered_services()
    own = [s for s in offered if s.home_page]
    if own and not any(s.bookable for s in offered):
        return url_for(own[0].home_page), _("Ask for a doctor")
    return url_for("scheduling.find"), _("Find a professional")
