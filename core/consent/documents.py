"""Which version of which legal document is in force on a day: read from the tenant's revision, no database."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.tenancy import content
from core.tenancy.current import TenantView

TERMS = "terms_of_use_and_sale"


@dataclass(frozen=True, slots=True)
class LegalVersion:
    """One version of one document. `announced` versions can be read and refused, and bind from `effective_on` only."""

    code: str
    version: str
    effective_on: dt.date | None
    change_mode: str
    consent: bool
    accepted: bool
    announced: bool = False
    notice_days: int | None = None
    texts: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def text(self, language: str) -> tuple[str, str]:
        """(language, Markdown): the wanted language, else the portal's first that exists."""
        found = language if language in self.texts else next(iter(self.texts), language)
        return found, self.texts.get(found, "")

    def title(self, language: str) -> str:
        """The document's own title in a language."""
        return content.title_of(self.text(language)[1]) or self.code.replace("_", " ")

    def digest(self, language: str) -> str:
        """SHA-256 of the text as it was shown, hexadecimal."""
        return hashlib.sha256(self.text(language)[1].encode()).hexdigest()


def make_version(entry: Mapping[str, Any], on: dt.date, *, previous: bool = False) -> LegalVersion:
    """The version that an entry of a bundle describes: its newest, or the one before it."""
    effective = dt.date.fromisoformat(str(entry["effective_on"]))
    return LegalVersion(
        code=str(entry["code"]),
        version=str(entry["previous_version"] if previous else entry["version"]),
        effective_on=None if previous else effective,
        change_mode=str(entry["change_mode"]),
        consent=bool(entry.get("consent")),
        accepted=bool(entry.get("accept_at_registration")),
        # A first version has nothing before it: it binds at once.
        announced=not previous and effective > on and bool(entry.get("previous_version")),
        notice_days=entry.get("notice_days"),
        texts=dict(entry["previous_texts" if previous else "texts"]),
    )


def _versions(entry: Mapping[str, Any], on: dt.date) -> list[LegalVersion]:
    newest = make_version(entry, on, previous=False)
    if newest.announced:
        return [make_version(entry, on, previous=True), newest]
    return [newest]


def in_force(tenant: TenantView, on: dt.date) -> list[LegalVersion]:
    """Every document's version on a day, in the tenant's order.

    Before an announced change binds, both versions are listed: the present one, then the announced one (CB-067).
    """
    listed = tenant.bundle.get("legal", {}).values()
    return [version for entry in listed for version in _versions(entry, on)]


def binding(tenant: TenantView, on: dt.date) -> list[LegalVersion]:
    """The versions that bind on a day and that an account must have accepted (CB-004)."""
    return [v for v in in_force(tenant, on) if v.accepted and not v.announced]


def announced(tenant: TenantView, on: dt.date) -> list[LegalVersion]:
    """The versions that will bind later and that an account will have to accept."""
    return [v for v in in_force(tenant, on) if v.accepted and v.announced]


def find(tenant: TenantView, code: str, version: str | None, on: dt.date) -> LegalVersion | None:
    """A document by code, or by the code that it stands for: the version asked for, else the one that binds on that day.

    None where there is none.
    """
    legal = tenant.bundle.get("legal", {})
    entry = legal.get(code) or next((d for d in legal.values() if d.get("stands_for") == code), None)
    if entry is None:
        return None
    versions = _versions(entry, on)
    if version is not None:
        kept = [make_version(entry, on, previous=True)] if entry.get("previous_version") else []
        return next((v for v in [*versions, *kept] if v.version == version), None)
    return next((v for v in versions if not v.announced), versions[0])
