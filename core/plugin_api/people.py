"""For plugins that serve people: who is signed in, who they act for, who arrives by telephone, who is told what."""

from __future__ import annotations

import uuid

from core.consent.service import accept, accept_by_telephone, missing, to_accept
from core.directory.models import Professional
from core.directory.service import access_professional, profile_of
from core.identity.accounts import Person
from core.identity.dependants import add_dependant
from core.identity.dependants import problems as dependant_problems
from core.identity.intake import Arrival, arrive
from core.identity.parties import MEMBERS as LOAD_MEMBERS
from core.identity.parties import TEAM as KEEP_TEAM
from core.identity.parties import may as party_may
from core.identity.people import (
    Described,
    account_at,
    cared_for,
    dependant_names,
    dependants_of,
    described,
    display_name,
    has_password,
    is_active,
    names,
    patient_facts,
    person_of,
    recipient,
)
from core.notifications.service import Recipient, notify

__all__ = [
    "KEEP_TEAM",
    "LOAD_MEMBERS",
    "Arrival",
    "Described",
    "Person",
    "Professional",
    "Recipient",
    "accept",
    "accept_by_telephone",
    "access_professional",
    "account_at",
    "add_dependant",
    "arrive",
    "cared_for",
    "dependant_names",
    "dependant_problems",
    "dependants_of",
    "described",
    "display_name",
    "has_password",
    "is_active",
    "missing",
    "names",
    "notify",
    "party_may",
    "patient_facts",
    "person_of",
    "profile_of",
    "recipient",
    "tell",
    "to_accept",
]


def tell(code: str, account_id: uuid.UUID, params: dict[str, str], link: str) -> None:
    """Send one of the plugin's message templates to an account, in its language. `link` is a path of the portal."""
    notify(
        code,
        account_id=account_id,
        person_id=person_of(account_id),
        to=recipient(account_id),
        params=params,
        link=link,
    )
