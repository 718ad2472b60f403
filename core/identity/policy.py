"""What a portal demands of accounts, read from its configuration; what the law demands, from dated parameters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.hooks.parameters import Parameters, load_parameters
from core.lazy import lazy
from core.messages import Message, _
from core.tenancy.current import TenantView, current_tenant
from core.tenancy.schema_policies import Identity

if TYPE_CHECKING:
    import zxcvbn
else:
    zxcvbn = lazy("zxcvbn")

PASSWORD_MAX = 128
_RATED = 72  # zxcvbn refuses longer input; what comes after cannot make the beginning weaker


@lru_cache(maxsize=1)
def _defaults() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = Identity().load({})
    return loaded


@lru_cache(maxsize=1)
def parameters() -> Parameters:
    """The dated values of law that accounts rest on."""
    return load_parameters(Path(__file__).parent / "parameters")


def policy(tenant: TenantView | None = None) -> Mapping[str, Any]:
    """The `identity` section of a portal (default: the present one); the schema's defaults where it has none."""
    found: Mapping[str, Any] = (tenant or current_tenant()).config.get("identity") or _defaults()
    return found


def completed_years(born: dt.date, on: dt.date) -> int:
    """Age in completed years; somebody born on 29 February is a year older on 1 March."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def password_problems(password: str, own_words: tuple[str, ...] = ()) -> list[Message]:
    """What is wrong with a password: length, strength, the person's own name or address in it. No composition rule."""
    rule = policy()["password"]
    found: list[Message] = []
    if len(password) < rule["min_length"]:
        found.append(
            _(
                "At least {count} characters are needed; a few unrelated words make a good password.",
                count=rule["min_length"],
            )
        )
    if len(password) > PASSWORD_MAX:
        found.append(_("At most {count} characters are possible.", count=PASSWORD_MAX))
        return found
    words = [w.casefold() for w in own_words if len(w) >= 3]
    if any(w in password.casefold() for w in words):
        found.append(_("Please leave your name and address out of the password."))
    elif password and zxcvbn.zxcvbn(password[:_RATED], user_inputs=words)["score"] < rule["min_strength"]:
        found.append(_("This password would be guessed quickly. Add one or two unrelated words."))
    return found


def own_words(first_name: str, last_name: str, email: str) -> tuple[str, ...]:
    """The words that a person's password may not hold."""
    local = email.partition("@")[0]
    return tuple(
        w
        for text in (first_name, last_name, local)
        for w in (text, *text.replace(".", " ").replace("-", " ").split())
        if w
    )
