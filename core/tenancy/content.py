"""A tenant's Markdown: placeholders from the configuration, then rendered, then sanitised."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

PLACEHOLDER = re.compile(r"\{\{\s*([a-z_][a-z0-9_.]*)\s*\}\}")
TAGS = {
    "a", "abbr", "blockquote", "br", "code", "dd", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_markdown = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")


def look_up(config: Mapping[str, Any], dotted: str) -> str | None:
    """The value of `a.b.c` in the configuration as text; None where there is none."""
    value: Any = config
    for part in dotted.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return None if value is None or isinstance(value, (Mapping, list)) else str(value)


def unresolved(text: str, config: Mapping[str, Any]) -> list[str]:
    """Placeholders that the configuration cannot fill."""
    return sorted({m for m in PLACEHOLDER.findall(text) if look_up(config, m) is None})


_ESCAPE = re.compile(r"([\\`*_{}\[\]<>#|])")


def fill(text: str, config: Mapping[str, Any]) -> str:
    """Replace placeholders, escaped for Markdown; one that cannot be filled becomes an ellipsis (drafts only)."""
    return PLACEHOLDER.sub(lambda m: _ESCAPE.sub(r"\\\1", look_up(config, m.group(1)) or "…"), text)


def title_of(text: str) -> str:
    """The first heading's words."""
    for line in text.splitlines():
        if line.startswith("# "):
            return line[2:].strip()
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
            result[name] = ""
        else:
            result[name] += line + "\n"
    return result


def render_markdown(text: str, config: Mapping[str, Any]) -> Markup:
    """Safe HTML. External links are marked (CB-273)."""
    html = _markdown.render(fill(text, config))
    hosts = {h.lower() for h in config.get("hosts", [])}

    def attribute(tag: str, name: str, value: str) -> str | None:
        if tag == "a" and name == "href" and urlsplit(value).scheme not in ("", "http", "https", "mailto", "tel"):
            return None
        return value

    clean = nh3.clean(
        html, tags=TAGS, attributes={"a": {"href", "title"}, "th": {"align"}, "td": {"align"}}, attribute_filter=attribute, link_rel=None
    )

    def mark(match: re.Match[str]) -> str:
        url = urlsplit(match.group(1).replace("&amp;", "&"))
        if url.scheme in ("http", "https") and (url.hostname or "") not in hosts:
            return f'<a class="external" rel="external noopener noreferrer" href="{match.group(1)}"'
        return match.group(0)

    return Markup(re.sub(r'<a href="([^"]*)"', mark, clean))  # noqa: S704 (sanitised above)
