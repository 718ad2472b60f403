"""Core's own contributions, by the same door as any plugin's: services, the residual category, providers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.hooks.decisions import NOT_APPLICABLE, Decision, Question, Reason, deny, missing_fact, permit
from core.hooks.specs import hookimpl
from core.hooks.types import (
    Category,
    ChannelProvider,
    Checked,
    Condition,
    Delivery,
    DocumentType,
    EmergencyNumber,
    FileScanner,
    HealthRegister,
    IdentifierType,
    ProcessingEntry,
    Service,
)
from core.lazy import lazy
from core.messages import _
from core.settings import Settings

if TYPE_CHECKING:
    import requests
else:
    requests = lazy("requests")

OTHER = Category(
    "other",
    _("Other"),
    _("You live in another country, or have not told us yet how you are insured."),
    (
        Condition("residence_elsewhere"),
        Condition("document", "identity_document"),
        Condition("identifier", "identity_number"),
    ),
    specificity=0,
    weight=900,
)
SERVICES = (
    Service("in_person", _("Visit at the practice"), _("You meet the professional at the practice."), "in_person", "in_person", "geo-alt", weight=10),
    Service("video_consultation", _("Advice by video"), _("You talk with the professional by video."), "video", "tele_advice", "camera-video", weight=20),
    Service(
        "express_consultation", _("Advice by message"), _("You write, the professional answers within the time shown."), "message", "tele_advice",
        "chat-dots", bookable=False, weight=30,
    ),
)  # fmt: skip


def _identity_number(typed: str) -> Checked:
    value = "".join(c for c in typed.upper() if c.isalnum())
    if not 5 <= len(value) <= 20:
        return Checked(
            value,
            _(
                "Number of the identity document: 5 to 20 letters and digits are expected, {found} were typed.",
                found=len(value),
            ),
        )
    return Checked(value)


class CorePlugin:
    """The built-in plugin “core”: enabled on every portal."""

    version = "1"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @hookimpl
    def categories(self) -> Sequence[Category]:
        return (OTHER,)

    @hookimpl
    def services(self) -> Sequence[Service]:
        return SERVICES

    @hookimpl
    def document_types(self) -> Sequence[DocumentType]:
        return (DocumentType("identity_document", _("Identity document or passport"), "patient"),)

    @hookimpl
    def identifier_types(self) -> Sequence[IdentifierType]:
        return (
            IdentifierType(
                "identity_number", _("Number of your identity document or passport"), "", "patient", _identity_number, "12AB34567",
                _("Letters and digits, as printed."),
            ),
        )  # fmt: skip

    @hookimpl
    def emergency_numbers(self) -> Sequence[EmergencyNumber]:
        return (EmergencyNumber("112", _("European emergency number"), "", "general", weight=5),)

    @hookimpl
    def processing_entries(self) -> Sequence[ProcessingEntry]:
        return (
            ProcessingEntry(
                "accounts",
                _("Accounts and sign-in"),
                _("Contract (GDPR 6(1)(b))"),
                _("Name, birth date, sex, address for messages, sign-in events"),
                _("The operator's staff, as far as their role needs"),
                _("As long as the account lives, then archived as the law asks"),
            ),
            ProcessingEntry(
                "appointments",
                _("Booking and reminding of appointments"),
                _("Contract (GDPR 6(1)(b)) and provision of care (GDPR 9(2)(h))"),
                _("Who meets whom, when, where, and the reason chosen from a list"),
                _("The professional concerned"),
                _("As the law of the professional's country asks"),
            ),
            ProcessingEntry(
                "health_record",
                _("Health profile and record of consultations"),
                _("Explicit consent (GDPR 9(2)(a)) and provision of care (GDPR 9(2)(h))"),
                _(
                    "What patients and the professionals they allow write in the profile, and the consultations carried out"
                ),
                _(
                    "The professionals whom the patient allows, each for the time allowed; a professional is controller of what they wrote"
                ),
                _("As the law of the professional's country asks"),
            ),
        )

    @hookimpl
    def service_access(self, question: Question) -> Decision:
        if question.service == "teleconsultation" and question.patient.category == "other":
            return deny(
                Reason(
                    "teleconsultation_not_for_others",
                    "core",
                    _(
                        "The French teleconsultation is not open to patients of other countries. You can ask for advice by video or message instead."
                    ),
                    "CB-109",
                )
            )
        return NOT_APPLICABLE

    @hookimpl
    def reimbursement(self, question: Question) -> Decision:
        """Whoever is insured nowhere that this portal knows is told that nothing is reimbursed; others ask their plugin."""
        if question.patient.category != OTHER.code:
            return NOT_APPLICABLE
        message = _(
            "No service of this portal can be reimbursed to you by a social insurance. You pay the whole price; your own insurance may tell you what it pays for."
        )
        return deny(Reason("not_reimbursed_to_others", "core", message, "CB-253"))

    @hookimpl
    def prescription(self, question: Question) -> Decision:
        """Whoever lives outside the European Union receives no medicine, whoever the physician is."""
        if question.patient.category != OTHER.code or question.facts.get("kind") != "medicine":
            return NOT_APPLICABLE
        resident = question.facts.get("patient_residence_eu")
        if resident is None:
            return missing_fact("core", "patient_residence_eu")
        if resident:
            return NOT_APPLICABLE
        message = _(
            "Patients who live outside the European Union cannot receive a prescription of medicines through this portal. Please see a physician where you live."
        )
        return deny(Reason("medicine_outside_union", "core", message, "CB-195"))

    @hookimpl
    def tax(self, question: Question) -> Decision:
        """The fee of a consultation by video bears no VAT; the operator's own commission does, on its own invoice."""
        if question.service != "video_consultation":
            return NOT_APPLICABLE
        message = _(
            "The fee of a consultation by video bears no VAT. VAT is due only on the commission that the operator invoices to the professional."
        )
        reason = Reason("video_fee_without_vat", "core", message, "CB-161")
        return permit(reason, values={"vat": "exempt", "declaration_required": False})

    @hookimpl
    def booking(self, question: Question) -> Decision:
        """What the professional published is open; closed practices and services are refused before this is asked."""
        if question.facts.get("only_known_patients") and not question.facts.get("known_patient"):
            return deny(
                Reason(
                    "known_patients_only",
                    "core",
                    _(
                        "This professional keeps these times for patients already known. Please choose another time or call the practice."
                    ),
                    "CB-136",
                )
            )
        return permit(Reason("published_slot", "core", _("The professional published this time."), "CB-135"))

    @hookimpl
    def health_registers(self) -> Sequence[HealthRegister]:
        from core.care.record import registers

        return registers.REGISTERS

    @hookimpl
    def record_access(self, question: Question) -> Decision:
        """What the patient allowed, and nothing else."""
        from core.care.record import rules

        return rules.record_access(question)

    @hookimpl
    def channel_providers(self) -> Sequence[ChannelProvider]:
        from core.notifications import inbox, smtp

        providers = []
        if self.settings.smtp_url:
            providers.append(ChannelProvider("smtp", "email", smtp.smtp_sender(self.settings.smtp_url), weight=10))
        if self.settings.sms_url:
            providers.append(ChannelProvider("sms_http", "sms", sms_sender(self.settings.sms_url), weight=10))
        if self.settings.env != "production":
            providers.append(ChannelProvider("development_inbox", "email", inbox.keep, weight=50))
            providers.append(ChannelProvider("development_inbox_sms", "sms", inbox.keep, weight=50))
        return providers

    @hookimpl
    def file_scanners(self) -> Sequence[FileScanner]:
        from core.care.documents import scanners

        # Without a daemon there is no `clamd`: files of portals that name it wait, and nobody opens them.
        daemon = [FileScanner("clamd", scanners.clamd(self.settings.clamd))] if self.settings.clamd else []
        return [*daemon, FileScanner("basic", scanners.basic)]


def sms_sender(url: str) -> Any:
    """A sender over a generic HTTPS gateway: POST JSON {to, text, id}; anything but 2xx is a failure."""

    def send(delivery: Delivery) -> None:
        answer = requests.post(
            url,
            json={"to": delivery.to, "text": delivery.body_text, "id": delivery.idempotency_key},
            timeout=15,
            allow_redirects=False,
        )
        answer.raise_for_status()

    return send
