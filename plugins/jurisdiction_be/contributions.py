"""What Belgium adds to a portal: its category, numbers, documents, emergency numbers."""

from __future__ import annotations

from functools import partial

from core.plugin_api import (
    Category,
    Condition,
    DocumentType,
    Domain,
    EmergencyNumber,
    IdentifierType,
    ProcessingEntry,
)
from plugins.jurisdiction_be.rules import identifiers

_ = Domain("jurisdiction_be")

CATEGORIES = (
    Category(
        "be_resident",
        _("Resident in Belgium"),
        _("You live in Belgium and have an electronic identity card (e-ID)."),
        (Condition("residence", "BE"), Condition("identifier", "be_eid"), Condition("document", "e_id_card")),
        specificity=10,
        weight=40,
    ),
)


def identifier_types(*, test_mode: bool) -> tuple[IdentifierType, ...]:
    """Numbers of Belgium; in test mode a national number with a wrong key is a warning."""
    return (
        IdentifierType(
            "be_eid",
            _("Number of your e-ID card"),
            "BE",
            "patient",
            identifiers.check_eid,
            "591-2345678-29",
            _("12 digits, on the front of the card."),
        ),
        IdentifierType(
            "be_niss",
            _("National number (NISS)"),
            "BE",
            "patient",
            partial(identifiers.check_niss, strict=not test_mode),
            "85.07.30-033.28",
            _("11 digits, on the back of the e-ID card."),
            inputmode="numeric",
        ),
        IdentifierType(
            "be_inami",
            _("INAMI number"),
            "BE",
            "professional",
            identifiers.check_inami,
            "1-00999-75-004",
            _("11 digits that the INAMI gave you."),
            inputmode="numeric",
            secret=False,
        ),
        IdentifierType(
            "be_kbo",
            _("Enterprise number (BCE/KBO)"),
            "BE",
            "professional",
            identifiers.check_kbo,
            "0412.345.614",
            _("10 digits: the number of your business."),
            inputmode="numeric",
            unique=False,
            secret=False,
        ),
    )


DOCUMENTS = (
    DocumentType("e_id_card", _("Copy of your e-ID card"), "patient", "BE", _("The side with your name and number.")),
)

EMERGENCY = (
    EmergencyNumber("112", _("Emergency: ambulance and fire brigade"), "BE", "general", weight=10),
    EmergencyNumber("101", _("Police"), "BE", "police", weight=20),
    EmergencyNumber("1733", _("Physician on duty, at night and on weekends"), "BE", "on_duty", weight=30),
    EmergencyNumber("070 245 245", _("Poisons centre"), "BE", "general", weight=40),
    EmergencyNumber("0800 32 123", _("Suicide prevention, in French"), "BE", "listening", weight=50),
    EmergencyNumber("1813", _("Suicide prevention, in Dutch"), "BE", "listening", weight=60),
    EmergencyNumber("107", _("Télé-Accueil: someone who listens"), "BE", "listening", weight=70),
)

PROCESSING = (
    ProcessingEntry(
        "jurisdiction_be.patient_category",
        _("Find out which services a patient resident in Belgium may have"),
        _("Contract with the patient (GDPR articles 6 and 9)"),
        _("Place of residence, number and copy of the e-ID card"),
        _("The patient and the portal's operator"),
        _("As long as the account exists, then as the portal's retention rules say"),
    ),
)
