"""What a portal demands of accounts, read from its configuration; what the law demands, from dated parameters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
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


# IA-060. What counts as one of each kind, with the words for a password that has none of them.
CHARACTERS: Mapping[str, tuple[Callable[[str], bool], Message, Message]] = {
    "lower": (str.islower, _("a small letter"), _("A small letter is missing.")),
    "upper": (str.isupper, _("a capital letter"), _("A capital letter is missing.")),
    "unaccented_upper": (
        lambda c: "A" <= c <= "Z",
        _("a capital letter without accent"),
        _("A capital letter without accent, A to Z, is missing."),
    ),
    "digit": (str.isdigit, _("a digit"), _("A digit is missing.")),
    "special": (
        lambda c: not c.isalnum() and not c.isspace(),
        _("a special character"),
        _("A special character is missing, such as ! ? - or +."),
    ),
}


def password_help() -> Message:
    """What the portal asks of a password, before one is chosen."""
    rule = policy()["password"]
    wanted = [CHARACTERS[kind][1] for kind in rule.get("require") or ()]
    if not wanted:
        return _("At least {count} characters; a few unrelated words are best.", count=rule["min_length"])
    names = {f"kind_{i}": words for i, words in enumerate(wanted)}
    listed = Message(", ".join(f"{{{name}}}" for name in names), names)
    return _("At least {count} characters, with {kinds}.", count=rule["min_length"], kinds=listed)


def password_problems(password: str, own_words: tuple[str, ...] = ()) -> list[Message]:
    """What is wrong with a password: length, strength, the person's own name or address in it, kinds of characters.

    Kinds of characters are asked for only where the portal says so (`identity.password.require`, IA-060).
    """
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
    for kind in rule.get("require") or ():
        has, _name, missing = CHARACTERS[kind]
        if not any(has(c) for c in password):
            found.append(missing)
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
