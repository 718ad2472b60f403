"""What the patient agreed to, and who is told of a look: asked of the room of records, which registers its answers here.

Until somebody registered, nobody agreed to anything, and a look is written on the audit trail alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

Consent = Callable[[uuid.UUID], bool]
Note = Callable[[uuid.UUID, uuid.UUID, str], None]

_share: Consent | None = None
_name: Consent | None = None
_note: Note | None = None


def register(*, share: Consent | None = None, name: Consent | None = None, note: Note | None = None) -> None:
    """Wire the patients' settings; called once when the application is made. What is None stays as it is.

    `share` answers whether files may be shown to colleagues who are asked for advice (CB-132), `name` whether the
    patient may be named to them; both take the id of the person cared for. `note` lists a look to the patient: it takes
    that id, the professional's and what was looked at.
    """
    global _share, _name, _note
    _share, _name, _note = share or _share, name or _name, note or _note


def consent_to_share(person_id: uuid.UUID) -> bool:
    """Whether this person's files may be shown to colleagues for advice (CB-132)."""
    return _share is not None and _share(person_id)


def consent_to_name(person_id: uuid.UUID) -> bool:
    """Whether this person may be named to colleagues who are asked for advice."""
    return _name is not None and _name(person_id)


def note_access(person_id: uuid.UUID, professional_id: uuid.UUID, what: str) -> None:
    """List to the patient that a professional has looked; `what` is a short code: `tele_expertise`, `copy`."""
    if _note is not None:
        _note(person_id, professional_id, what)
