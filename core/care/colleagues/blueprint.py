"""The blueprint of pages between professionals, and what they share."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint

from core.care.colleagues import threads
from core.directory.models import Professional
from core.scheduling import search
from core.scheduling.blueprint import specialty_labels

bp = Blueprint("colleagues", __name__, template_folder="templates")


@dataclass(frozen=True, slots=True)
class Finder:
    """A search among colleagues as a page shows it: what was typed, who was found without oneself, the specialties."""

    text: str
    specialty: str
    people: tuple[Professional, ...]
    page: int
    pages: int
    labels: dict[str, str]
    specialties: tuple[tuple[str, str], ...]


def finder(me: Professional, text: str, specialty: str, page: int = 1) -> Finder:
    """Search colleagues by name and specialty (CB-129)."""
    labels = specialty_labels()
    found = threads.found(text, specialty, page)
    used = sorted(((c, labels.get(c, c)) for c in search.specialties_in_use()), key=lambda s: s[1].casefold())
    people = tuple(h.professional for h in found.hits if threads.colleague(me, h.professional.id) is not None)
    return Finder(text, specialty, people, found.page, found.pages, labels, tuple(used))


def ids(texts: Iterable[str]) -> list[uuid.UUID]:
    """The ids among what a form sent; anything else is left out."""
    result = []
    for text in texts:
        try:
            result.append(uuid.UUID(text))
        except ValueError:
            continue
    return result
