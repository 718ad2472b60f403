"""The code of a proof: read aloud, typed, scanned; impossible to guess, and a slip of one character is told as such."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from core.messages import Message, _

ALPHABET = "23456789ABCDEFGHJKMNPQRTVWXYZ"
"""No 0, 1, I, L, O, S or U: nothing that is taken for something else. Their number is prime, so that the weighted sum
finds every wrong character and every two that changed places."""
RANDOM = 17  # characters of 4.86 bits: more than 82 bits
LENGTH = RANDOM + 1
GROUP = 6
_LOOK_ALIKE = {"S": "5"}


@dataclass(frozen=True, slots=True)
class Typed:
    """A code as typed: its normal form, or what is wrong with it. Whether it exists is another question."""

    code: str
    error: Message | None = None


def new_code() -> str:
    """A fresh code in its normal form: random characters and the check character."""
    body = "".join(secrets.choice(ALPHABET) for _number in range(RANDOM))
    return body + _check(body)


def shown(code: str) -> str:
    """A code in groups, as people read it."""
    return "-".join(code[i : i + GROUP] for i in range(0, len(code), GROUP))


def read(typed: str) -> Typed:
    """What was typed, with or without groups, in small letters too. Never raises."""
    code = "".join(_LOOK_ALIKE.get(c, c) for c in typed.upper() if not (c.isspace() or c in "-–—._"))
    if not code:
        return Typed(code, _("Please type the code that stands on the proof."))
    strange = next((c for c in code if c not in ALPHABET), None)
    if strange is not None:
        return Typed(code, _("“{sign}” is in no code. Codes have no 0, 1, I, L, O and U.", sign=strange))
    if len(code) != LENGTH:
        return Typed(
            code,
            _("A code has {length} characters; {found} were typed.", length=LENGTH, found=len(code)),
        )
    if _check(code[:-1]) != code[-1]:
        return Typed(code, _("One character is probably wrong. Please compare with the proof."))
    return Typed(code)


def _check(body: str) -> str:
    """Weights 2, 3, 4…: all differ and none is a multiple of the alphabet's size."""
    return ALPHABET[-sum(w * ALPHABET.index(c) for w, c in enumerate(body, 2)) % len(ALPHABET)]
