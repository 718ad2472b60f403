"""What patients agreed to for advice between professionals: the room of records answers (CB-122, CB-132)."""

from __future__ import annotations

import uuid

from core.care.colleagues import sharing
from core.care.record import service as record


def _share(person_id: uuid.UUID) -> bool:
    """Files and names are shown where the person agreed to it and does not object to sharing at all."""
    found = record.switches(person_id)
    return found.tele_expertise_at is not None and found.objected_at is None


def _note(person_id: uuid.UUID, professional_id: uuid.UUID, what: str) -> None:
    record.note(person_id, what, what, professional_id=professional_id)


sharing.register(share=_share, name=_share, note=_note)
