"""The little that appointments need to know of people; identity answers, nothing is kept here."""

from __future__ import annotations

import uuid

from core.identity import people as identity
from core.notifications.service import Recipient
from core.scheduling.service_access import Booker


def person_of(account_id: uuid.UUID) -> uuid.UUID:
    """The person behind an account: whose key seals what is written about them."""
    return identity.person_of(account_id)


def recipient(account_id: uuid.UUID) -> Recipient:
    """Where an account is reached."""
    return identity.recipient(account_id)


def patient_name(account_id: uuid.UUID, dependant_id: uuid.UUID | None = None) -> str:
    """The name of who comes: the account's person, or the dependant."""
    return identity.display_name(account_id, dependant_id)


def booker(account_id: uuid.UUID, dependant_id: uuid.UUID | None = None) -> Booker:
    """Who books, with the facts that decisions need. Raises Refused when the dependant is not the account's."""
    facts, on_card = identity.patient_facts(account_id, dependant_id)
    return Booker(account_id, identity.person_of(account_id), facts, dependant_id, on_card)
