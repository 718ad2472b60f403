"""Read a tenant's folder: everything validated, all problems told at once, one JSON-ready bundle. No database."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.messages import pofile
from marshmallow import Schema, ValidationError, fields

from core import yaml_lines
from core.hooks.manager import BUILTIN, PluginRuntime
from core.tenancy import content, provider_checks, svg, theme
from core.tenancy.bundles import Change, bundle_digest, diff_bundles
from core.tenancy.problems import Path_, Problem, explain, nearest, placeholders
from core.tenancy.schemas import DOCUMENTS, LANGUAGES, TenantConfig

__all__ = ["Change", "LoadResult", "Problem", "bundle_digest", "diff_bundles", "load_folder"]

REQUIRED_PAGES = ("home", "help", "prices", "eligible_reasons", "non_eligible_reasons")
BRANDING = ("logo", "favicon", "icon", "hero", "mail-header")
RESERVED = ("console",)
_NEEDED = ("slug", "name", "languages", "time_zone", "country", "theme", "legal")


def messages_of(error: ValidationError) -> Any:
    """The messages of a schema by key; marshmallow leaves this method untyped."""
    return error.normalized_messages()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The bundle, or None where the folder is too broken to make one, and every problem."""

    bundle: dict[str, Any] | None
    problems: list[Problem]


def load_folder(folder: Path, runtime: PluginRuntime) -> LoadResult:
    """Check a folder with core's schema and each enabled plugin's. All problems at once; bad input raises nothing.

    The bundle is for `apply` only when `problems` is empty: `{"config", "legal", "content", "branding", "catalogue"}`.
    """
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
        return LoadResult(
            None, [Problem(str(file), 1, "", "a mapping of keys is wanted", found=type(lined.data).__name__)]
        )
    reader = _Reader(folder, file, lined, runtime)
    reader.read()
    return LoadResult(
        reader.bundle(), sorted(reader.problems, key=lambda p: (p.file != str(file), p.file, p.line, p.key))
    )


