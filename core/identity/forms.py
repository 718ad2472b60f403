"""From a schema to what a page shows: fields with their label, value, error and choices, in the visitor's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema

from core.consent.documents import LegalVersion
from core.hooks.types import DocumentType, IdentifierType
from core.identity.schemas import Errors
from core.identity.uploads import ACCEPT
from core.messages import Message, _
from core.web.language import language, say


@dataclass(slots=True)
class Field:
    """One field as the form macros take it; texts are in the visitor's language already."""

    name: str
    label: str
    type: str = "text"
    value: str = ""
    help: str = ""
    error: str = ""
    required: bool = True
    options: list[tuple[str, str]] = field(default_factory=list)
    inputmode: str = ""
    autocomplete: str = ""
    attrs: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"f-{self.name}"


def words(messages: Iterable[Message]) -> str:
    """Several messages as one text."""
    return " ".join(say(m) for m in messages)


def fields_of(schema: Schema, values: Mapping[str, Any], errors: Errors, only: Iterable[str] = ()) -> list[Field]:
    """The fields of a schema, in its order or that of `only`. A password's value never comes back."""
    names = list(only) or list(schema.fields)
    result = []
    for name in names:
        declared = schema.fields[name]
        about = declared.metadata
        kind = str(about.get("type") or "text")
        most = getattr(declared, "most", None)
        options = about["options"]() if about.get("options") else []
        result.append(
            Field(
                name=name,
                label=say(about["label"]),
                type=kind,
                value="" if kind == "password" else str(values.get(name) or ""),
                help=say(about["help"]() if callable(about.get("help")) else about.get("help")),
                error=words(errors.get(name, ())),
                required=declared.required,
                options=[(value, say(label)) for value, label in options],
                inputmode=str(about.get("inputmode") or ""),
                autocomplete=str(about.get("autocomplete") or ""),
                attrs={"maxlength": str(most)} if most and kind in ("text", "email", "tel") else {},
            )
        )
    return result


def identifier_field(kind: IdentifierType, value: str, errors: Errors, *, required: bool = True) -> Field:
    """The field of a number of a jurisdiction; the example stands in the help."""
    example = say(_("Example: {example}", example=kind.example))
    return Field(
        name=kind.code,
        label=say(kind.label),
        value=value,
        help=" ".join(x for x in (say(kind.help), example) if x),
        error=words(errors.get(kind.code, ())),
        required=required,
        inputmode=kind.inputmode,
        autocomplete="off",
    )


def document_field(kind: DocumentType, errors: Errors, *, kept: str = "", required: bool = True) -> Field:
    """The field of a copy. `kept` is the token of a file that was sent already with an earlier try."""
    made = Field(
        name=kind.code,
        label=say(kind.label),
        type="file",
        help=say(kind.help),
        error=words(errors.get(kind.code, ())),
        required=required and not kept,
        attrs={"accept": ACCEPT},
    )
    if kept:
        made.attrs["data-kept"] = kept
    return made


@dataclass(frozen=True, slots=True)
class Box:
    """A box of a legal document: never ticked beforehand (CB-061)."""

    name: str
    version: LegalVersion
    title: str
    error: str
    ticked: bool


def boxes_of(versions: Iterable[LegalVersion], form: Mapping[str, Any], errors: Errors) -> list[Box]:
    """The boxes of documents; one that the visitor ticked stays ticked while the form is mended."""
    return [
        Box(
            f"accept_{v.code}",
            v,
            v.title(language()),
            words(errors.get(f"accept_{v.code}", ())),
            form.get(f"accept_{v.code}") == v.version,
        )
        for v in versions
    ]


@dataclass(frozen=True, slots=True)
class Problem:
    """A line of the summary at the top of a form: it leads to the field."""

    name: str
    label: str
    message: str


def summary(fields: Iterable[Field], boxes: Iterable[Box] = (), form: Iterable[Message] = ()) -> list[Problem]:
    """All problems of a form in the order of the page; those of no field come first."""
    result = [Problem("", "", say(m)) for m in form]
    result += [Problem(f.name, f.label, f.error) for f in fields if f.error]
    result += [Problem(b.name, b.title, b.error) for b in boxes if b.error]
    return result
