"""What France adds to a portal: categories, statuses, numbers, documents, emergency numbers."""

from __future__ import annotations

from functools import partial

from core.plugin_api import (
    Category,
    Condition,
    DocumentType,
    Domain,
    EmergencyNumber,
    IdentifierType,
    PracticeCountry,
    ProcessingEntry,
    Service,
    Status,
)
from plugins.jurisdiction_fr.rules import identifiers

_ = Domain("jurisdiction_fr")

_INSURED = (Condition("residence", "FR"), Condition("identifier", "fr_nir"), Condition("document", "vitale_card"))
CATEGORIES = (
    Category(
        "fr_resident",
        _("Insured in France"),
        _("You live in France and have a Vitale card."),
        _INSURED,
        specificity=10,
        weight=10,
    ),
    Category(
        "fr_cross_border",
        _("Cross-border worker, France and Luxembourg"),
        _("You live in France, work in Luxembourg and have both a Vitale card and a CNS card."),
        (
            *_INSURED,
            Condition("workplace", "LU"),
            Condition("identifier", "lu_matricule"),
            Condition("document", "cns_card"),
        ),
        specificity=20,
        requires=("jurisdiction_lu",),
        weight=20,
    ),
)

_CARD = (Condition("identifier", "fr_nir"), Condition("document", "vitale_card"))
STATUSES = (
    Status(
        "ald",
        _("Long-term condition (ALD)"),
        _("Your care for a recognised long-term condition is covered in full."),
        ("fr_resident", "fr_cross_border"),
        (Condition("declared", "ald"), *_CARD),
        proof="vitale_card",
        weight=10,
    ),
    Status(
        "css",
        _("Complementary solidarity cover (CSS, formerly CMU-C)"),
        _("The complementary solidarity cover pays what health insurance leaves."),
        ("fr_resident",),
        (Condition("declared", "css"), *_CARD),
        proof="vitale_card",
        weight=20,
    ),
    Status(
        "pregnant_6m",
        _("Pregnancy, from the sixth month"),
        _("From the first day of the sixth month of pregnancy your care is covered in full."),
        ("fr_resident", "fr_cross_border"),
        (Condition("declared", "pregnant_6m"), *_CARD),
        proof="vitale_card",
        weight=30,
    ),
)


def identifier_types(*, test_mode: bool) -> tuple[IdentifierType, ...]:
    """Numbers of France; in test mode an RPPS with a wrong check digit is a warning. The INS is never typed."""
    return (
        IdentifierType(
            "fr_nir",
            _("Number on your Vitale card"),
            "FR",
            "patient",
            identifiers.check_nir,
            "1 85 07 75 123 456 08",
            _("15 characters: your social-security number with its key, on the front of the card."),
        ),
        IdentifierType(
            "fr_rpps",
            _("RPPS number"),
            "FR",
            "professional",
            partial(identifiers.check_rpps, strict=not test_mode),
            "10000000017",
            _("11 digits, on your CPS card or in the public register of health professionals."),
            inputmode="numeric",
            secret=False,
        ),
        IdentifierType(
            "fr_cps",
            _("CPS card number"),
            "FR",
            "professional",
            identifiers.check_cps,
            "2400123456",
            _("10 digits, on the front of your CPS card."),
            inputmode="numeric",
        ),
        IdentifierType(
            "fr_finess", _("FINESS number"), "FR", "professional", identifiers.check_finess, "759999998",
            _("9 characters: the number of the place where you practise."), unique=False, secret=False,
        ),
        IdentifierType(
            "fr_siren", _("SIREN number"), "FR", "professional", identifiers.check_siren, "123456782",
            _("9 digits: the number of your business."), inputmode="numeric", unique=False, secret=False,
        ),
        IdentifierType(
            "fr_siret", _("SIRET number"), "FR", "professional", identifiers.check_siret, "12345678200028",
            _("14 digits: the number of one place of your business."), inputmode="numeric", unique=False, secret=False,
        ),
    )  # fmt: skip


DOCUMENTS = (
    DocumentType(
        "vitale_card", _("Copy of your Vitale card"), "patient", "FR", _("The side with your name and number.")
    ),
    DocumentType(
        "cps_card",
        _("Photo of your CPS card"),
        "professional",
        "FR",
        _("The side with your photo."),
        kept_after_check=False,
    ),
    DocumentType(
        "national_identity_card",
        _("Photo of your national identity card"),
        "professional",
        "FR",
        _("Both sides, readable."),
        kept_after_check=False,
    ),
)

PRACTICE = (
    PracticeCountry(
        "FR", _("France"), ("fr_rpps", "fr_cps"), ("national_identity_card", "cps_card"), register="fr_rpps"
    ),
)

SERVICES = (
    Service(
        "teleconsultation",
        _("Teleconsultation"),
        _("A medical consultation by video with a physician in France, which health insurance may reimburse."),
        "video",
        "teleconsultation",
        icon="camera-video",
        weight=40,
    ),
)

EMERGENCY = (
    EmergencyNumber("15", _("SAMU: medical emergency"), "FR", "ambulance", weight=10),
    EmergencyNumber("112", _("European emergency number"), "FR", "general", weight=20),
    EmergencyNumber("17", _("Police"), "FR", "police", weight=30),
    EmergencyNumber("18", _("Fire brigade"), "FR", "fire", weight=40),
    EmergencyNumber(
        "114", _("For deaf people and people who cannot speak, by SMS or video"), "FR", "accessible", True, 50
    ),
    EmergencyNumber("116 117", _("Physician on duty (in some regions)"), "FR", "on_duty", weight=60),
    EmergencyNumber("3114", _("Suicide prevention, day and night"), "FR", "listening", weight=70),
    EmergencyNumber("119", _("Child in danger"), "FR", "listening", weight=80),
    EmergencyNumber("3919", _("Violence against women"), "FR", "listening", weight=90),
)

PROCESSING = (
    ProcessingEntry(
        "jurisdiction_fr.patient_category",
        _("Find out which services a patient insured in France may have"),
        _("Contract with the patient; health and social-security law for the number (GDPR articles 6 and 9)"),
        _("Place of residence and work, social-security number, copy of the Vitale card, declared statuses"),
        _("The patient and the portal's operator"),
        _("As long as the account exists, then as the portal's retention rules say"),
    ),
    ProcessingEntry(
        "jurisdiction_fr.professional_check",
        _("Check that a professional is entitled to practise in France"),
        _("Legal duty and contract with the professional (GDPR article 6)"),
        _("RPPS number, CPS card number, photos of the CPS card and of the identity card"),
        _("The portal's operator; patients see that the check was made, not the documents"),
        _("As long as the account exists, then as the portal's retention rules say"),
    ),
)