class _Reader:
    def __init__(self, folder: Path, file: Path, lined: yaml_lines.Lined, runtime: PluginRuntime) -> None:
        self.folder, self.file, self.lined, self.runtime = folder, file, lined, runtime
        self.problems: list[Problem] = []
        self.config: dict[str, Any] = {}
        self.legal: dict[str, Any] = {}
        self.content: dict[str, dict[str, str]] = {}
        self.branding: dict[str, str] = {}
        self.catalogue: dict[str, dict[str, str]] = {}

    def read(self) -> None:
        data = self.lined.data
        schema = TenantConfig()
        try:
            self.config = schema.load(data)
        except ValidationError as error:
            explain(schema, messages_of(error), (), data, self._add)
            self.config = error.valid_data if isinstance(error.valid_data, dict) else {}
        self._plugins()
        self._identity_of_the_portal()
        self._services()
        view = self.runtime.dispatcher(self.config["plugins"], self.config["plugins"])
        provider_checks.tell_problems(self.config, view, self._add)
        provider_checks.tell_video_problem(self.config, view, self._add)
        self._every_language(self.config, ())
        self._contrast()
        self._document_list()
        self._legal()
        self._content()
        self._branding()
        self._catalogue()

    def _add(self, path: Path_, message: str, **more: str) -> None:
        self.problems.append(
            Problem(str(self.file), self.lined.line(path), ".".join(str(p) for p in path), message, **more)
        )

    def _beside(self, path: Path, line: int, key: str, message: str, **more: str) -> None:
        self.problems.append(Problem(str(path), line, key, message, **more))

    # -- tenant.yaml -------------------------------------------------------------------------------------------

    def _plugins(self) -> None:
        raw = self.lined.data.get("plugins") or {}
        self.config["plugins"] = sections = {}
        if not isinstance(raw, dict):
            return  # told by the schema
        installed = self.runtime.names()
        schemas: dict[str, type[Schema]] = dict(self.runtime.installed().by_plugin("config_schema"))
        for name, section in raw.items():
            path = ("plugins", name)
            if name not in installed:
                self._add(
                    path, "no such plugin is installed", nearest=nearest(name, installed), allowed=", ".join(installed)
                )
            elif section is not None and not isinstance(section, dict):
                continue  # told by the schema
            elif name in schemas:
                schema = schemas[name]()
                try:
                    sections[name] = schema.load(section or {})
                except ValidationError as error:
                    explain(schema, messages_of(error), path, section or {}, self._add)
            elif "config_schema" in self.runtime.hooks_of(name):
                self._add(path, "this plugin failed when asked for its settings; see the log")
            else:
                sections[name] = {}
                if section:
                    self._add(path, "this plugin takes no settings", found=", ".join(section))

    def _identity_of_the_portal(self) -> None:
        slug, folder = self.config.get("slug"), self.folder.resolve().name
        if slug and slug != folder:
            self._add(("slug",), "the slug is the folder's name", found=repr(slug), allowed=folder)
        if slug in RESERVED:
            self._add(("slug",), f"“{slug}” is reserved", found=repr(slug))
        for key in ("hosts", "languages"):
            values = self.config.get(key) or []
            for index, value in enumerate(values):
                if value in values[:index]:
                    self._add((key, index), "listed twice", found=repr(value))
        protection, contact = self.config.get("data_protection") or {}, self.config.get("contact") or {}
        address = str(protection.get("email") or "")
        if address and address.lower() == str(contact.get("support_email") or "").lower():
            self._add(("data_protection", "email"), "must be distinct from contact.support_email", found=repr(address))

    def _services(self) -> None:
        # Without core's own services the list is not whole, and nothing can be said of a name.
        if BUILTIN not in self.runtime.modules or "services" not in self.runtime.hooks_of(BUILTIN):
            return
        view = self.runtime.dispatcher(self.config["plugins"], self.config["plugins"])
        codes = sorted({s.code for s in view.collect("services")})
        for name in self.config.get("services") or {}:
            if name not in codes:
                self._add(
                    ("services", name),
                    "no enabled plugin offers this service",
                    nearest=nearest(name, codes),
                    allowed=", ".join(codes),
                )

    def _every_language(self, values: Mapping[str, Any], path: Path_) -> None:
        """A text given by language is given in every language of the portal."""
        for key, value in values.items():
            if isinstance(value, Mapping) and value and set(value) <= set(LANGUAGES):
                for lang in self._languages():
                    if lang not in value:
                        self._add(
                            (*path, key),
                            f"no text in {lang}",
                            found=", ".join(value),
                            allowed=", ".join(self._languages()),
                        )
            elif isinstance(value, Mapping) and key != "plugins":
                self._every_language(value, (*path, key))

    def _contrast(self) -> None:
        design, written = self.config.get("theme"), self.lined.data.get("theme")
        if not isinstance(design, dict) or not isinstance(written, dict):
            return
        for mode in ("light", "dark"):
            palette = design.get(mode)
            if not isinstance(palette, dict) or not isinstance(written.get(mode), dict):
                continue
            # A colour that is missing or is none was told by the schema; the others are compared all the same, but an
            # ink that was written and is none is not replaced by a computed one.
            broken = set(written[mode]) - set(palette)
            for p in theme.problems_of(mode, palette):
                if {p.foreground, p.background} & broken:
                    continue
                key = p.foreground if p.foreground in written[mode] else p.background
                self._add(
                    ("theme", mode, key),
                    f"contrast of {p.foreground} on {p.background} is {p.found}:1",
                    found=repr(palette.get(key)),
                    nearest=p.suggestion,
                    allowed=f"at least {p.least}:1",
                )

    def _document_list(self) -> None:
        legal = self.config.get("legal")
        documents = legal.get("documents") if isinstance(legal, dict) else None
        codes = [d.get("code") for d in documents or [] if isinstance(d, dict)]
        for index, code in enumerate(codes):
            if code and code in codes[:index]:
                self._add(("legal", "documents", index, "code"), "listed twice", found=repr(code))
        extra = [c for c in codes if c and c not in DOCUMENTS]
        taken = [d.get("stands_for") for d in documents or [] if isinstance(d, dict)]
        for index, role in enumerate(taken):
            if role and (role in codes or role in taken[:index]):
                self._add(
                    ("legal", "documents", index, "stands_for"), "another document has that place", found=repr(role)
                )
        for code in DOCUMENTS:
            if codes and code not in codes and code not in taken:
                typo = nearest(code, extra)
                self._add(
                    ("legal", "documents", codes.index(typo), "code") if typo else ("legal", "documents"),
                    f"{code} is missing from the list",
                    found=repr(typo) if typo else "",
                    nearest=code if typo else "",
                    allowed=", ".join(DOCUMENTS),
                )

    # -- files beside it ---------------------------------------------------------------------------------------

    def _languages(self) -> list[str]:
        found = self.config.get("languages")
        return [lang for lang in found if isinstance(lang, str)] if isinstance(found, list) else []

    def _read(self, path: Path) -> str | None:
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            self._beside(path, 1, "", "the file is not UTF-8 text")
        except OSError as error:
            self._beside(path, 1, "", f"the file cannot be read: {error.strerror}")
        return None

    def _markdown(self, path: Path) -> str | None:
        if not path.is_file():
            self._beside(path, 1, "", "this file is missing: every text exists in every language of the portal")
            return None
        text = self._read(path)
        if text is None:
            return None
        if not text.startswith("# ") or not content.title_of(text):
            self._beside(path, 1, "", "the first line must be a title, “# …”", found=repr(text.partition("\n")[0][:60]))
        if not content.body_of(text).strip():
            self._beside(path, 1, "", "there is no text under the title")
        for line, found in content.malformed(text):
            self._beside(
                path, line, found, "not a placeholder", allowed="{{ a.dotted.key }} of tenant.yaml, in small letters"
            )
        for name in content.unresolved(text, self.config):
            if name not in leaf_keys():  # a draft may leave a key empty; a key that cannot exist is a typo
                rows = [n for n, row in enumerate(text.splitlines(), 1) if name in content.PLACEHOLDER.findall(row)]
                self._beside(
                    path,
                    rows[0] if rows else 1,
                    name,
                    "no such value in tenant.yaml",
                    nearest=nearest(name, leaf_keys()),
                )
        return text

    def _texts(self, folder: Path) -> dict[str, str]:
        return {lang: text for lang in self._languages() if (text := self._markdown(folder / f"{lang}.md")) is not None}

    def _legal(self) -> None:
        legal = self.config.get("legal")
        for document in (legal.get("documents") or []) if isinstance(legal, dict) else []:
            if not isinstance(document, dict) or not {"code", "version"} <= set(document):
                continue
            base = self.folder / "legal" / document["code"]
            entry = {k: _plain(v) for k, v in document.items()}
            entry["texts"] = self._texts(base / document["version"])
            if document.get("previous_version"):
                entry["previous_texts"] = self._texts(base / document["previous_version"])
            self.legal[document["code"]] = entry

    def _content(self) -> None:
        base = self.folder / "content"
        pages = {p.name for p in base.iterdir() if p.is_dir()} if base.is_dir() else set()
        for page in sorted(pages | set(REQUIRED_PAGES)):
            self.content[page] = self._texts(base / page)

    def _branding(self) -> None:
        base = self.folder / "branding"
        for name in BRANDING:
            if not (base / f"{name}.svg").is_file():
                self._beside(base / f"{name}.svg", 1, "", "this drawing is missing")
        for path in sorted(base.glob("*.svg")) if base.is_dir() else []:
            text = self._read(path)
            wrong = svg.problems(text) if text is not None else []
            for w in wrong:
                self._beside(path, w.line, "", w.message, found=w.found)
            if text is not None and not wrong:
                self.branding[path.stem] = text

    def _catalogue(self) -> None:
        base = self.folder / "translations"
        for path in sorted(base.glob("*.po")) if base.is_dir() else []:
            if path.stem not in self._languages():
                self._beside(
                    path,
                    1,
                    "",
                    "not a language of the portal",
                    found=path.stem,
                    nearest=nearest(path.stem, self._languages()),
                    allowed=", ".join(self._languages()),
                )
                continue
            try:
                with path.open("rb") as handle:
                    parsed = pofile.read_po(handle, locale=path.stem, abort_invalid=True)
            except (pofile.PoFileError, UnicodeDecodeError, ValueError) as error:
                self._beside(path, getattr(error, "lineno", None) or 1, "", f"not a catalogue: {error}")
                continue
            self.catalogue[path.stem] = dict(self._words(path, parsed))

    def _words(self, path: Path, parsed: Any) -> Iterator[tuple[str, str]]:
        for message in parsed:
            if not message.id or not message.string or message.fuzzy:
                continue
            if not isinstance(message.id, str) or not isinstance(message.string, str):
                self._beside(
                    path, message.lineno or 1, str(message.id[0]), "a tenant's catalogue holds no plural forms"
                )
                continue
            wanted, given = placeholders(message.id), placeholders(message.string)
            if wanted != given:
                self._beside(
                    path,
                    message.lineno or 1,
                    message.id,
                    "the placeholders differ",
                    found=", ".join(sorted(given)) or "none",
                    allowed=", ".join(sorted(wanted)) or "none",
                )
            yield message.id, message.string

    def bundle(self) -> dict[str, Any] | None:
        if any(k not in self.config for k in _NEEDED):
            return None
        parts = {
            "config": self.config,
            "legal": self.legal,
            "content": self.content,
            "branding": self.branding,
            "catalogue": self.catalogue,
        }
        plain: dict[str, Any] = json.loads(json.dumps(parts, default=_plain))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, (dt.date, dt.datetime, dt.time)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    return value if isinstance(value, (str, int, float, bool, list, tuple, type(None))) else str(value)


@lru_cache(maxsize=1)
def leaf_keys() -> frozenset[str]:
    """Every dotted key of tenant.yaml that holds one value: what a placeholder may name."""
    result: set[str] = set()

    def walk(schema: Schema, prefix: str) -> None:
        for name, field in schema.fields.items():
            dotted = prefix + (field.data_key or name)
            if isinstance(field, fields.Nested):
                walk(field.schema, dotted + ".")
            elif not isinstance(field, (fields.List, fields.Dict)):
                result.add(dotted)

    walk(TenantConfig(), "")
    return frozenset(result)
