"""From a register to the fields of a page, with what was typed and what is wrong with it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

from core.care.record import schemas
from core.care.record.history import frequent
from core.care.record.people import Subject
from core.directory import service as directory
from core.directory.models import Professional
from core.hooks.types import HealthRegister, RegisterField
from core.identity.forms import Field, words
from core.identity.schemas import Errors
from core.messages import Message, _
from core.web.language import say

_TYPES = {"long_text": "textarea", "choice": "select", "yes_no": "radio", "date": "date", "professional": "select"}
KEY, BASE = "_key", "_base"
PARTS = ("day", "month", "year")


def typed(register: HealthRegister) -> dict[str, str]:
    """The form as typed; a day in three fields is put together."""
    data = dict(request.form.items())
    for f in register.fields:
        if f.kind == "date" and f.code not in data:
            parts = [data.get(f"{f.code}_{part}", "").strip() for part in PARTS]
            data[f.code] = "/".join(parts) if any(parts) else ""
    return data


def id_of(name: str) -> uuid.UUID | None:
    """A hidden id of the form; none where it is missing or is none."""
    try:
        return uuid.UUID(request.form.get(name, ""))
    except ValueError:
        return None


def fields_of(register: HealthRegister, subject: Subject, values: Mapping[str, Any], errors: Errors) -> list[Field]:
    """The questions of a register for this person, as the form macros take them."""
    made = []
    asked = schemas.asked_of(register, subject)
    labels = {f.code: f for f in asked}
    for f in asked:
        value: Any = values.get(f.code) or ""
        if f.kind == "date" and isinstance(value, str) and "/" in value:
            value = dict(zip(PARTS, value.split("/"), strict=False))
        most = {"text": schemas.MOST_TEXT, "long_text": schemas.MOST_LONG_TEXT}.get(f.kind)
        attrs = {"maxlength": str(most), "dir": "auto"} if most else {}
        made.append(
            Field(
                name=f.code,
                label=f"{say(f.label)} ({f.unit})" if f.unit else say(f.label),
                type=_TYPES.get(f.kind, "text"),
                value=value,
                help=_help(f, labels),
                error=words(errors.get(f.code, ())),
                required=f.required,
                options=_options(f, subject, str(value)),
                inputmode={"number": "decimal" if f.decimals else "numeric"}.get(f.kind, ""),
                autocomplete="off",
                attrs=attrs,
            )
        )
    return made


def _help(f: RegisterField, labels: Mapping[str, RegisterField]) -> str:
    said = [say(f.help)] if f.help else []
    if f.only_when and f.only_when[0] in labels:
        other = labels[f.only_when[0]]
        options = schemas.YES_NO if other.kind == "yes_no" else other.choices
        answer = next((label for code, label in options if code == f.only_when[1]), f.only_when[1])
        said.append(say(_("Only if you answered “{answer}” to “{question}”.", answer=answer, question=other.label)))
    if f.kind == "professional":
        said.append(say(_("Professionals whom you met here or marked stand in this list.")))
    return " ".join(said)


def _options(f: RegisterField, subject: Subject, value: str) -> list[tuple[str, str]]:
    if f.kind == "yes_no":
        return [(code, say(label)) for code, label in schemas.YES_NO]
    if f.kind == "professional":
        return [(str(p.id), f"{p.title} {p.name}".strip()) for p in _known(f, subject, value)]
    return [(code, say(label)) for code, label in f.choices]


def _known(f: RegisterField, subject: Subject, value: str) -> Sequence[Professional]:
    """Professionals to choose from: met or marked, of the country and profession that are asked for, and the one chosen."""
    known = {p.id: p for p, _count in frequent(subject.account_id)}
    known |= {p.id: p for p in directory.favourites_of(subject.account_id)}
    fit = [p for p in known.values() if f.country in (None, p.country) and f.profession in (None, p.kind)]
    if value and value not in {str(p.id) for p in fit}:
        try:
            chosen = directory.access_professional(uuid.UUID(value))
        except ValueError:
            chosen = None
        if chosen is not None:
            fit.append(chosen)
    return sorted(fit, key=lambda p: p.name)


def form_problems(errors: Errors) -> list[Message]:
    """What is wrong with the form as a whole."""
    return list(errors.get("", ()))
