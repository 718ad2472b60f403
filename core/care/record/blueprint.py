"""The blueprint of the room, whose record a page shows, and the addresses of its pages for patient and professional."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, current_app, g, request, url_for

from core.care.record import service
from core.care.record.people import Author, Subject
from core.directory import service as directory
from core.directory.models import Professional
from core.messages import _
from core.web.frame import Refused

bp = Blueprint("record", __name__, template_folder="templates")
DOCUMENTS = "portico_record_documents"
CONSULTATIONS = "portico_consultation_pages"
"""Another room may say where a person's documents are (`app.extensions[DOCUMENTS] = {"patient": endpoint, "professional":
endpoint}`, called with `account_id` for professionals and `for` where it is a dependant) and where a consultation is
(`CONSULTATIONS`, the same, called with `consultation_id`)."""


def optional_id(text: str | None) -> uuid.UUID | None:
    """The dependant named by an address; what is no id is a page that does not exist."""
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        abort(404)


def chosen() -> Subject:
    """Whose record the signed-in patient looks at: their own, or with `for` that of a dependant (404 for others)."""
    return service.subject_of(g.account.id, optional_id(request.values.get("for")))


def patient_author() -> Author:
    """The signed-in patient as an author."""
    return Author(g.account.id)


def me() -> Professional:
    """The signed-in professional; before validation the page says what is being waited for (CB-110)."""
    found = directory.profile_of(g.account.id)
    if found is None or not found.listed:
        raise Refused(
            _("Your account is being checked by our team. You will be told by e-mail as soon as it is open."),
            status=403,
        )
    return found


def professional_author() -> Author:
    """The signed-in professional as an author, with how they signed in."""
    return Author(g.account.id, me().id, g.account.two_factors)


@dataclass(frozen=True, slots=True)
class Where:
    """The addresses of one person's record, as `role` has them."""

    role: str
    subject: Subject

    @property
    def layout(self) -> str:
        return f"layout/{self.role}.html"

    def _of(self, name: str, **values: Any) -> str:
        if self.subject.dependant_id is not None:
            values["for"] = self.subject.dependant_id
        if self.role == "professional":
            return url_for(f"record.desk_{name}", account_id=self.subject.account_id, **values)
        return url_for(f"record.{name}", **values)

    def index(self, **values: Any) -> str:
        """The profile."""
        return self._of("index", **values)

    def register(self, code: str, **values: Any) -> str:
        """A register."""
        return self._of("register", code=code, **values)

    def entry(self, code: str, entry_id: uuid.UUID) -> str:
        """An entry of a list."""
        return self._of("entry", code=code, entry_id=entry_id)

    def none(self, code: str) -> str:
        """Where “none” is said."""
        return self._of("none", code=code)

    def end(self, code: str, entry_id: uuid.UUID) -> str:
        """Where an entry is taken out."""
        return self._of("end", code=code, entry_id=entry_id)

    def documents(self) -> str | None:
        """The images and documents, where a room has them."""
        endpoint = current_app.extensions.get(DOCUMENTS, {}).get(self.role)
        if endpoint is None:
            return None
        values: dict[str, Any] = {"account_id": self.subject.account_id} if self.role == "professional" else {}
        if self.subject.dependant_id is not None:
            values["for"] = self.subject.dependant_id
        return url_for(endpoint, **values)

    def consultation(self, consultation_id: uuid.UUID) -> str | None:
        """A consultation in its own room, where that room has a page for it."""
        endpoint = current_app.extensions.get(CONSULTATIONS, {}).get(self.role)
        return url_for(endpoint, consultation_id=consultation_id) if endpoint else None
