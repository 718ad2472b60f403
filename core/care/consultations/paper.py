"""The report of a consultation as a sealed PDF. It is made anew for each reader and stored nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import audit, i18n
from core.care.consultations import reports, service
from core.care.consultations.models import Consultation
from core.care.papers.reports import report_pdf
from core.directory import service as directory
from core.directory.models import Professional
from core.identity import people as identity
from core.lazy import lazy
from core.messages import _
from core.tenancy.current import current_tenant

if TYPE_CHECKING:
    from core.care.papers import signing
else:
    signing = lazy("core.care.papers.signing")


def report(row: Consultation, language: str) -> bytes | None:
    """The newest version on paper, in a language of the portal, with the portal's seal; None before it is saved."""
    written = reports.versions(row.id)
    if not written:
        return None
    newest, tenant = written[0], current_tenant()
    professional: Professional = Professional.get(newest.professional_id)
    who = identity.described(row.patient_account_id, row.dependant_id)
    places = directory.practices_of(professional.id)
    place = next((p for p in places if p.mode == "in_person"), None)

    def say(message: object) -> str:
        return i18n.render(message, language, tenant.words(language))  # type: ignore[arg-type]

    audit.record("report.printed", service.KIND, row.id, {"version": newest.version})
    paper = report_pdf(
        tenant,
        language=language,
        title=say(_("Report of the consultation")),
        patient_name=who.name,
        birth_date=who.born,
        professional_name=f"{professional.title} {professional.name}".strip(),
        register_number=professional.register_number or "",
        practice=f"{place.name}, {place.street}, {place.postal_code} {place.city}" if place else "",
        consulted_at=row.started_at or row.accepted_at,
        saved_at=newest.saved_at,
        sections=[(say(label), newest.parts.get(code, "")) for code, label in reports.PARTS.items()],
        version=newest.version,
        reference=str(row.id),
    )
    return signing.seal_pdf(paper)
