"""Parts of a page that are the same for every visitor of a portal: drawn once per revision and language.

Such a part knows the tenant and the language and nothing of the visitor: no account, no form, no address asked for.
It is drawn with those two alone, so that nothing of one visitor can stand in another's page.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from flask import Flask, current_app, g
from markupsafe import Markup

from core.web.language import language

# What such a part may ask for, beside words and addresses.
KNOWN = frozenset({"tenant", "locale", "layout", "asset", "theme_url", "dev", "legal_titles", "begin"})


def install(app: Flask, known: Any) -> None:
    """Give `drawn_once(template)` to Jinja. `known()` returns the values of `KNOWN` for the present tenant and language."""
    app.extensions["portico_fragments"] = known
    app.jinja_env.globals["drawn_once"] = drawn_once


def drawn_once(template: str, **also: Hashable) -> Markup:
    """The part in the visitor's language; `also` is what else it depends on: few values, known beforehand."""
    tenant = g.get("tenant")
    if tenant is None:
        return _drawn(template, also)
    memo: dict[Any, Markup] = tenant._memo
    key = ("part", template, language(), *also.items()) if also else ("part", template, language())
    found = memo.get(key)
    if found is None:
        found = memo[key] = _drawn(template, also)
    return found


def _drawn(template: str, also: dict[str, Hashable]) -> Markup:
    known: dict[str, Any] = current_app.extensions["portico_fragments"]()
    drawn = current_app.jinja_env.get_template(template).render(**known, **also)
    return Markup(drawn)  # noqa: S704 - Jinja escaped what it drew
