"""What a partner may edit: a closed list of core's, and the fields that a plugin opens in its own section.

Everything else of a portal is the operator's: hosts, languages, plugins enabled, accounts and security, providers,
services and their prices, legal documents, publisher, host, data protection. A plugin opens a field of its section by
`metadata={"partner_edits": True, "description": ..., "example": ...}`; on a nested schema it opens all of its fields.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

from core.hooks.manager import PluginRuntime
from core.messages import Message, _
from core.tenancy.loader import BRANDING
from core.tenancy.problems import choices_of
from core.tenancy.schema_fields import TIME, Words
from core.tenancy.schemas import TenantConfig
from core.tenancy.theme import PALETTE

OPEN = "partner_edits"
BRAND, DRAWINGS, TEXTS, CONTACT, SETTINGS = "brand", "drawings", "texts", "contact", "settings"
Path = tuple[str, ...]
Bundle = Mapping[str, Any]

_MODES = {"light": _("light mode"), "dark": _("dark mode")}
_COLOURS: Mapping[str, Message] = {
    "brand": _("Brand: buttons and links"),
    "brand_ink": _("Text on the brand colour"),
    "accent": _("Accent: what matters now"),
    "accent_ink": _("Text on the accent colour"),
    "surface": _("Ground of the page"),
    "surface_2": _("Second ground: bars and boxes"),
    "ink": _("Text"),
    "ink_soft": _("Softer text"),
    "line": _("Lines between things"),
    "danger": _("Danger and errors"),
    "danger_ink": _("Text on the danger colour"),
}
_SHAPE: Mapping[str, Message] = {
    "layout": _("Character of the portal"),
    "font": _("Letters of the text"),
    "heading_font": _("Letters of headings"),
    "radius": _("Roundness of corners"),
    "space": _("Space between things"),
}
_CONTACT: Mapping[str, Message] = {
    "support_email": _("E-mail address of support"),
    "phone": _("Telephone of support"),
    "postal_address": _("Postal address of customer service"),
}
_HOURS: Mapping[str, Message] = {
    "from": _("Support opens at"),
    "to": _("Support closes at"),
    "days": _("Days of support"),
    "time_zone": _("Zone of these hours"),
}
_DRAWINGS: Mapping[str, Message] = {
    "logo": _("Logo"),
    "logo-dark": _("Logo in dark mode"),
    "favicon": _("Icon in the browser’s tab"),
    "icon": _("Icon of the installed app"),
    "hero": _("Drawing of the home page"),
    "mail-header": _("Head of e-mails"),
}
CHOICES: Mapping[str, Message] = {
    "lines": _("clear lines"),
    "rounded": _("warm and rounded"),
    "editorial": _("sober, headings with serifs"),
    "search": _("search first, dense"),
    "conversation": _("conversation first, soft"),
    "system": _("those of the device"),
    "humanist": _("humanist"),
    "serif": _("with serifs"),
    "working_days": _("working days"),
    "every_day": _("every day"),
}


@dataclass(frozen=True, slots=True)
class Editable:
    """One thing that may be edited. `path` leads to it in the bundle; `kind` says how it is typed.

    Kinds: text, email, tel, time, colour, number, choice, tick, lines, numbers, markdown, drawing.
    """

    path: Path
    label: Message | str
    kind: str = "text"
    section: str = SETTINGS
    group: Message | str = ""
    help: Message | str = ""
    example: str = ""
    options: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    required: bool = False

    @property
    def key(self) -> str:
        """The path as one word: the name of its field in forms and drafts."""
        return "/".join(self.path)


def editables(bundle: Bundle, runtime: PluginRuntime) -> dict[str, Editable]:
    """Everything that a partner may edit of a portal as it stands, by key."""
    found = [*_theme(), *_drawings(bundle), *_texts(bundle), *_contact(), *_plugins(bundle, runtime)]
    return {e.key: e for e in found}


def _schema(*path: str) -> Mapping[str, fields.Field[Any]]:
    schema: Schema = TenantConfig()
    for part in path:
        nested = by_key(schema)[part]
        assert isinstance(nested, fields.Nested)
        schema = nested.schema
    return by_key(schema)


def by_key(schema: Schema) -> dict[str, fields.Field[Any]]:
    """The fields of a schema by the key under which they are written."""
    return {f.data_key or name: f for name, f in schema.fields.items()}


def _theme() -> Iterator[Editable]:
    declared = _schema("theme")
    for name, label in _SHAPE.items():
        yield _leaf(("config", "theme", name), declared[name], BRAND, label, _("Shape and letters"))
    for mode, words in _MODES.items():
        for name in PALETTE:
            example = str(declared[mode].schema.fields[name].metadata["example"])  # type: ignore[attr-defined]
            yield Editable(
                ("config", "theme", mode, name), _COLOURS[name], "colour", BRAND, _("Colours, {mode}", mode=words),
                example=example, required=declared[mode].schema.fields[name].required,  # type: ignore[attr-defined]
            )  # fmt: skip


def _drawings(bundle: Bundle) -> Iterator[Editable]:
    names = list(dict.fromkeys([*BRANDING, *(n for n in bundle["branding"] if n in _DRAWINGS)]))
    for name in sorted(names, key=list(_DRAWINGS).index):
        yield Editable(("branding", name), _DRAWINGS[name], "drawing", DRAWINGS, required=name in BRANDING)


def _texts(bundle: Bundle) -> Iterator[Editable]:
    for page in bundle["content"]:
        for language in bundle["config"]["languages"]:
            yield Editable(("content", page, language), page, "markdown", TEXTS, page, required=True)


def _contact() -> Iterator[Editable]:
    declared = _schema("contact")
    kinds = {"support_email": "email", "phone": "tel"}
    for name, label in _CONTACT.items():
        yield _leaf(
            ("config", "contact", name), declared[name], CONTACT, label, _("Where people turn"), kinds.get(name)
        )
    for name, f in _schema("contact", "support_hours").items():
        yield _leaf(("config", "contact", "support_hours", name), f, CONTACT, _HOURS[name], _("When support answers"))


def _plugins(bundle: Bundle, runtime: PluginRuntime) -> Iterator[Editable]:
    schemas = dict(runtime.installed().by_plugin("config_schema"))
    for plugin, section in sorted(bundle["config"].get("plugins", {}).items()):
        if plugin in schemas:
            title = Message(plugin, {}, plugin)
            yield from _opened(schemas[plugin](), ("config", "plugins", plugin), section or {}, title, opened=False)


def _opened(schema: Schema, path: Path, values: Any, group: Message | str, *, opened: bool) -> Iterator[Editable]:
    for key, f in by_key(schema).items():
        mine = opened or bool(f.metadata.get(OPEN))
        value = values.get(key) if isinstance(values, Mapping) else None
        # The plugin's catalogue has the words of what it opens to partners; else they stand as they are.
        said = f.metadata.get("description") or key
        words = said if isinstance(said, Message) else Message(said, {}, path[2])
        if isinstance(f, fields.Nested) and not f.many:
            yield from _opened(f.schema, (*path, key), value, words if mine else group, opened=mine)
        elif mine and isinstance(f, Words) and isinstance(value, Mapping):
            for language in value:
                yield _leaf((*path, key, language), f, SETTINGS, f"{said} ({language})", group, "text")
        elif mine and kind_of(f) is not None:
            yield _leaf((*path, key), f, SETTINGS, words, group)


def kind_of(f: fields.Field[Any]) -> str | None:
    """How a field of a schema is typed in a form; None for what no form can hold."""
    if isinstance(f, fields.Boolean):
        return "tick"
    if isinstance(f, fields.Integer):
        return "number"
    if isinstance(f, fields.List):
        return {"number": "numbers", "text": "lines", "choice": "lines", "time": "lines"}.get(kind_of(f.inner) or "")
    if isinstance(f, fields.Email):
        return "email"
    if isinstance(f, (fields.String, Words)):
        if choices_of(f):
            return "choice"
        return "time" if TIME in f.validators else "text"
    return None


def _leaf(
    path: Path, f: fields.Field[Any], section: str, label: Message | str, group: Message | str, kind: str | None = None
) -> Editable:
    inner = f.inner if isinstance(f, fields.List) else f
    bounds = [(getattr(v, "min", None), getattr(v, "max", None)) for v in inner.validators]
    low, high = next(((a, b) for a, b in bounds if isinstance(a, int) or isinstance(b, int)), (None, None))
    example = f.metadata.get("example")
    shown = ", ".join(str(x) for x in example) if isinstance(example, (list, tuple)) else str(example or "")
    return Editable(
        path, label, kind or kind_of(f) or "text", section, group,
        help=f.metadata.get("help") or "", example=shown, options=tuple(choices_of(inner)),
        low=low if isinstance(inner, fields.Integer) else None, high=high if isinstance(inner, fields.Integer) else None,
        required=f.required,
    )  # fmt: skip


# -- values ----------------------------------------------------------------------------------------------------------


def value_at(bundle: Bundle, path: Iterable[str]) -> Any:
    """What stands at a path of a bundle; None where nothing does."""
    value: Any = bundle
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


class Closed(ValueError):
    """A key that a partner may not edit."""


def applied(base: Bundle, edits: Mapping[str, Any], allowed: Mapping[str, Editable]) -> dict[str, Any]:
    """The bundle with the edits made; None takes a value away. Raises Closed for a key outside of `allowed`."""
    made: dict[str, Any] = copy.deepcopy(dict(base))
    for key, value in edits.items():
        if key not in allowed:
            raise Closed(key)
        _set(made, allowed[key].path, value)
    return made


def _set(whole: dict[str, Any], path: Path, value: Any) -> None:
    steps = [whole]
    for part in path[:-1]:
        below = steps[-1].get(part)
        if not isinstance(below, dict):
            if value is None:
                return
            below = steps[-1][part] = {}
        steps.append(below)
    if value is not None:
        steps[-1][path[-1]] = value
        return
    steps[-1].pop(path[-1], None)
    # `support_hours` without anything in it is no opening hour; a plugin without settings is enabled all the same.
    if not steps[-1] and len(path) > (4 if path[1] == "plugins" else 3):
        steps[-2].pop(path[-2], None)


def changed(base: Bundle, wanted: Mapping[str, Any], allowed: Mapping[str, Editable]) -> dict[str, Any]:
    """Those of the wanted values that differ from the base. Raises Closed for a key outside of `allowed`."""
    for key in wanted:
        if key not in allowed:
            raise Closed(key)
    return {key: value for key, value in wanted.items() if value_at(base, allowed[key].path) != value}


def between(old: Bundle, new: Bundle, allowed: Mapping[str, Editable]) -> dict[str, Any]:
    """What leads from one bundle to another, as far as a partner may edit it."""
    return changed(old, {key: value_at(new, e.path) for key, e in allowed.items()}, allowed)
