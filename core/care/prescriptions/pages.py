"""The pages of prescriptions, and what other rooms' templates may use of them."""

from __future__ import annotations

from flask import Flask

from core.care.papers import models as papers  # its table belongs to the installation, whoever signs first
from core.care.prescriptions import deciding, messages, pages_patient, pages_pharmacy, pages_professional, service
from core.care.prescriptions.blueprint import bp, no_prescription, shown

__all__ = ["bp", "install", "messages", "pages_patient", "pages_pharmacy", "pages_professional", "papers"]


def install(app: Flask) -> None:
    """For templates: `prescriptions/_panel.html` and `prescriptions/_adverse_effects.html` need nothing but a consultation
    and a country; `no_prescription(decision)` says why none is possible (CB-179)."""
    app.jinja_env.globals.update(
        prescriptions_of=lambda consultation: [shown(r) for r in service.of_consultation(consultation.id)],
        prescription_expected=deciding.expected,
        no_prescription=no_prescription,
        adverse_effect_links=deciding.adverse_effects,
    )
