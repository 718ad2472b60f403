"""A new portal like another: the same rules, texts and settings, under a name and addresses of its own."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import yaml
from marshmallow import Schema, fields

from core import clock, yaml_lines
from core.hooks.manager import PluginRuntime
from core.tenancy.export import value_at, yaml_of
from core.tenancy.loader import load_folder
from core.tenancy.scaffold import SKELETON, ScaffoldRefused, free_place, name_of, words_of, write

# Facts of one organisation, which would be false of another: the new portal is a draft until somebody fills them in.
IDENTITY = (
    "publisher.register_city", "publisher.register_number", "publisher.registered_office", "publisher.director",
    "publisher.director_function", "contact.postal_address", "contact.phone", "data_protection.officer_name",
    "legal.insurance.operator",
)  # fmt: skip
# Whose name stands in texts: all of them become the new name.
_NAMED = ("name", "partner.name", "publisher.name", "notifications.sender_name")
_MARKS = ("logo", "logo-dark", "favicon", "icon", "mail-header")
_TEXTS = (".md", ".po", ".svg", ".yaml")
OWN = "identity"  # a plugin says by this key of a field's metadata that its value is one organisation's
_UNFIT = re.compile(r"[\x00-\x1f\"\\<>{}]")
_DOMAIN = re.compile(r"[a-z0-9.-]+\.[a-z]{2,}\Z")


def new_like(
    slug: str,
    source: Path,
    root: Path,
    runtime: PluginRuntime,
    *,
    name: str | None = None,
    today: dt.date | None = None,
) -> tuple[Path, list[str]]:
    """Write `root/slug`, a draft like the portal of the folder `source`; returns it and the keys to be filled in.

    Slug, names, hosts and e-mail domains are replaced in every file; the drawings that bear the other's mark are drawn
    anew from the name; facts of the other organisation are left out. Raises ScaffoldRefused, and leaves nothing behind.
    """
    target = free_place(slug, root)
    loaded = load_folder(source, runtime)
    if loaded.bundle is None or loaded.problems:
        first = f": {loaded.problems[0]}" if loaded.problems else ""
        raise ScaffoldRefused(f"{source} has problems of its own ({len(loaded.problems)}), mend them first{first}")
    config, title = loaded.bundle["config"], (name or name_of(slug)).strip()
    if not title or _UNFIT.search(title):
        raise ScaffoldRefused("a portal's name is one line of words, without quotes, braces, backslashes, < and >")
    with tempfile.TemporaryDirectory(prefix=f".{slug}-", dir=root) as made:
        draft = Path(made) / slug
        shutil.copytree(source, draft, ignore=shutil.ignore_patterns(".*"))
        for path in sorted(p for p in draft.rglob("*") if p.is_file() and p.suffix in _TEXTS):
            _rename(
                path, _replacing(config, slug, escape(title, quote=False) if path.suffix == ".svg" else title), runtime
            )
        _marks(draft, slug, title, today or clock.now().date())
        emptied = _empty(draft / "tenant.yaml", title, runtime)
        found = load_folder(draft, runtime).problems
        if found:
            raise ScaffoldRefused(f"the new folder would not pass its check: {found[0]}")
        try:
            draft.rename(target)
        except OSError as error:  # made by somebody else meanwhile
            raise ScaffoldRefused(f"{target} exists already: choose another slug, or edit that folder") from error
    return target, emptied


def _rename(path: Path, replace: Callable[[str], str], runtime: PluginRuntime) -> None:
    """Put the new names into a file; a tenant.yaml in which they could be read otherwise is written anew."""
    text = path.read_text(encoding="utf-8")
    made = replace(text)
    if path.name == "tenant.yaml":
        wanted = _in_values(yaml_lines.load(text).data, replace)
        try:
            same = yaml_lines.load(made).data == wanted
        except yaml_lines.YamlProblem:
            same = False
        made = made if same else yaml_of(wanted, runtime)
    if made != text:
        path.write_text(made, encoding="utf-8")


def _in_values(value: Any, replace: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {k: _in_values(v, replace) for k, v in value.items()}
    if isinstance(value, list):
        return [_in_values(v, replace) for v in value]
    return replace(value) if isinstance(value, str) else value


# -- names and addresses -----------------------------------------------------------------------------------------------


def _replacing(config: Mapping[str, Any], slug: str, title: str) -> Callable[[str], str]:
    """A function that puts the new names and addresses in place of the old ones, all in one pass: none is replaced twice."""
    pairs: dict[str, str] = {}
    for host, new in _hosts(config, slug).items():
        pairs[host] = new
    for key in _NAMED:
        old = value_at(config, key)
        if isinstance(old, str) and old.strip():
            pairs.setdefault(old, title)
            pairs.setdefault(old.upper(), title.upper())
    pairs.setdefault(str(config["slug"]), slug)
    longest = sorted(pairs, key=len, reverse=True)
    # Not inside of a longer word or name: `horizon` is no part of `horizontal`, nor of `horizon-sante.example`.
    wanted = re.compile(r"(?<![\w-])(?:" + "|".join(re.escape(p) for p in longest) + r")(?![\w-])")
    return lambda text: wanted.sub(lambda m: pairs[m.group(0)], text)


def _hosts(config: Mapping[str, Any], slug: str) -> dict[str, str]:
    """Every domain of the portal's hosts and own addresses, with the new one: the first becomes `<slug>.example`."""
    addresses = [
        value_at(config, key)
        for key in ("contact.support_email", "contact.incident_email", "publisher.contact_email", "data_protection.email", "notifications.sender_email")
    ]  # fmt: skip
    domains = [h.removeprefix("www.") for h in config.get("hosts", [])]
    domains += [a.rpartition("@")[2].lower() for a in addresses if a]
    made: dict[str, str] = {}
    for domain in dict.fromkeys(d for d in domains if _DOMAIN.match(d)):
        above = next((d for d in made if domain.endswith(f".{d}")), None)
        if above is not None:
            made[domain] = domain.removesuffix(above) + made[above]
        else:
            made[domain] = f"{slug}.example" if not made else f"{slug}-{len(made) + 1}.example"
    return made | {f"www.{d}": f"www.{n}" for d, n in made.items()}


