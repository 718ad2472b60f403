"""The care team: general practitioners under agreement, nurses employed by the operator, agents of the desk (IA-011 to IA-013).

The operator records the facts of each person; a role whose facts no longer hold is suspended at once.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import select

from core.plugin_api import Domain, Message
from core.plugin_api.pages import Refused, signed_in_professional
from core.plugin_api.people import KEEP_TEAM, Professional, is_active, party_may, profile_of
from core.plugin_api.tables import db, now, record
from plugins.insurer_assistance.members import local_day
from plugins.insurer_assistance.models import TeamMember

_ = Domain("insurer_assistance")
DOCTOR, NURSE, AGENT = "doctor", "nurse", "agent"
ROLES = (DOCTOR, NURSE, AGENT)
EXAMPLE = "2026-11-21"
DESK_ACCOUNTS = ("professional", "operator", "partner")
"""Accounts by which people of the team sign in: their place in it is asked for besides."""
OPERATOR_ACCOUNTS = ("operator", "partner")
"""Accounts of the operator's staff, who record the facts of the team."""


def of(account_id: uuid.UUID) -> TeamMember | None:
    """What is recorded of somebody."""
    return db.session.execute(select(TeamMember).where(TeamMember.account_id == account_id)).scalar_one_or_none()


def why_not(row: TeamMember | None, role: str) -> list[str]:
    """Codes of what is lacking for a role today; empty: the role is active."""
    if row is None or row.role != role:
        return ["not_recorded"]
    found = []
    if role != AGENT and not row.registered:
        found.append("registered")
    if role != AGENT and not row.practises_in_country:
        found.append("practises_in_country")
    day = local_day()
    if (
        row.engaged_from is None
        or row.engaged_from > day
        or (row.engaged_until is not None and row.engaged_until < day)
    ):
        found.append("engaged")
    return found


def active(account_id: uuid.UUID, role: str) -> bool:
    """Whether somebody may work in a role now."""
    return is_active(account_id) and not why_not(of(account_id), role)


def demand(account_id: uuid.UUID, *roles: str) -> str:
    """The role that somebody works in. Raises Refused (403) where it is none of these, or suspended."""
    row = of(account_id)
    if row is not None and row.role in roles and active(account_id, row.role):
        return row.role
    raise Refused(
        _("This part of the portal is for the care team. Your place in it is not recorded, or has ended."), status=403
    )


def doctor(account_id: uuid.UUID) -> Professional:
    """The signed-in doctor of the team. Raises Refused (403)."""
    demand(account_id, DOCTOR)
    found = signed_in_professional()
    if found.kind != "physician":
        raise Refused(_("Only a physician can do this."), status=403)
    return found


def set_facts(
    account_id: uuid.UUID,
    role: str,
    *,
    registered: bool,
    practises_in_country: bool,
    engaged_from: str | None,
    engaged_until: str | None,
    by: str,
    listens: bool = False,
) -> TeamMember:
    """Record what makes a role active; `by` is who recorded it. Days are ISO text or None. The role changes at once.

    `listens` names this person to listen to recordings: of the operator's own staff only, so never a doctor.
    Raises Refused for a role that the care team of this service does not have, or whose person is of another profession.
    """
    if role not in ROLES:
        raise Refused(_("The care team has doctors, nurses and agents; “{role}” is none.", role=role[:40]), status=422)
    profile = profile_of(account_id)
    known = profile is None or (profile.kind, profile.specialty) == ("physician", "general_practice")
    if not known and profile is not None and profile.specialty != "nurse":
        raise Refused(_("Only general practitioners and nurses have a place in this care team."), status=422)
    if role == DOCTOR and (profile is None or profile.kind != "physician" or profile.specialty != "general_practice"):
        raise Refused(_("Doctors of this service are general practitioners."), status=422)
    if role == NURSE and (profile is None or profile.specialty != "nurse"):
        raise Refused(_("Nurses of this service are State-registered nurses."), status=422)
    begins = day_of(engaged_from, _("Agreement or employment from"))
    ends = day_of(engaged_until, _("Agreement or employment until"))
    if listens and role == DOCTOR:
        raise Refused(_("Recordings are listened to by the operator’s own staff, never by doctors."), status=422)
    if begins and ends and ends < begins:
        raise Refused(
            _("The last day, {last}, lies before the first, {first}.", last=ends.isoformat(), first=begins.isoformat()),
            status=422,
        )
    row = of(account_id)
    if row is None:
        row = TeamMember(account_id=account_id)
        db.session.add(row)
    row.role, row.registered, row.practises_in_country = role, registered, practises_in_country
    row.engaged_from, row.engaged_until, row.recorded_at, row.recorded_by = begins, ends, now(), by
    row.listens = listens
    db.session.flush()
    record(
        "assistance.team_recorded",
        "account",
        account_id,
        {"role": role, "active": not why_not(row, role), "listens": listens, "by": by},
    )
    return row


def day_of(typed: str | None, label: Message) -> dt.date | None:
    """A day as it is typed; None where nothing is. Raises Refused (422), which names the field and what was found."""
    if not typed or not typed.strip():
        return None
    try:
        return dt.date.fromisoformat(typed.strip())
    except ValueError:
        raise Refused(
            _(
                "“{label}”: “{found}” is no day. A day is written like {example}.",
                label=label,
                found=typed.strip()[:40],
                example=EXAMPLE,
            ),
            status=422,
        ) from None


def answers(account_id: uuid.UUID) -> bool:
    """Whether somebody works at the telephone desk."""
    return active(account_id, AGENT)


def listener(account_id: uuid.UUID) -> bool:
    """Whether somebody is named to listen to recordings of calls, and their place in the team is active."""
    row = of(account_id)
    return row is not None and row.listens and active(account_id, row.role)


def administrator(account: Any) -> None:
    """Refuse whoever does not keep the team for the operator (IA-011). Raises Refused (403)."""
    if account.role != "operator" and not party_may(account, KEEP_TEAM, ("operator",)):
        raise Refused(_("Only administrators of the operator record the care team."), status=403)


def everybody() -> list[TeamMember]:
    """All who are recorded."""
    return list(db.session.execute(select(TeamMember).order_by(TeamMember.role, TeamMember.recorded_at)).scalars())


def accounts_in(role: str) -> list[uuid.UUID]:
    """Accounts whose role is active."""
    return [r.account_id for r in everybody() if r.role == role and not why_not(r, role) and is_active(r.account_id)]
