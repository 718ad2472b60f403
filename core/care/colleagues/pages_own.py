"""Pages of one's own standing: reservations on the platform, and the copy of what one holds."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g, redirect, render_template, request, url_for

from core import clock
from core.care.colleagues import copies, reservations
from core.care.colleagues.blueprint import bp
from core.crypto import new_token
from core.db import db
from core.identity import throttle
from core.messages import Message, _
from core.scheduling.blueprint import signed_in_professional
from core.tenancy.current import current_tenant
from core.web.access import access
from core.web.frame import Refused


@bp.route("/reservations", methods=["GET", "POST"])
@access("professional")
def own_reservations() -> Any:
    """Express a reservation within the time for it; see what became of it (CB-065, CB-066). Open before validation too."""
    problems: tuple[Message, ...] = ()
    status = 200
    if request.method == "POST":
        try:
            reservations.express(g.account.id, request.form.get("text", ""), client_key=request.form.get("key"))
            db.session.commit()
            return redirect(url_for("colleagues.own_reservations", done="filed"))
        except Refused as refusal:
            db.session.rollback()
            problems, status = refusal.messages, refusal.status
    written = reservations.of(g.account.id)
    return render_template(
        "colleagues/reservations.html", window=reservations.window(g.account.id), written=written, problems=problems,
        words=reservations.WORDS, typed=request.form.get("text", ""), key=request.form.get("key") or new_token(),
        done=request.args.get("done"), limit=reservations.LIMIT,
        maintained=[w for w in written if w.row.state in ("maintained", "termination_requested")],
        quiet=all(w.row.state == "settled" for w in written),
    ), status  # fmt: skip


@bp.post("/reservations/<uuid:reservation_id>")
@access("professional")
def turn_reservation(reservation_id: uuid.UUID) -> Any:
    """Say what the answer changes: nothing is left to settle, the reservation stands, or the account is to be closed."""
    act = request.form.get("act", "")
    reservations.turn(g.account.id, reservation_id, act)
    db.session.commit()
    return redirect(url_for("colleagues.own_reservations", done=act))


@bp.route("/my-copy", methods=["GET", "POST"])
@access("professional")
def my_copy() -> Any:
    """One's own copy of the data that one holds on the portal (CB-283)."""
    me = signed_in_professional()
    problems: tuple[Message, ...] = ()
    status = 200
    years = copies.years(me)
    if request.method == "POST":
        year = request.form.get("year", "", type=str)
        try:
            if year and year not in map(str, years):
                raise Refused(_("There is nothing of this year."), status=422)
            wait = throttle.take("copy", str(g.account.id))
            if wait:
                minutes = -(-wait // 60)
                raise Refused(_("Please wait {minutes} minutes before the next copy.", minutes=minutes), status=429)
            made = copies.make(me, int(year) if year else None)
            db.session.commit()
            return _download(made.data, year)
        except Refused as refusal:
            db.session.rollback()
            problems, status = refusal.messages, refusal.status
    return render_template(
        "colleagues/copy.html", years=years, problems=problems, most=copies.MOST,
        files_most=copies.FILES_MOST_BYTES // (1024 * 1024),
    ), status  # fmt: skip


def _download(data: bytes, year: str) -> Response:
    answer = Response((data[at : at + 65536] for at in range(0, len(data), 65536)), mimetype="application/zip")
    day = clock.today(current_tenant().time_zone).isoformat()
    name = "-".join(part for part in (current_tenant().slug, "copy", year, day) if part)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    answer.content_length = len(data)
    answer.headers["Cache-Control"] = "no-store"
    return answer
