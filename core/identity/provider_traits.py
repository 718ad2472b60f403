"""From a provider's claims to what a portal knows of people: only values that the portal's own fields would take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from core.hooks.types import Exercise
from core.identity import profile
from core.identity.providers import Way
from core.identity.schemas import PersonForm

# A birth date may come with unknown parts (1985-00-00): it is then no date, and the person is asked.
VERIFIED = ("first_name", "last_name", "birth_date", "sex")
MOST_EXERCISES = 40
CARRIED_MAX = 200
_MOST = {"code": 200, "label": 200, "specialty": 80, "place": 200}


def read(way: Way, claims: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an arrival that come from claims."""
    email = _trait(way, claims, "email")
    return {
        "verified": {name: value for name in VERIFIED if (value := _trait(way, claims, name))},
        "email": email,
        # Said to be unverified is refused; not said means that our own link confirms it.
        "email_refused": bool(email) and _first(way, claims, "email_verified") in (False, "false", "0", 0),
        "phone": _trait(way, claims, "phone"),
        "number": number(way, claims),
        "exercises": exercises(way, claims),
        "carried": carried(way, claims),
    }


def _first(way: Way, claims: Mapping[str, Any], trait: str) -> Any:
    for name in way.provider.claims.get(trait, ()):
        if claims.get(name) not in (None, "", []):
            return claims[name]
    return None


def _trait(way: Way, claims: Mapping[str, Any], trait: str) -> str:
    value = _first(way, claims, trait)
    if isinstance(value, list):
        value = value[0]
    if not isinstance(value, str):
        return ""
    try:
        return str(PersonForm().fields[trait].deserialize(value.strip()))
    except ValidationError:
        return ""


def number(way: Way, claims: Mapping[str, Any]) -> str:
    """The professional's number in its normal form; "" where there is none."""
    kind = profile.identifier_types(way.audience).get(way.provider.identifier or "")
    if kind is None or way.provider.number is None:
        return ""
    typed = way.provider.number(claims)
    checked = kind.check(typed) if typed and len(typed) <= profile.IDENTIFIER_MAX else None
    return checked.value if checked is not None and checked.ok else ""


def exercises(way: Way, claims: Mapping[str, Any]) -> tuple[Exercise, ...]:
    """The exercises of a professional, in the provider's order; long texts are cut."""
    found = way.provider.exercises(claims) if way.provider.exercises is not None else ()
    return tuple(Exercise(**{k: getattr(e, k)[:most] for k, most in _MOST.items()}) for e in found[:MOST_EXERCISES])


def carried(way: Way, claims: Mapping[str, Any]) -> dict[str, str]:
    """What the plugin of the provider wants to know once the person is signed in: short texts, by its own names."""
    found = {}
    for name, places in way.provider.carried.items():
        value = next((claims[p] for p in places if isinstance(claims.get(p), str) and claims[p].strip()), "")
        if value and len(value) <= CARRIED_MAX:
            found[name] = value.strip()
    return found
