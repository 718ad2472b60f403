"""Pages of pharmacists: no account; let in by the code of a proof and two public numbers, for some minutes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Response, abort, make_response, redirect, render_template, request, url_for

from core.care.prescriptions import deciding, pharmacy, service
from core.care.prescriptions.blueprint import bp, pdf, shown
from core.care.prescriptions.models import Prescription
from core.care.prescriptions.pharmacy import Visit
from core.care.prescriptions.service import EVIDENCE
from core.directory import registers
from core.hooks.types import PharmacySpace
from core.messages import Message
from core.tenancy.current import current_tenant
from core.web import cookies
from core.web.access import access
from core.web.frame import Refused
from core.web.language import say

COOKIE = "portico_pharmacy"


def _where() -> PharmacySpace:
    found = pharmacy.space()
    if found is None:
        abort(404)
    return found


def _visit() -> tuple[Visit, Prescription]:
    """The open space of this browser; 404 where there is none: without the code nothing exists."""
    _where()
    found = pharmacy.visiting(request.cookies.get(cookies.cookie_name(COOKIE)))
    if found is None:
        abort(404)
    return found


def _door(
    where: PharmacySpace, errors: dict[str, list[Message]], status: int = 200, words: list[str] | None = None
) -> Any:
    place, person = pharmacy.numbers(where)
    page = render_template(
        "prescriptions/door.html", where=where, place=place, person=person, errors=errors, words=words or [],
        form=request.form, minutes=pharmacy.minutes(current_tenant()),
    )  # fmt: skip
    return make_response(page, status)


@bp.route("/pharmacy", methods=["GET", "POST"])
@access("public")
def door() -> Any:
    """The code and the two numbers; what is typed goes in the body of a request, never in an address."""
    where = _where()
    if request.method == "GET":
        return _door(where, {})
    form = request.form
    try:
        visit = pharmacy.check(
            where, place=form.get("place", ""), person=form.get("person", ""), code=form.get("code", ""),
            ip=request.remote_addr or "",
        )  # fmt: skip
    except service.Incomplete as wrong:
        return _door(where, {k: list(v) for k, v in wrong.errors.items()}, 422)
    except pharmacy.Wait as wait:
        answer = _door(where, {}, 429, [say(m) for m in wait.messages])
        answer.headers["Retry-After"] = str(wait.seconds)
        return answer
    except Refused as refused:
        return _door(where, {}, refused.status, [say(m) for m in refused.messages])
    answer = redirect(url_for("prescriptions.space"))
    cookies.give(answer, COOKIE, pharmacy.ticket(visit), seconds=pharmacy.minutes(current_tenant()) * 60)
    return answer


@bp.get("/pharmacy/prescription")
@access("public")
def space() -> Any:
    """The space: the status always, the content only while it was not dispensed (CB-186)."""
    found = pharmacy.visiting(request.cookies.get(cookies.cookie_name(COOKIE))) if _where() else None
    if found is None:
        return redirect(url_for("prescriptions.door"))
    visit, row = found
    return _space(visit, row, {})


def _space(visit: Visit, row: Prescription, errors: dict[str, list[Message]], status: int = 200) -> Any:
    place, person = pharmacy.numbers(_where())
    more: dict[str, Any] = {}
    if row.state == "issued":
        more = shown(row)
        more["late"] = row.first_dispensing_until is not None and deciding.today() > row.first_dispensing_until
        more["meta"]["born"] = dt.date.fromisoformat(more["meta"]["patient"]["birth_date"])
        more["entry"] = registers.look_up(more["meta"]["prescriber"]["country"], more["meta"]["prescriber"]["number"])
    page = render_template(
        "prescriptions/space.html", **{**more, "row": row}, visit=visit, errors=errors, form=request.form, evidence=EVIDENCE,
        place=place, person=person, minutes=pharmacy.minutes(current_tenant()),
    )  # fmt: skip
    return make_response(page, status)


@bp.get("/pharmacy/prescription/document")
@access("public")
def space_document() -> Response:
    """The prescription, for the pharmacist who holds its code, while it was not dispensed."""
    visit, row = _visit()
    data = pharmacy.document(visit, row)
    if data is None:
        abort(404)
    return pdf(data, row.reference)


@bp.post("/pharmacy/prescription/dispense")
@access("public")
def dispense() -> Any:
    """Dispense once; who comes second is told when it was (CB-187)."""
    visit, row = _visit()
    try:
        done = pharmacy.dispense(visit, row, request.form.get("evidence", ""))
    except service.Incomplete as wrong:
        return _space(visit, row, {k: list(v) for k, v in wrong.errors.items()}, 422)
    return redirect(url_for("prescriptions.space")) if done else _space(visit, row, {}, 409)


@bp.post("/pharmacy/prescription/refuse")
@access("public")
def refuse() -> Any:
    """Refuse as not compliant, with the reason (CB-190)."""
    visit, row = _visit()
    try:
        done = pharmacy.refuse(visit, row, request.form.get("reason", ""))
    except service.Incomplete as wrong:
        return _space(visit, row, {k: list(v) for k, v in wrong.errors.items()}, 422)
    return redirect(url_for("prescriptions.space")) if done else _space(visit, row, {}, 409)


@bp.post("/pharmacy/leave")
@access("public")
def leave() -> Any:
    """Close the space on this computer."""
    _where()
    answer = redirect(url_for("prescriptions.door"))
    cookies.take(answer, COOKIE)
    return answer
