"""Searching professionals: specialty, name without accents, place, service, soonest slot. No sponsored rank (CB-121)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, exists, func, or_, select

from core import clock
from core.db import db
from core.directory import service as directory
from core.directory.models import Practice, Professional, VisitReason
from core.hooks.decisions import Decision
from core.scheduling import service_access, slots
from core.tenancy.current import current_tenant

PAGE = 20


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is searched for; every part may be empty. `soonest` sorts by the first free slot."""

    text: str = ""
    specialty: str = ""
    place: str = ""
    service: str = ""
    country: str = ""
    soonest: bool = True
    page: int = 1


@dataclass(frozen=True, slots=True)
class Hit:
    """A professional found: places, first free slot, and for each service whether it is possible and why."""

    professional: Professional
    practices: Sequence[Practice]
    reasons: Sequence[VisitReason]
    slot: slots.Slot | None
    possible: dict[str, Decision] = field(default_factory=dict)

    @property
    def reachable(self) -> bool:
        """Whether at least one service is possible for the patient."""
        return not self.possible or any(d.permitted for d in self.possible.values())


@dataclass(frozen=True, slots=True)
class Found:
    """A page of hits; `closed` are matches that are not possible for this patient, with the reasons."""

    hits: Sequence[Hit]
    closed: Sequence[Hit]
    total: int
    page: int
    pages: int


def find(criteria: Criteria, booker: service_access.Booker | None) -> Found:
    """Listed professionals that match. Equal matches are in the order of their names: nothing else counts."""
    conditions: list[Any] = [Professional.listed]
    if criteria.specialty:
        conditions.append(Professional.specialty == criteria.specialty)
    if criteria.country:
        conditions.append(Professional.country == criteria.country)
    if criteria.service:
        conditions.append(Professional.services.contains([criteria.service]))
    for word in criteria.text.split()[:8]:
        pattern = func.concat("%", func.portico_fold(_literal(word)), "%")
        conditions.append(Professional.search_text.like(pattern, escape="\\"))
    if criteria.place.strip():
        folded = func.portico_fold(_literal(criteria.place.strip()))
        conditions.append(
            exists().where(
                and_(
                    Practice.tenant_id == Professional.tenant_id,
                    Practice.professional_id == Professional.id,
                    ~Practice.archived,
                    or_(
                        Practice.search_place.like(func.concat(folded, "%"), escape="\\"),
                        Practice.search_place.like(func.concat("% ", folded, "%"), escape="\\"),
                    ),
                )
            )
        )
    everyone = list(
        db.session.execute(
            select(Professional).where(*conditions).order_by(Professional.name, Professional.id)
        ).scalars()
    )
    # What is possible depends on country, kind and specialty only: asked once for each combination.
    hits, closed = _sorted_out(everyone, criteria, booker)
    ids = [h.professional.id for h in hits]
    if criteria.soonest and ids:
        first = slots.soonest(ids, _lengths(ids, criteria.service))
        hits = [Hit(h.professional, h.practices, h.reasons, first.get(h.professional.id), h.possible) for h in hits]
        far = dt.datetime.max.replace(tzinfo=dt.UTC)
        hits.sort(key=lambda h: (h.slot.starts_at if h.slot else far, h.professional.name))
    pages = max(1, -(-len(hits) // PAGE))
    page = min(max(1, criteria.page), pages)
    shown = _filled(hits[(page - 1) * PAGE : page * PAGE])
    return Found(shown, _filled(closed[:PAGE]), len(hits), page, pages)


def _literal(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _sorted_out(
    everyone: Sequence[Professional], criteria: Criteria, booker: service_access.Booker | None
) -> tuple[list[Hit], list[Hit]]:
    if booker is None:
        return [Hit(p, (), (), None) for p in everyone], []
    known: dict[tuple[str, str, str, str], Decision] = {}
    hits: list[Hit] = []
    closed: list[Hit] = []
    day = clock.today(current_tenant().time_zone)
    for professional in everyone:
        possible = {}
        for service in professional.services:
            if (criteria.service and service != criteria.service) or directory.service_of(service) is None:
                continue
            key = (professional.country, professional.kind, professional.specialty, service)
            if key not in known:
                known[key] = service_access.may_have(booker, professional, service, day)
            possible[service] = known[key]
        hit = Hit(professional, (), (), None, possible)
        (hits if hit.reachable else closed).append(hit)
    return hits, closed


def _lengths(ids: Sequence[uuid.UUID], service: str) -> dict[uuid.UUID, dict[str, int]]:
    """The shortest reason of each service of each professional, in minutes."""
    rows = db.session.execute(
        select(VisitReason.professional_id, VisitReason.service, func.min(VisitReason.duration_minutes))
        .where(VisitReason.professional_id.in_(ids), ~VisitReason.archived, ~VisitReason.known_patients_only)
        .group_by(VisitReason.professional_id, VisitReason.service)
    ).all()
    result: dict[uuid.UUID, dict[str, int]] = {}
    for professional_id, code, minutes in rows:
        if not service or code == service:
            result.setdefault(professional_id, {})[code] = minutes
    return result


def _filled(hits: Sequence[Hit]) -> list[Hit]:
    """Practices and reasons of the hits that are shown: two queries, however many there are."""
    ids = [h.professional.id for h in hits]
    if not ids:
        return []
    practices: dict[uuid.UUID, list[Practice]] = {}
    for practice in db.session.execute(
        select(Practice)
        .where(Practice.professional_id.in_(ids), ~Practice.archived)
        .order_by(Practice.mode, Practice.name)
    ).scalars():
        practices.setdefault(practice.professional_id, []).append(practice)
    reasons: dict[uuid.UUID, list[VisitReason]] = {}
    for reason in db.session.execute(
        select(VisitReason)
        .where(VisitReason.professional_id.in_(ids), ~VisitReason.archived)
        .order_by(VisitReason.position)
    ).scalars():
        reasons.setdefault(reason.professional_id, []).append(reason)
    return [
        Hit(
            h.professional, practices.get(h.professional.id, ()), reasons.get(h.professional.id, ()), h.slot, h.possible
        )
        for h in hits
    ]


def specialties_in_use() -> list[str]:
    """Specialty codes that listed professionals have."""
    return list(
        db.session.execute(
            select(Professional.specialty).where(Professional.listed).distinct().order_by(Professional.specialty)
        ).scalars()
    )
