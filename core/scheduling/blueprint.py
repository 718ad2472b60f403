"""The blueprints of patients and of professionals, and what their pages share."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Blueprint, abort, g, render_template

from core.directory import service as directory
from core.directory.models import Practice, Professional
from core.messages import _
from core.scheduling import people, service_access, times
from core.scheduling.models import Appointment
from core.tenancy.current import current_tenant
from core.web.frame import Refused
from core.web.language import say

bp = Blueprint("scheduling", __name__, template_folder="templates")
desk = Blueprint("desk", __name__, template_folder="templates")


def uuid_of(text: str | None) -> uuid.UUID:
    """An id of an address; what is none is a page that does not exist."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        abort(404)


def instant_of(second: int) -> dt.datetime:
    """An instant of an address; what is none is a page that does not exist."""
    try:
        return dt.datetime.fromtimestamp(second, dt.UTC)
    except (OverflowError, OSError, ValueError):
        abort(404)


def viewer() -> service_access.Booker | None:
    """The signed-in patient as decisions see them; None for visitors and professionals."""
    account = g.get("account")
    return people.booker(account.id) if account is not None and account.role == "patient" else None


def shown_of(row: Appointment) -> dict[str, Any]:
    """What a page needs to show an appointment."""
    return {
        "row": row,
        "pro": Professional.get(row.professional_id),
        "practice": Practice.get(row.practice_id),
        "who": people.patient_name(row.patient_account_id, row.dependant_id),
        "for_self": row.dependant_id is None,
        "offered": directory.service_of(row.service),
    }


def slot_gone(professional_id: uuid.UUID, reason_id: uuid.UUID | None, gone: times.SlotGone) -> Any:
    """The page that says a time was taken meanwhile, with the next free ones (409)."""
    pro = directory.access_professional(professional_id)
    places = {p.id: p for p in directory.practices_of(professional_id)}
    return render_template(
        "scheduling/gone.html", pro=pro, reason_id=reason_id, nearest=gone.nearest, places=places
    ), 409


def signed_in_professional() -> Professional:
    """The signed-in professional's profile; before validation the page says what is being waited for (CB-110)."""
    found = directory.profile_of(g.account.id)
    if found is None or not found.listed:
        raise Refused(
            _("Your account is being checked by our team. You will be told by e-mail as soon as it is open."),
            status=403,
        )
    return found


def specialty_labels() -> dict[str, str]:
    """Code to name, in the visitor's language."""
    return {s.code: say(s.label) for s in current_tenant().dispatcher.collect("specialties")}
