"""The brand of a portal on paper: name, logo, colours of the light theme, and who publishes."""

from __future__ import annotations

from core import i18n
from core.care.papers.blocks import Brand
from core.messages import _
from core.tenancy import content
from core.tenancy.current import TenantView
from core.tenancy.theme import complete


def brand_of(tenant: TenantView, language: str) -> Brand:
    """The brand of a portal for a reader of a language."""
    light = complete(tenant.config["theme"]["light"])

    def said(key: str) -> str:
        return content.look_up(tenant.config, key, language) or ""

    office = said("publisher.registered_office")
    registered = " ".join(t for t in (said("publisher.register_city"), said("publisher.register_number")) if t)
    line = ", ".join(t for t in (said("publisher.name"), said("publisher.legal_form"), registered, office) if t)
    email = said("contact.support_email")
    about = (
        i18n.render(_("A person answers at {email}", email=email), language, tenant.words(language)) if email else ""
    )
    return Brand(
        name=tenant.name,
        logo=tenant.bundle.get("branding", {}).get("logo", ""),
        **{k: light[k] for k in ("brand", "brand_ink", "ink", "ink_soft", "line", "surface_2")},
        legal_line=line,
        about=about,
    )
