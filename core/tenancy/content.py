"""A tenant's Markdown: placeholders from the configuration, then rendered, then sanitised."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import nh3
from babel import Locale
from markupsafe import Markup

from core.tenancy.schemas import LANGUAGES

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

PLACEHOLDER = re.compile(r"\{\{\s*([a-z_][a-z0-9_.]*)\s*\}\}")
TAGS = {
    "a", "abbr", "blockquote", "br", "code", "dd", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "th": {"align"}, "td": {"align"}}
COUNTRIES = frozenset({"country", "host.country", "legal.governing_law", "legal.courts"})
SCHEMES = ("", "http", "https", "mailto", "tel")
_BRACES = re.compile(r"\{\{[^{}\n]*\}?\}?")
_POINTED = re.compile(r"<(\{\{\s*([a-z_][a-z0-9_.]*)\s*\}\})>")


def look_up(config: Mapping[str, Any], dotted: str, language: str = "") -> str | None:
    """The value of `a.b.c` in the configuration as text; None where there is none.

    In `language` (default: the portal's first) for a value with a text per language and for the name of a country.
    """
    language = language or next(iter(config.get("languages") or ()), "")
    value: Any = config
    for part in dotted.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    if isinstance(value, Mapping) and value and set(value) <= set(LANGUAGES):
        value = value.get(language) or next(iter(value.values()))
    if value is None or isinstance(value, (Mapping, list)):
        return None
    if dotted in COUNTRIES and language:
        return str(Locale.parse(language).territories.get(str(value), value))
    return str(value)


def unresolved(text: str, config: Mapping[str, Any]) -> list[str]:
    """Placeholders that the configuration cannot fill."""
    return sorted({m for m in PLACEHOLDER.findall(text) if look_up(config, m) is None})


def malformed(text: str) -> list[tuple[int, str]]:
    """What looks like a placeholder and is none, with its line (from 1): `{{ Name }}`, `{{ a | b }}`, `{{ open`."""
    found = []
    for number, row in enumerate(text.splitlines(), 1):
        found += [(number, m.group(0)) for m in _BRACES.finditer(row) if not PLACEHOLDER.fullmatch(m.group(0))]
    return found


def fill(text: str, config: Mapping[str, Any], language: str = "") -> str:
    """Plain text with its placeholders replaced; one that cannot be filled becomes an ellipsis (drafts only)."""
    return PLACEHOLDER.sub(lambda m: look_up(config, m.group(1), language) or "…", text)


def title_of(text: str, config: Mapping[str, Any] | None = None, language: str = "") -> str:
    """The first heading's words, its placeholders filled when the configuration is given; "" where there is none."""
    for line in text.splitlines():
        if line.startswith("# "):
            title = line[2:].strip()
            return fill(title, config, language) if config is not None else title
    return ""


def body_of(text: str) -> str:
    """The text without its first heading."""
    head, found, rest = text.partition("\n")
    return rest if found and head.startswith("# ") else text


def sections(text: str) -> dict[str, str]:
    """`## ` sections in order: heading to Markdown; what stands before the first has the key ""."""
    result: dict[str, str] = {"": ""}
    name = ""
    for line in body_of(text).splitlines():
        if line.startswith("## "):
            name = line[3:].strip()
            result.setdefault(name, "")
        else:
            result[name] += line + "\n"
    return result


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")


def render_markdown(text: str, config: Mapping[str, Any], shift: int = 0, language: str = "") -> Markup:
    """Safe HTML of a tenant's text that is written in `language` (default: the portal's first).

    Placeholders are filled after the Markdown is parsed, so that a value is always plain text. Headings go down by
    `shift` levels (0 to 5; `##` becomes `<h3>` with 1). Links to other sites get the class `external` (CB-273).
    """
    values: list[str] = []
    # A word that Markdown and the normalising of addresses leave alone, and that the text cannot hold: its own digest.
    word = "q" + hashlib.sha256(text.encode()).hexdigest()[:16]

    def keep(match: re.Match[str]) -> str:
        values.append(look_up(config, match.group(1), language) or "…")
        return f"{word}n{len(values) - 1}q"

    def point(match: re.Match[str]) -> str:
        scheme = "mailto:" if "@" in (look_up(config, match.group(2)) or "") else ""
        return f"[{match.group(1)}]({scheme}{match.group(1)})"

    markdown = _markdown()
    tokens = markdown.parse(PLACEHOLDER.sub(keep, _POINTED.sub(point, text)))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + shift)}"
    drawn = markdown.renderer.render(tokens, markdown.options, {})
    filled = re.sub(f"{word}n([0-9]+)q", lambda m: html.escape(values[int(m.group(1))], quote=True), drawn)
    clean = nh3.clean(filled, tags=TAGS, attributes=ATTRIBUTES, attribute_filter=_attribute, link_rel=None)
    hosts = {str(h).lower() for h in config.get("hosts", [])} | {f"{config.get('slug', '')}.localhost"}

    def mark(match: re.Match[str]) -> str:
        url = urlsplit(html.unescape(match.group(1)))
        if url.netloc and (url.hostname or "") not in hosts:
            return f'<a class="external" rel="external noopener noreferrer" href="{match.group(1)}"'
        return match.group(0)

    # nh3 sanitised it above.
    return Markup(re.sub(r'<a href="([^"]*)"', mark, clean))  # noqa: S704


def _attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "a" and name == "href":
        try:
            allowed = urlsplit(value.strip()).scheme in SCHEMES
        except ValueError:  # "http://[": no address at all
            allowed = False
        return value if allowed else None
    return value
