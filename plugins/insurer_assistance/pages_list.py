"""Pages of those who load the insurer's list: how many are on it by source, files with preview, errors by line, apply."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, g, make_response, redirect, request, url_for

from core.plugin_api import Domain, Message, access
from core.plugin_api.pages import Refused, id_of, render
from core.plugin_api.people import LOAD_MEMBERS, party_may
from core.plugin_api.tables import db
from plugins.insurer_assistance import cases, importing, reading
from plugins.insurer_assistance.models import Import

_ = Domain("insurer_assistance")
NAME = cases.NAME
PARTIES = ("operator", "insurer")
REFRESH_SECONDS = 3
SOURCES: dict[str, Message] = {
    "file": _("Files"),
    "api": _("The insurer's programs and its service"),
    "oidc": _("The insurer's sign-on"),
    "console": _("The console"),
}


def add_to(blueprint: Blueprint) -> None:
    """The routes of the list."""
    blueprint.add_url_rule("/members", "members_list", members_list, methods=["GET", "POST"])
    blueprint.add_url_rule("/members/files/<import_id>", "members_file", members_file)
    blueprint.add_url_rule("/members/files/<import_id>/errors.csv", "members_file_errors", members_file_errors)
    blueprint.add_url_rule(
        "/members/files/<import_id>/apply", "members_file_apply", members_file_apply, methods=["POST"]
    )
    blueprint.add_url_rule(
        "/members/files/<import_id>/cancel", "members_file_cancel", members_file_cancel, methods=["POST"]
    )


def may_load_members() -> bool:
    """Whether the caller may load the list: an operator, or who has that right among operator and insurer (IA-002)."""
    return g.account is not None and (g.account.role == "operator" or party_may(g.account, LOAD_MEMBERS, PARTIES))


def _demand() -> None:
    if not may_load_members():
        abort(403)
    if "file" not in cases.settings("eligibility")["sources"] and request.method != "GET":
        raise Refused(_("Members of this portal do not come by file."), status=403)


def _own(import_id: str) -> Import:
    _demand()
    found = importing.access_import(id_of(import_id))
    if found is None:
        abort(404)
    return found


@access("operator", "partner")
def members_list() -> Any:
    """Who is on the list, by source, as figures; the files received last; the form for another (IA-009)."""
    _demand()
    problems: list[Message] = []
    if request.method == "POST":
        sent = request.files.get("file")
        try:
            if sent is None or not sent.filename:
                raise Refused(_("Please choose a file."), status=422)
            made = importing.receive(sent.stream, g.account.id, whole=request.form.get("kind") != "part")  # type: ignore[arg-type]
            db.session.commit()
            return redirect(url_for("insurer_assistance.members_file", import_id=made.id))
        except Refused as no:
            db.session.rollback()
            problems = list(no.messages)
    page = render(
        NAME, "insurer_assistance/members.html", problems=problems, sources=SOURCES, counts=importing.by_source(),
        files=importing.last(), states=importing.STATES, columns=reading.COLUMNS, optional=reading.OPTIONAL,
        by_file="file" in cases.settings("eligibility")["sources"], most=reading.MOST_LINES,
    )  # fmt: skip
    return page, (422 if problems else 200)


@access("operator", "partner")
def members_file(import_id: str) -> Any:
    """One file: how far it is read, what applying it would do, or did."""
    return _shown(_own(import_id), [])


def _shown(row: Import, problems: list[Message], status: int = 200) -> Any:
    refusal = Message(row.refusal["msgid"], row.refusal["params"], NAME) if row.refusal else None
    page = render(
        NAME, "insurer_assistance/members_file.html", file=row, states=importing.STATES, refusal=refusal, problems=problems,
        faults=list(importing.faults(row.id)), codes=reading.CODES, shown_errors=importing.SHOWN_ERRORS,
        confirm=row.state == importing.READY and importing.needs_confirmation(row),
        under_way=row.state in importing.UNDER_WAY,
    )  # fmt: skip
    answer = make_response(page, status)
    if row.state in importing.UNDER_WAY:
        answer.headers["Refresh"] = str(REFRESH_SECONDS)  # progress without a script
    return answer


@access("operator", "partner")
def members_file_errors(import_id: str) -> Response:
    """All lines with a fault: their numbers and codes, nothing of the people."""
    row = _own(import_id)
    lines = [f"{line},{code}\r\n" for line, code in importing.faults(row.id, None)]
    answer = Response("line,code\r\n" + "".join(lines), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=errors.csv"
    return answer


@access("operator", "partner")
def members_file_apply(import_id: str) -> Any:
    """Apply a file that was looked at."""
    row = _own(import_id)
    try:
        importing.agree(row.id, confirmed=request.form.get("confirmed") == "yes")
    except Refused as no:
        db.session.rollback()
        return _shown(_own(import_id), list(no.messages), no.status)
    db.session.commit()
    return redirect(url_for("insurer_assistance.members_file", import_id=row.id))


@access("operator", "partner")
def members_file_cancel(import_id: str) -> Any:
    """Put a file aside."""
    row = _own(import_id)
    importing.cancel(row.id)
    db.session.commit()
    return redirect(url_for("insurer_assistance.members_list"))
