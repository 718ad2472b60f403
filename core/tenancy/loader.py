"""Read a tenant's folder: everything validated, all problems told at once, one JSON-ready bundle. No database."""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages import pofile
from marshmallow import Schema, ValidationError, fields

from core.hooks.manager import PluginRuntime
from core.tenancy import content, theme, yaml_lines
from core.tenancy.schemas import TenantConfig

REQUIRED_PAGES = ("home", "help", "prices", "eligible_reasons", "non_eligible_reasons")
BRANDING = ("logo", "favicon", "icon", "hero", "mail-header")
SVG_LIMIT = 200_000
_UNSAFE_SVG = re.compile(
    r"<\s*script|<\s*foreignObject|\son\w+\s*=|javascript:|<!ENTITY|<!DOCTYPE|@import|(?:xlink:)?href\s*=\s*[\"'](?!#)|url\(\s*[\"']?(?!#)[a-z]",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: where (file, line, key), what was found, what is allowed, the nearest key for a typo."""

    file: str
    line: int
    key: str
    message: str
    found: str = ""
    allowed: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}: {self.key}: {self.message}" if self.key else f"{self.file}:{self.line}: {self.message}"
        if self.found:
            text += f"; found {self.found}"
        if self.nearest:
            text += f"; did you mean “{self.nearest}”?"
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        return text


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The bundle, or None where the folder is too broken to make one, and every problem."""

    bundle: dict[str, Any] | None
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two bundles, by dotted path; long texts are given by their digest."""

    path: str
    old: Any
    new: Any


def load_folder(folder: Path, runtime: PluginRuntime) -> LoadResult:
    """Check a folder with core's schema and each plugin's. All problems at once."""
    file = folder / "tenant.yaml"
    if not file.is_file():
        return LoadResult(None, [Problem(str(file), 1, "", "there is no tenant.yaml here")])
    try:
        lined = yaml_lines.load_file(file)
    except yaml_lines.YamlProblem as error:
        return LoadResult(None, [Problem(str(file), error.line, "", str(error))])
    except UnicodeDecodeError:
        return LoadResult(None, [Problem(str(file), 1, "", "the file is not UTF-8 text")])
    if not isinstance(lined.data, dict):
        return LoadResult(None, [Problem(str(file), 1, "", "a mapping of keys is wanted", found=type(lined.data).__name__)])
    reader = _Reader(folder, file, lined, runtime)
    reader.read()
    return LoadResult(reader.bundle(), sorted(reader.problems, key=lambda p: (p.file, p.line, p.key)))


class _Reader:
    def __init__(self, folder: Path, file: Path, lined: yaml_lines.Lined, runtime: PluginRuntime) -> None:
        self.folder, self.file, self.lined, self.runtime = folder, file, lined, runtime
        self.problems: list[Problem] = []
        self.config: dict[str, Any] = {}
        self.legal: dict[str, Any] = {}
        self.content: dict[str, dict[str, str]] = {}
        self.branding: dict[str, str] = {}
        self.catalogue: dict[str, dict[str, str]] = {}

    # -- tenant.yaml -------------------------------------------------------------------------------------------

    def read(self) -> None:
        data = self.lined.data
        try:
            self.config = TenantConfig().load(data)
        except ValidationError as error:
            self._schema_problems(TenantConfig(), error.normalized_messages(), (), data)
            self.config = error.valid_data if isinstance(error.valid_data, dict) else {}
        self._plugins()
        self._cross_checks()
        self._legal()
        self._content()
        self._branding()
        self._catalogue()

    def _add(self, path: tuple[str | int, ...], message: str, **more: str) -> None:
        self.problems.append(
            Problem(str(self.file), self.lined.line(path), ".".join(str(p) for p in path), message, **more)
        )

    def _schema_problems(self, schema: Schema | None, messages: Any, path: tuple[str | int, ...], data: Any) -> None:
        if isinstance(messages, list):
            allowed = _allowed(schema, path[-1]) if schema else ""
            for message in messages:
                self._one(schema, path, str(message), data, allowed)
            return
        for key, below in messages.items():
            if key == "_schema":
                self._schema_problems(None, below, path, data)
                continue
            value = data.get(key) if isinstance(data, Mapping) else data[key] if isinstance(data, list) and isinstance(key, int) else None
            field = _field(schema, key) if schema else None
            if isinstance(below, list):
                unknown = schema is not None and isinstance(key, str) and field is None and any("Unknown" in str(m) for m in below)
                if unknown and schema is not None:
                    keys = sorted(f.data_key or n for n, f in schema.fields.items())
                    near = difflib.get_close_matches(str(key), keys, 1, 0.6)
                    self._add((*path, key), "unknown key", nearest=near[0] if near else "", allowed=", ".join(keys))
                else:
                    for message in below:
                        self._one(schema, (*path, key), str(message), value, _allowed(schema, key))
            else:
                self._schema_problems(_below(field, schema), below, (*path, key), value)

    def _one(self, schema: Schema | None, path: tuple[str | int, ...], message: str, value: Any, allowed: str) -> None:
        if message.startswith("Missing data"):
            self._add(path, "this key is required and missing", allowed=allowed)
            return
        choices = re.match(r"Must be one of: (.*)\.$", message)
        near = ""
        if choices:
            allowed, message = choices.group(1), "not one of the allowed values"
            match = difflib.get_close_matches(str(value), allowed.split(", "), 1, 0.6)
            near = match[0] if match else ""
        self._add(path, message.rstrip("."), found=repr(value), allowed=allowed, nearest=near)

    def _plugins(self) -> None:
        raw = self.lined.data.get("plugins") or {}
        if not isinstance(raw, dict):
            return
        installed = self.runtime.names()
        schemas = dict(self.runtime.installed().by_plugin("config_schema"))
        sections: dict[str, Any] = {}
        for name, section in raw.items():
            if name not in installed:
                near = difflib.get_close_matches(name, installed, 1, 0.6)
                self._add(("plugins", name), "no such plugin is installed", nearest=near[0] if near else "", allowed=", ".join(installed))
                continue
            schema_class = schemas.get(name)
            if schema_class is None:
                if section:
                    self._add(("plugins", name), "this plugin takes no settings")
                sections[name] = {}
                continue
            schema: Schema = schema_class()
            try:
                sections[name] = schema.load(section or {})
            except ValidationError as error:
                self._schema_problems(schema, error.normalized_messages(), ("plugins", name), section or {})
        self.config["plugins"] = sections

    def _cross_checks(self) -> None:
        slug = self.config.get("slug")
        if slug and slug != self.folder.resolve().name:
            self._add(("slug",), "the slug is the folder's name", found=repr(slug), allowed=self.folder.resolve().name)
        if slug == "console":
            self._add(("slug",), "“console” is reserved for the operator's console")
        design = self.config.get("theme")
        if isinstance(design, dict) and all(m in design for m in ("light", "dark")):
            try:
                for p in theme.problems(design):
                    self._add(
                        ("theme", p.mode, p.foreground if p.foreground in (self.lined.data["theme"].get(p.mode) or {}) else p.background),
                        f"contrast of {p.foreground} on {p.background} is {p.found}, at least {p.least} is needed",
                        nearest=p.suggestion,
                    )
            except KeyError:
                pass  # a colour is missing: the schema says so
        protection, contact = self.config.get("data_protection") or {}, self.config.get("contact") or {}
        if protection.get("email") and protection.get("email") == contact.get("support_email"):
            self._add(("data_protection", "email"), "must be distinct from the support address", found=repr(protection["email"]))
        codes = [d.get("code") for d in (self.config.get("legal") or {}).get("documents", []) if isinstance(d, dict)]
        for code in sorted({c for c in codes if c and codes.count(c) > 1}):
            self._add(("legal", "documents"), f"{code} is listed twice")
        for code in ("legal_notice", "terms_of_use_and_sale", "information_and_consent_notice", "cookie_policy"):
            if codes and code not in codes:
                self._add(("legal", "documents"), f"{code} is missing from the list")

    # -- files beside it ---------------------------------------------------------------------------------------

    def _languages(self) -> list[str]:
        found = self.config.get("languages")
        return list(found) if isinstance(found, list) else []

    def _markdown(self, path: Path) -> str | None:
        if not path.is_file():
            self.problems.append(Problem(str(path), 1, "", "this file is missing: every text exists in every language of the portal"))
            return None
        text = path.read_text(encoding="utf-8")
        if not content.title_of(text):
            self.problems.append(Problem(str(path), 1, "", "the first line must be a title, “# …”"))
        if not content.body_of(text).strip():
            self.problems.append(Problem(str(path), 1, "", "there is no text under the title"))
        for name in content.unresolved(text, self.config):
            if not _known_key(name):
                line = next((i for i, row in enumerate(text.splitlines(), 1) if name in row), 1)
                near = difflib.get_close_matches(name, _dotted_keys(), 1, 0.6)
                self.problems.append(Problem(str(path), line, name, "no such key in tenant.yaml", nearest=near[0] if near else ""))
        return text

    def _legal(self) -> None:
        for document in (self.config.get("legal") or {}).get("documents", []):
            if not isinstance(document, dict) or not {"code", "version"} <= set(document):
                continue
            code = document["code"]
            entry = {k: (v.isoformat() if isinstance(v, dt.date) else v) for k, v in document.items()}
            entry["texts"] = self._texts(self.folder / "legal" / code / document["version"])
            if document.get("previous_version"):
                entry["previous_texts"] = self._texts(self.folder / "legal" / code / document["previous_version"])
            self.legal[code] = entry

    def _texts(self, folder: Path) -> dict[str, str]:
        return {lang: text for lang in self._languages() if (text := self._markdown(folder / f"{lang}.md")) is not None}

    def _content(self) -> None:
        base = self.folder / "content"
        pages = {p.name for p in base.iterdir() if p.is_dir()} if base.is_dir() else set()
        for page in sorted(pages | set(REQUIRED_PAGES)):
            self.content[page] = {
                lang: text for lang in self._languages() if (text := self._markdown(base / page / f"{lang}.md")) is not None
            }

    def _branding(self) -> None:
        base = self.folder / "branding"
        for name in BRANDING:
            if not (base / f"{name}.svg").is_file():
                self.problems.append(Problem(str(base / f"{name}.svg"), 1, "", "this drawing is missing"))
        for path in sorted(base.glob("*.svg")) if base.is_dir() else []:
            text = path.read_text(encoding="utf-8")
            unsafe = _UNSAFE_SVG.search(text)
            if unsafe:
                line = text[: unsafe.start()].count("\n") + 1
                self.problems.append(
                    Problem(str(path), line, "", "a drawing may hold no script, no event, no outside reference", found=repr(unsafe.group(0).strip()))
                )
            elif "<svg" not in text or len(text) > SVG_LIMIT:
                self.problems.append(Problem(str(path), 1, "", f"not an SVG drawing of at most {SVG_LIMIT // 1000} kB"))
            else:
                self.branding[path.stem] = text

    def _catalogue(self) -> None:
        base = self.folder / "translations"
        for path in sorted(base.glob("*.po")) if base.is_dir() else []:
            if path.stem not in self._languages():
                self.problems.append(Problem(str(path), 1, "", f"{path.stem} is no language of the portal", allowed=", ".join(self._languages())))
                continue
            try:
                with path.open("rb") as handle:
                    parsed = pofile.read_po(handle, locale=path.stem, abort_invalid=True)
            except (pofile.PoFileError, UnicodeDecodeError, ValueError) as error:
                self.problems.append(Problem(str(path), 1, "", f"not a catalogue: {error}"))
                continue
            words = {}
            for message in parsed:
                if isinstance(message.id, str) and message.id and isinstance(message.string, str) and message.string:
                    if set(_PLACEHOLDER.findall(message.id)) != set(_PLACEHOLDER.findall(message.string)):
                        self.problems.append(Problem(str(path), message.lineno or 1, message.id, "the placeholders differ", found=repr(message.string)))
                    words[message.id] = message.string
            self.catalogue[path.stem] = words

    def bundle(self) -> dict[str, Any] | None:
        if any(k not in self.config for k in ("slug", "name", "languages", "time_zone", "theme", "legal")):
            return None
        whole = {
            "config": self.config,
            "legal": self.legal,
            "content": self.content,
            "branding": self.branding,
            "catalogue": self.catalogue,
        }
        plain: dict[str, Any] = json.loads(json.dumps(whole, default=_json))
        return plain


def _json(value: Any) -> Any:
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, (set, frozenset, tuple)):
        return sorted(value)
    raise TypeError(type(value).__name__)


def _field(schema: Schema | None, key: Any) -> fields.Field[Any] | None:
    if schema is None:
        return None
    return next((f for n, f in schema.fields.items() if key in (n, f.data_key)), None)


def _below(field: fields.Field[Any] | None, schema: Schema | None) -> Schema | None:
    if isinstance(field, fields.Nested):
        return field.schema  # type: ignore[no-any-return]
    if isinstance(field, fields.List):
        return _below(field.inner, schema) if isinstance(field.inner, fields.Nested) else None
    if isinstance(field, fields.Dict):
        return _below(field.value_field, schema) if isinstance(field.value_field, fields.Nested) else None
    # Inside a list of mappings, the index comes between: keep the schema.
    return schema if field is None else None


def _allowed(schema: Schema | None, key: Any) -> str:
    field = _field(schema, key)
    if field is None:
        return ""
    for validator in field.validators:
        choices = getattr(validator, "choices", None)
        if choices:
            return ", ".join(str(c) for c in choices)
        low, high = getattr(validator, "min", None), getattr(validator, "max", None)
        if low is not None and high is not None:
            return f"{low} to {high}"
    kinds = {fields.Integer: "a whole number", fields.Boolean: "true or false", fields.List: "a list", fields.Date: "a date such as 2026-11-01"}
    example = field.metadata.get("example")
    for kind, words in kinds.items():
        if type(field) is kind:
            return words
    return f"for example {example!r}" if example not in (None, {}, []) else ""


def _dotted_keys() -> list[str]:
    result: list[str] = []

    def walk(schema: Schema, prefix: str) -> None:
        for name, field in schema.fields.items():
            dotted = prefix + (field.data_key or name)
            result.append(dotted)
            if isinstance(field, fields.Nested):
                walk(field.schema, dotted + ".")

    walk(TenantConfig(), "")
    return result


def _known_key(dotted: str) -> bool:
    """Whether the schema has such a key: a draft may leave it out, a typo may not."""
    return dotted in set(_dotted_keys())


def bundle_digest(bundle: Mapping[str, Any]) -> str:
    """SHA-256 of the bundle, the same for the same content."""
    return hashlib.sha256(json.dumps(bundle, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def diff_bundles(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """What changed, by dotted path."""
    changes: list[Change] = []

    def walk(a: Any, b: Any, path: str) -> None:
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            for key in sorted(set(a) | set(b)):
                walk(a.get(key), b.get(key), f"{path}.{key}" if path else str(key))
        elif a != b:
            changes.append(Change(path, _short(a), _short(b)))

    walk(old, new, "")
    return changes


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > 120:
        return f"text of {len(value)} characters, {hashlib.sha256(value.encode()).hexdigest()[:12]}"
    if isinstance(value, Mapping):
        return f"{len(value)} keys"
    return value
