"""What Luxembourg adds to a portal: its category, numbers, documents, emergency numbers."""

from __future__ import annotations

from core.plugin_api import (
    Category,
    Condition,
    DocumentType,
    Domain,
    EmergencyNumber,
    IdentifierType,
    PracticeCountry,
    ProcessingEntry,
)
from plugins.jurisdiction_lu.rules import identifiers

_ = Domain("jurisdiction_lu")

CATEGORIES = (
    Category(
        "lu_resident",
        _("Insured in Luxembourg"),
        _("You live in Luxembourg and have a CNS card."),
        (Condition("residence", "LU"), Condition("identifier", "lu_matricule"), Condition("document", "cns_card")),
        specificity=10,
        weight=30,
    ),
)

IDENTIFIERS = (
    IdentifierType(
        "lu_matricule",
        _("Number on your CNS card (matricule)"),
        "LU",
        "patient",
        identifiers.check_matricule,
        "1985 0712 001 41",
        _("13 digits that start with your date of birth, on the front of the card."),
        inputmode="numeric",
    ),
    IdentifierType(
        "lu_provider_code",
        _("CNS provider code"),
        "LU",
        "professional",
        identifiers.check_provider_code,
        "123456-78",
        _("8 digits that the CNS gave you."),
        secret=False,
    ),
)

DOCUMENTS = (
    DocumentType("cns_card", _("Copy of your CNS card"), "patient", "LU", _("The side with your name and number.")),
    DocumentType(
        "identity_card",
        _("Photo of your identity card"),
        "professional",
        "LU",
        _("Both sides, readable."),
        kept_after_check=False,
    ),
)

PRACTICE = (PracticeCountry("LU", _("Luxembourg"), documents=("identity_card",)),)

EMERGENCY = (
    EmergencyNumber("112", _("Emergency: ambulance and fire brigade"), "LU", "general", sms=True, weight=10),
    EmergencyNumber("113", _("Police"), "LU", "police", weight=20),
    EmergencyNumber("454545", _("SOS Détresse: someone who listens"), "LU", "listening", weight=30),
    EmergencyNumber("116 000", _("Missing children"), "LU", "listening", weight=40),
)

PROCESSING = (
    ProcessingEntry(
        "jurisdiction_lu.patient_category",
        _("Find out which services a patient insured in Luxembourg may have"),
        _("Contract with the patient (GDPR articles 6 and 9)"),
        _("Place of residence, national number, copy of the CNS card"),
        _("The patient and the portal's operator"),
        _("As long as the account exists, then as the portal's retention rules say"),
    ),
    ProcessingEntry(
        "jurisdiction_lu.professional_check",
        _("Check that a professional is entitled to practise in Luxembourg"),
        _("Legal duty and contract with the professional (GDPR article 6)"),
        _("Photo of the identity card"),
        _("The portal's operator; patients see that the check was made, not the document"),
        _("As long as the account exists, then as the portal's retention rules say"),
    ),
)
