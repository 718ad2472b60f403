"""Who may receive personal data, and for what: two closed lists; all else is refused and kept on the trail (CB-277, CB-281)."""

from __future__ import annotations

import uuid

from core import audit
from core.db import db
from core.messages import Message, _
from core.web.frame import Refused

RECIPIENTS: dict[str, Message] = {
    "patient": _("The patient, and whoever acts for them by law"),
    "chosen_professionals": _("The professionals whom the patient chose"),
    "chosen_pharmacist": _("The pharmacist whom the patient chose, for an electronic prescription"),
    "authorised_technical_staff": _("Technical staff with a special authorisation"),
    "authorised_host_administrators": _("Authorised administrators of the certified host, within their duties"),
    "authorised_third_parties": _("Third parties whom the law authorises, such as courts"),
}
PURPOSES: dict[str, Message] = {
    "service_delivery": _("To use and deliver the services"),
    "professional_invoicing": _("To make the invoices of professionals"),
    "operator_invoicing": _("To make the invoices of the operator"),
    "satisfaction": _("To learn how satisfied you are"),
}


def check(recipient: str, purpose: str, person_id: uuid.UUID) -> None:
    """Ask before personal data go to somebody. Raises Refused (403) for whoever or whatever is not on the lists.

    A refusal is committed to the trail before it is raised: undoing the act that asked must not undo its trace.
    """
    if recipient in RECIPIENTS and purpose in PURPOSES:
        return
    db.session.rollback()
    details = {"recipient": recipient[:60], "purpose": purpose[:60]}
    audit.record("disclosure.refused", "person", person_id, details)
    db.session.commit()
    raise Refused(
        _("Personal data go only to the recipients, and only for the purposes, that the portal publishes."), status=403
    )


def disclose(recipient: str, purpose: str, person_id: uuid.UUID, what: str) -> None:
    """Note that data of a person go to a recipient, after `check`. `what` is a code, never the data. Raises Refused."""
    check(recipient, purpose, person_id)
    audit.record("disclosure.made", "person", person_id, {"recipient": recipient, "purpose": purpose, "what": what})
