"""The report of a consultation on paper, in the tenant's brand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from core import i18n
from core.care.papers.blocks import Block, Facts, Heading, Paper, Paragraph
from core.care.papers.brand import brand_of
from core.lazy import lazy
from core.messages import Message, _
from core.tenancy.current import TenantView

if TYPE_CHECKING:
    from core.care.papers import pdf
else:
    pdf = lazy("core.care.papers.pdf")


def moment(instant: dt.datetime, language: str, zone: str) -> str:
    """An instant in words, in a zone, the zone named by its city."""
    return i18n.moment(instant, language, ZoneInfo(zone))


def report_pdf(
    tenant: TenantView,
    *,
    language: str,
    title: str,
    patient_name: str,
    birth_date: dt.date | None,
    professional_name: str,
    register_number: str = "",
    practice: str = "",
    consulted_at: dt.datetime | None = None,
    saved_at: dt.datetime,
    sections: Sequence[tuple[str, str]],
    version: int = 1,
    reference: str = "",
) -> bytes:
    """The report as PDF bytes: who, whom, when, then the sections as (heading, text); an empty text is left out.

    Instants are UTC and shown in the portal's zone. The caller seals the file or passes it on, and does not store it in
    clear. `signing.seal_pdf` puts the portal's seal on it.
    """

    def say(message: Message) -> str:
        return i18n.render(message, language, tenant.words(language))

    rows = [
        (say(_("Patient")), patient_name),
        (say(_("Born on")), i18n.day(birth_date, language) if birth_date else ""),
        (say(_("Professional")), professional_name),
        (say(_("Register number")), register_number),
        (say(_("Practice")), practice),
        (say(_("Consultation")), moment(consulted_at, language, tenant.time_zone) if consulted_at else ""),
        (say(_("Report saved")), moment(saved_at, language, tenant.time_zone)),
        (say(_("Version")), str(version) if version > 1 else ""),
    ]
    blocks: list[Block] = [Facts(tuple((k, v) for k, v in rows if v))]
    for heading, text in sections:
        if text.strip():
            blocks += [Heading(heading), Paragraph(text.strip())]
    if version > 1:
        words = _("This version replaces the earlier ones, which stay readable in the record.")
        blocks.append(Paragraph(say(words), soft=True))
    paper = Paper(
        title=title,
        brand=brand_of(tenant, language),
        language=language,
        made_at=saved_at,
        blocks=tuple(blocks),
        reference=reference,
        page_words=say(_("Page {page} of {pages}", page="{page}", pages="{pages}")),
    )
    return pdf.render(paper)
