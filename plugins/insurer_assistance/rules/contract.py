"""What the contract says where a portal says nothing else, and the words that it knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

SERVICE = "assistance_teleconsultation"
PARTIES = ("operator", "insurer", "assister", "publisher", "host")
OWN_PARTIES = ("insurer", "assister")  # the others are core's own keys of tenant.yaml
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ROLES = ("insured", "spouse", "child")
REASONS = (
    "general", "emergency", "specialist", "chronic_follow_up", "pregnancy", "infant_follow_up", "sick_leave", "certificate",
    "second_opinion", "renewal",
)  # fmt: skip
KINDS = ("medicine", "sick_leave", "certificate")
FOLLOW_UP = ("chronic_disease", "pregnancy")
DOCUMENTS = ("sick_leave", "medical_certificate")
CLASSES = ("restricted", "prior_agreement", "exception", "narcotic")
PREPARATIONS = ("magistral", "officinal")
PREPARATION = "magistral_or_officinal"
SOURCES = ("file", "api", "oidc")
CONTROLLERS = ("insurer", "operator", "assister")

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "quota": {"teleconsultations_per_calendar_year": 5},
    "access": {
        "phone": "+33199001200", "call_back_minutes": 30, "call_attempts": 3, "attempt_pause_minutes": 10, "lapses_after_hours": 24,
    },
    "appointments": {
        "from": "09:00", "to": "22:00", "days_ahead": 14, "step_minutes": 15, "per_step": 4, "duration_minutes": 15,
    },
    "nurse": {"days": DAYS[:5], "from": "08:00", "to": "20:00", "public_holidays": False},
    "exclusions": {
        "follow_up": FOLLOW_UP,
        "infant_under_months": 12,
        "documents": DOCUMENTS,
        "one_off_renewal_max_days": 7,
        "treatment_max_days": 7,
        "medicine_classes": CLASSES,
        "preparations": PREPARATIONS,
    },
    "countries": {
        "home": "FR",
        "allowed": (
            "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
            "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
        ),
    },
    "eligibility": {"sources": ("file",), "removal_confirm_percent": 10},
    "recording": {"enabled": True, "retention_months": 2},
    "statistics": {"smallest_group": 10},
    "documents": {"link_validity_days": 30, "code_validity_minutes": 30, "code_attempts": 5},
}  # fmt: skip


def section(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of the plugin's settings, whole: what the portal says, else the contract."""
    return {**DEFAULTS[name], **(settings.get(name) or {})}


def clock_time(text: str) -> dt.time:
    """A text such as 09:30 as a time of day."""
    return dt.time.fromisoformat(text)
