"""The blueprint of the room, and what its pages share."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, abort, request

from core.care.prescriptions import deciding, looks, service
from core.care.prescriptions.models import Prescription
from core.directory import registers
from core.directory.models import Professional
from core.hooks.decisions import Decision
from core.messages import Message, _
from core.tenancy.current import current_tenant
from core.web.language import say

bp = Blueprint("prescriptions", __name__, template_folder="templates")

STATES: dict[str, Message] = {
    "issued": _("not used yet"),
    "dispensed": _("dispensed"),
    "refused": _("refused by a pharmacy"),
    "withdrawn": _("withdrawn"),
    "collected": _("handed over"),
}
TONES = {"issued": "brand", "dispensed": "success", "refused": "danger", "withdrawn": "warning", "collected": "success"}


def uuid_of(text: str) -> uuid.UUID:
    """An id of an address; what is none is a page that does not exist."""
    try:
        return uuid.UUID(text)
    except ValueError:
        abort(404)


def state_of(row: Prescription) -> Message:
    """The state in words."""
    return _("waits at the practice") if row.delivery == "at_practice" and row.state == "issued" else STATES[row.state]


def pdf(data: bytes, name: str) -> Response:
    """A PDF for its reader's eyes: shown in the page or saved, never kept by a cache (`no-store` is the frame's default)."""
    answer = Response(data, mimetype="application/pdf")
    way = "attachment" if request.args.get("save") else "inline"
    answer.headers["Content-Disposition"] = f'{way}; filename="{name}.pdf"'
    # A PDF needs nothing of the portal; what it may hold must reach nothing of it.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; object-src 'self'; frame-ancestors 'none'"
    return answer


def shown(row: Prescription) -> dict[str, Any]:
    """What a page needs to show a prescription in a list."""
    return {
        "row": row,
        "pro": Professional.get(row.professional_id),
        "meta": service.meta_of(row),
        "kind": deciding.KINDS[row.kind],
        "state": state_of(row),
        "tone": TONES[row.state],
    }


def acts_of(row: Prescription) -> list[dict[str, Any]]:
    """Who looked and did what, newest first, with the name that the public register gives to a pharmacist."""
    found = []
    for look in looks.of(row.id):
        entry = registers.look_up(_register_country(), look.pharmacist) if look.pharmacist else None
        found.append(
            {
                "at": look.at,
                "by": look.by_kind,
                "what": looks.WORDS[look.what],
                "place": look.place,
                "number": look.pharmacist,
                "name": f"{entry.first_name} {entry.last_name}".strip() if entry is not None else "",
                "words": looks.words_of(row, look),
            }
        )
    return found


def _register_country() -> str:
    spaces = current_tenant().dispatcher.collect("pharmacy_spaces")
    return str(spaces[0].country) if spaces else ""


def no_prescription(decision: Decision) -> list[str]:
    """Why an act of this kind cannot end with a prescription, in the visitor's language; empty where it can."""
    return [] if decision.permitted else [say(r.message) for r in decision.reasons]
