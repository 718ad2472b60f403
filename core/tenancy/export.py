"""A bundle written back as a folder: what the console published and what a folder holds are one thing."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from babel.messages import pofile
from babel.messages.catalog import Catalog
from marshmallow import Schema, fields

from core.hooks.manager import PluginRuntime
from core.tenancy.loader import LoadResult, load_folder
from core.tenancy.schemas import TenantConfig

HEAD = "# Written by `portico tenant export`: the configuration in force, with every default in full.\n"


def write_folder(bundle: Mapping[str, Any], folder: Path, runtime: PluginRuntime | None = None) -> list[Path]:
    """Write a bundle as a tenant's folder and return the files that changed; loading it gives the same bundle.

    In a folder that exists only what differs is written, so that comments of an unchanged tenant.yaml stay (`runtime` is
    needed to find out); contents and drawings that the bundle lacks go, earlier versions of legal documents stay.
    """
    known = _present(folder, runtime)
    wanted = dict(_texts(bundle))
    if known is None or known["config"] != bundle["config"]:
        wanted["tenant.yaml"] = HEAD + yaml_of(bundle["config"], runtime)
    if known is None or known["catalogue"] != bundle.get("catalogue", {}):
        wanted |= {f"translations/{code}.po": _po(code, words) for code, words in bundle.get("catalogue", {}).items()}
    changed = []
    for name, text in wanted.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed + _remove(folder, bundle)


def _present(folder: Path, runtime: PluginRuntime | None) -> Mapping[str, Any] | None:
    if runtime is None or not (folder / "tenant.yaml").is_file():
        return None
    return load_folder(folder, runtime).bundle


def _texts(bundle: Mapping[str, Any]) -> dict[str, str]:
    files = {}
    for code, document in bundle.get("legal", {}).items():
        for key, version in (("texts", "version"), ("previous_texts", "previous_version")):
            for lang, text in (document.get(key) or {}).items():
                files[f"legal/{code}/{document[version]}/{lang}.md"] = text
    for page, texts in bundle.get("content", {}).items():
        files |= {f"content/{page}/{lang}.md": text for lang, text in texts.items()}
    return files | {f"branding/{name}.svg": drawing for name, drawing in bundle.get("branding", {}).items()}


def _remove(folder: Path, bundle: Mapping[str, Any]) -> list[Path]:
    gone = [p for p in (folder / "branding").glob("*.svg") if p.stem not in bundle.get("branding", {})]
    pages = folder / "content"
    gone += [p for p in (pages.iterdir() if pages.is_dir() else ()) if p.is_dir() and p.name not in bundle["content"]]
    for path in gone:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return gone


def _po(code: str, words: Mapping[str, str]) -> str:
    catalog = Catalog(locale=code, fuzzy=False)
    for source, text in sorted(words.items()):
        catalog.add(source, text)
    out = io.BytesIO()
    pofile.write_po(out, catalog, omit_header=False)
    return out.getvalue().decode()


def value_at(config: Any, dotted: str) -> Any:
    """What stands under `a.b.c`; None where nothing does."""
    for part in dotted.split("."):
        config = config.get(part) if isinstance(config, Mapping) else None
    return config


def yaml_of(config: Mapping[str, Any], runtime: PluginRuntime | None = None) -> str:
    """The configuration as YAML, its keys in the order of the schema; what is not set is left out."""
    schemas = dict(runtime.installed().by_plugin("config_schema")) if runtime is not None else {}
    ordered = _ordered(config, TenantConfig())
    ordered["plugins"] = {
        name: _ordered(section or {}, schemas[name]() if name in schemas else None)
        for name, section in config.get("plugins", {}).items()
    }
    return yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False)


def _ordered(data: Mapping[str, Any], schema: Schema | None) -> dict[str, Any]:
    declared = {(f.data_key or name): f for name, f in (schema.fields.items() if schema is not None else ())}
    names = [n for n in declared if n in data] + sorted(n for n in data if n not in declared)
    return {name: _value(data[name], declared.get(name)) for name in names if data[name] is not None}


def _value(value: Any, field: fields.Field[Any] | None) -> Any:
    below = field.schema if isinstance(field, fields.Nested) else None
    if isinstance(value, Mapping):
        if isinstance(field, fields.Dict):
            return {k: _value(v, field.value_field) for k, v in value.items() if v is not None}
        return _ordered(value, below)
    if isinstance(value, (list, tuple)):
        inner = field.inner if isinstance(field, fields.List) else field
        return [_value(v, inner) for v in value]
    return value


def check_bundle(bundle: Mapping[str, Any], runtime: PluginRuntime) -> LoadResult:
    """Check a bundle as its folder would be checked, word for word; files are named from the folder on."""
    with tempfile.TemporaryDirectory(prefix="portico-draft-") as made:
        folder = Path(made) / str(bundle["config"]["slug"])
        write_folder(bundle, folder)
        result = load_folder(folder, runtime)
        return LoadResult(
            result.bundle, [replace(p, file=str(Path(p.file).relative_to(folder))) for p in result.problems]
        )
