"""For plugins with pages: the present portal, who may call a view, refusals, language, rendering in the plugin's own words."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, render_template

from core.care.prescriptions.blueprint import pdf as pdf_answer
from core.hooks.types import Event, NavigationEntry
from core.identity.fields import country_options
from core.identity.parties import EDIT, FIGURES, partner_view
from core.identity.throttle import forget as forget_tries
from core.identity.throttle import take as count_try
from core.scheduling.blueprint import signed_in_professional
from core.tenancy.current import TenantView, current_tenant
from core.web.access import access
from core.web.cookies import cookie_name
from core.web.cookies import give as give_cookie
from core.web.frame import Refused
from core.web.language import gettext_of, language, ngettext_of, say

__all__ = [
    "EDIT",
    "FIGURES",
    "Event",
    "NavigationEntry",
    "Refused",
    "TenantView",
    "access",
    "cookie_name",
    "count_try",
    "country_options",
    "current_tenant",
    "forget_tries",
    "give_cookie",
    "id_of",
    "language",
    "partner_view",
    "pdf_answer",
    "render",
    "say",
    "signed_in_professional",
]


def render(plugin: str, template: str, **context: Any) -> str:
    """A page of a plugin: its `_` finds the plugin's own words first, then core's."""
    return render_template(template, _=gettext_of(plugin), ngettext=ngettext_of(plugin), **context)


def id_of(text: str) -> uuid.UUID:
    """The id in an address; a page that does not exist where it is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        abort(404)
