"""From a form to values and back, and what is wrong with a value in words a person can act on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.messages import Message, _
from core.partner.editable import CHOICES, Editable
from core.tenancy.problems import Problem
from core.tenancy.svg import SVG_LIMIT

TEXT_MOST, MARKDOWN_MOST = 2000, 60_000
_UNWRITTEN = ("Cc", "Cf", "Cs", "Cn")
_WHOLE = re.compile(r"^[+-]?\d{1,12}\Z")
_CONTRAST = "contrast of "
# The only rule that is told of a key that a partner may not edit, and can be broken from one that they may.
_TWIN, _TWIN_KEY = "must be distinct from contact.support_email", "config/contact/support_email"
# What the check of a portal says of texts and drawings, in words to be translated.
_SAID: Mapping[str, Message] = {
    "there is no text under the title": _("There is no text under the title."),
    "the first line must be a title, “# …”": _("The first line must be a title: “# ” and its words."),
    "not a placeholder": _("“{found}” is not a placeholder. Example: {example}"),
    "no such value in tenant.yaml": _("“{key}” is no value of this portal."),
    "must be distinct from contact.support_email": _("Support needs another address than the data-protection officer."),
    "a drawing may hold no script, foreign object or media": _("The drawing holds {found}: scripts and media are not allowed."),
    "a drawing may hold no event": _("The drawing holds {found}: a drawing may react to nothing."),
    "a drawing refers to nothing outside itself": _("The drawing points outside itself ({found}): save it with everything inside."),
    "a drawing has no document type: it could define entities": _("The drawing has a document type: save it as plain SVG."),
    "a drawing has no processing instruction": _("The drawing holds an instruction to a program: save it as plain SVG."),
    "this is no SVG drawing": _("This is no SVG drawing."),
}  # fmt: skip


def read(form: Mapping[str, str], wanted: Iterable[Editable]) -> dict[str, Any]:
    """The values that a form gives to these fields; nothing typed gives None. Never raises: the check judges."""
    return {e.key: _read(e, form.get(e.key)) for e in wanted if e.kind == "tick" or e.key in form}


def _read(e: Editable, given: str | None) -> Any:
    if e.kind == "tick":
        return given == "yes"
    # Control characters are nobody's words, and the database takes no NUL.
    text = "".join(
        c for c in (given or "").replace("\r\n", "\n") if c in "\n\t" or unicodedata.category(c) not in _UNWRITTEN
    )
    if e.kind == "markdown":
        return text.strip("\n")[:MARKDOWN_MOST] + "\n" if text.strip() else None
    if e.kind in ("lines", "numbers"):
        parts = [p.strip() for p in re.split(r"[\n,;]", text) if p.strip()]
        return [_number(p) for p in parts] if e.kind == "numbers" else parts
    text = " ".join(text.split())[:TEXT_MOST]
    if e.kind == "colour":
        return text.lower() or None
    return (_number(text) if e.kind == "number" else text) if text else None


def _number(text: str) -> int | str:
    return int(text) if _WHOLE.match(text) else text


def drawing(data: bytes) -> str | Message:
    """The text of a drawing that was sent, or why it cannot be read; what it may hold is checked with the portal."""
    if len(data) > SVG_LIMIT:
        return _(
            "The file has {found} kB; a drawing has at most {most} kB.", found=len(data) // 1000, most=SVG_LIMIT // 1000
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _("This is no SVG drawing.")


def shown(e: Editable, value: Any) -> str:
    """A value as a form shows it."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(v) for v in value)
    return ("yes" if value else "") if isinstance(value, bool) else str(value)


def option(value: str) -> Message | str:
    """A choice in words; a zone or a code of a plugin stands for itself."""
    return CHOICES.get(value, value)


def expected(e: Editable) -> Message | str:
    """What is allowed in a field, as its help says before anything is wrong."""
    if e.kind == "number" and e.low is not None and e.high is not None:
        return _("A whole number from {low} to {high}.", low=e.low, high=e.high)
    if e.kind in ("lines", "numbers"):
        return _("Several values are separated by commas. Example: {example}", example=e.example)
    if e.kind in ("text", "time", "email", "tel") and e.example:
        return _("Example: {example}", example=e.example)
    if e.kind == "colour" and not e.required:
        return _("Left empty, it is black or white, whichever reads better.")
    return ""


# -- what is wrong -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing wrong with a draft: the key of its field ("" where it belongs to none) and what to do."""

    key: str
    message: Message


def is_contrast(problem: Problem) -> bool:
    """Whether a problem is one of readability: shown while a draft is edited, in the way when it is published."""
    return problem.message.startswith(_CONTRAST)


def key_of(problem: Problem, allowed: Mapping[str, Editable]) -> str:
    """The field to which a problem of the check belongs; "" for one that the partner cannot mend."""
    if problem.message.startswith(_TWIN):
        return _TWIN_KEY
    path = problem.file.rpartition(".")[0].split("/")
    if problem.file == "tenant.yaml":
        path = ["config", *problem.key.split(".")]
    for length in range(len(path), 1, -1):
        found = "/".join(path[:length])
        if found in allowed:
            return found
    below = "/".join(path) + "/"
    return next((key for key in allowed if key.startswith(below)), "")


def wrong(problem: Problem, allowed: Mapping[str, Editable], typed: Mapping[str, Any]) -> Wrong:
    """A problem of the check as a person reads it: what was found, what is allowed."""
    key = key_of(problem, allowed)
    e = allowed.get(key)
    if e is None:
        where = problem.key or problem.file
        return Wrong(
            "", _("{where} is not right, and only the operator can mend it: {what}", where=where, what=problem.message)
        )
    if problem.message.startswith(_CONTRAST):
        return Wrong(key, _contrast(problem))
    said = _SAID.get(problem.message)
    if said is not None:
        return Wrong(
            key,
            Message(said.msgid, {"found": problem.found, "key": problem.key, "example": "{{ contact.support_email }}"}),
        )
    if "missing" in problem.message:
        return Wrong(key, _("Please fill this in."))
    return Wrong(key, _kind(e, shown(e, typed.get(key)), problem))


def _contrast(problem: Problem) -> Message:
    ratio = problem.message.rpartition(" is ")[2]
    return _(
        "Too little contrast: {ratio}, {allowed} is needed. A colour close by that reads well: {nearest}",
        ratio=ratio,
        allowed=problem.allowed.removeprefix("at least "),
        nearest=problem.nearest,
    )


def _kind(e: Editable, found: str, problem: Problem) -> Message:
    found = found[:80]
    if e.kind == "number" and e.low is not None and e.high is not None:
        return _(
            "A whole number from {low} to {high} is expected; “{found}” was typed.", low=e.low, high=e.high, found=found
        )
    if e.kind == "email":
        return _(
            "An address such as {example} is expected; “{found}” was typed.",
            example="contact@portal.example",
            found=found,
        )
    if e.kind == "colour":
        return _("A colour such as {example} is expected; “{found}” was typed.", example=e.example, found=found)
    if e.kind == "choice":
        allowed = ", ".join(e.options[:12])
        return _("“{found}” is not one of the choices: {allowed}", found=found, allowed=allowed)
    if e.example:
        return _("Something such as {example} is expected; “{found}” was typed.", example=e.example, found=found)
    return _(
        "“{found}” is not possible here ({what}). Allowed: {allowed}",
        found=found,
        what=problem.message,
        allowed=problem.allowed,
    )