# -- drawings and facts ------------------------------------------------------------------------------------------------


def _marks(draft: Path, slug: str, title: str, day: dt.date) -> None:
    """Draw logo and icons anew from the name, in the colours of the portal: the other's mark is not lent."""
    theme = yaml.safe_load((draft / "tenant.yaml").read_text(encoding="utf-8"))["theme"]
    words = words_of(slug, title, (), day)
    for mark in _MARKS:
        source = SKELETON / "branding" / f"{mark}.svg"
        if source.is_file() and (draft / "branding" / f"{mark}.svg").is_file():
            path = draft / "branding" / f"{mark}.svg"
            write(source, path, words)
            path.write_text(_coloured(path.read_text(encoding="utf-8"), theme), encoding="utf-8")


def _coloured(drawing: str, theme: Mapping[str, Any]) -> str:
    """The skeleton's colours become those of the portal."""
    own = yaml.safe_load((SKELETON / "tenant.yaml").read_text(encoding="utf-8").replace("@", "x"))["theme"]
    pairs: dict[str, str] = {}
    for mode in ("light", "dark"):
        for token, colour in own[mode].items():
            if token in theme[mode]:
                pairs.setdefault(colour, theme[mode][token])
    return re.sub("#[0-9a-f]{6}", lambda m: pairs.get(m.group(0), m.group(0)), drawing)


def _empty(file: Path, title: str, runtime: PluginRuntime) -> list[str]:
    """Take out what is one organisation's, comments left in place where that is possible; returns the keys."""
    text = file.read_text(encoding="utf-8")
    data = yaml_lines.load(text).data
    keys = [tuple(key.split(".")) for key in IDENTITY if value_at(data, key) is not None]
    named: dict[tuple[str, ...], str] = {}
    for plugin, schema in runtime.installed().by_plugin("config_schema"):
        for path, required in _own(schema(), (data.get("plugins") or {}).get(plugin), ("plugins", plugin)):
            if required:
                named[path] = title
            else:
                keys.append(path)
    trimmed = text
    for key in sorted(keys, key=lambda k: -yaml_lines.load(text).line(k)):
        trimmed = _without(trimmed, key)
    wanted = _pruned(data, keys, named)
    if yaml_lines.load(trimmed).data != wanted:  # written in braces, or a name of a plugin's: the file is written anew
        trimmed = yaml_of(wanted, runtime)
    file.write_text(trimmed, encoding="utf-8")
    return [".".join(k) for k in (*keys, *named)]


def _own(schema: Schema, values: Any, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], bool]]:
    found = []
    for name, f in schema.fields.items():
        key = f.data_key or name
        if not isinstance(values, Mapping) or values.get(key) is None:
            continue
        if isinstance(f, fields.Nested) and not f.many:
            found += _own(f.schema, values[key], (*path, key))
        elif f.metadata.get(OWN):
            found.append(((*path, key), bool(f.required)))
    return found


def _pruned(
    data: Any, keys: list[tuple[str, ...]], named: Mapping[tuple[str, ...], str], at: tuple[str, ...] = ()
) -> Any:
    if not isinstance(data, Mapping):
        return named.get(at, data)
    made = {k: _pruned(v, keys, named, (*at, k)) for k, v in data.items() if (*at, k) not in keys}
    return {k: v for k, v in made.items() if v != {} or data[k] == {}}


def _without(text: str, key: tuple[str, ...]) -> str:
    """The file without a key that stands on lines of its own: its line and those indented below it."""
    lines = text.splitlines(keepends=True)
    at = yaml_lines.load(text).line(key) - 1
    row = lines[at]
    if not row.strip().startswith(f"{key[-1]}:"):
        return text
    indent = len(row) - len(row.lstrip())
    end = at + 1
    while end < len(lines) and lines[end].strip() and len(lines[end]) - len(lines[end].lstrip()) > indent:
        end += 1
    return "".join(lines[:at] + lines[end:])
