"""What the plugin adds to a portal: frozen values, made once."""

from __future__ import annotations

from core.plugin_api import (
    Category,
    Condition,
    DocumentType,
    Domain,
    EmergencyNumber,
    IdentifierType,
    PracticeCountry,
)
from jurisdiction_de.rules.identifiers import check_kvnr

_ = Domain("jurisdiction_de")

CATEGORIES = (
    Category(
        "de_resident",
        _("Insured in Germany"),
        _("You live in Germany and have the card of a statutory health insurance."),
        (Condition("residence", "DE"), Condition("identifier", "de_kvnr")),
    ),
)

IDENTIFIERS = (
    IdentifierType(
        "de_kvnr",
        _("Number on your health card (Krankenversichertennummer)"),
        "DE",
        "patient",
        check_kvnr,
        "A123456780",
        _("A letter and 9 digits."),
    ),
)

DOCUMENTS = (DocumentType("de_licence", _("Copy of your licence to practise (Approbation)"), "professional", "DE"),)

PRACTICE = (PracticeCountry("DE", _("Germany"), documents=("de_licence",)),)

EMERGENCY = (
    EmergencyNumber("112", _("Emergency: ambulance and fire brigade"), "DE", "general", weight=10),
    EmergencyNumber("116117", _("Medical on-call service, when practices are closed"), "DE", "on_duty", weight=20),
)
