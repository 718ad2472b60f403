"""Cards on the homes of a portal of this service: the work that waits for who is signed in, and who carries it out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from core.plugin_api import DashboardCard, settings_of
from core.plugin_api import acts as api
from core.plugin_api.people import profile_of
from core.plugin_api.tables import now
from plugins.insurer_assistance import cases, team, triage
from plugins.insurer_assistance.models import Case

Card = tuple[str, Mapping[str, Any]] | None


def work(account_id: uuid.UUID) -> Card:
    """What waits for a doctor, a nurse or an agent whose place in the team is active; nothing for others."""
    place = team.of(account_id) if settings_of(cases.NAME) else None
    if place is None or not team.active(account_id, place.role):
        return None
    rows, mine = {team.DOCTOR: _doctor, team.NURSE: _nurse, team.AGENT: _agent}[place.role](account_id)
    at = now()
    return "insurer_assistance/card_work.html", {
        "place": place.role,
        "waiting": len(rows),
        "mine": len(mine),
        "late": sum(1 for c in rows if c.escalated_at is not None or (c.due_at is not None and c.due_at <= at)),
        "soonest": min((c.due_at for c in rows if c.due_at is not None), default=None),
    }


def _doctor(account_id: uuid.UUID) -> tuple[list[Case], list[Case]]:
    me = profile_of(account_id)
    if me is None:
        return [], []
    waiting = {c.id for c in api.waiting(me, cases.SERVICE)}
    rows = cases.in_state(cases.TO_DOCTOR)
    held = api.of_ids([c.id for c in rows])
    return [c for c in rows if c.id in waiting], [
        c for c in rows if c.id in held and held[c.id].professional_id == me.id
    ]


def _nurse(account_id: uuid.UUID) -> tuple[list[Case], list[Case]]:
    return triage.waiting(), [c for c in triage.mine(account_id) if c.state == cases.WITH_NURSE]


def _agent(_account_id: uuid.UUID) -> tuple[list[Case], list[Case]]:
    return cases.in_state(*cases.OPEN), []


def assister(_account_id: uuid.UUID) -> Card:
    """The assister under its own name, for the parties: core knows the others from the portal's configuration (IA-002)."""
    name = (settings_of(cases.NAME).get("assister") or {}).get("name")
    return ("insurer_assistance/card_assister.html", {"name": name}) if name else None


CARDS = (
    DashboardCard("insurer_assistance_work", ("professional", "partner"), work, weight=10),
    DashboardCard("insurer_assistance_assister", ("partner",), assister, weight=90),
)
