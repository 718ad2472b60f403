"""Legal documents for everybody, and the page where a signed-in person accepts what is missing."""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    abort,
    g,
    redirect,
    render_template,
    request,
    url_for,
)

from core import clock
from core.consent import documents, service
from core.db import db
from core.messages import _
from core.tenancy import content
from core.web import frame, language
from core.web.access import access

bp = Blueprint(
    "consent", __name__, template_folder="templates", static_folder="static", static_url_path="/static-consent"
)

# What stays reachable without the acceptances: accepting, reading one's proof, signing out, closing the account.
OPEN_WITHOUT = {
    "consent.acceptances",
    "consent.mine",
    "consent.refuse",
    "identity.sign_out",
    "identity.close",
    "identity.change_password",
    "notifications.index",
}
"""A room above adds what must stay open too: rights over one's data do not end with a consent."""
WAYS = {
    "registration": _("ticked at registration"),
    "express": _("ticked by you"),
    "order": _("with an order"),
    "continued_use": _("by continued use"),
    "telephone": _("said by you on the telephone"),
    "refused": _("refused"),
    "withdrawn": _("consent withdrawn"),
}


def gate(account: Any) -> Any:
    """None where the account may go on; else the way to the acceptance page (CB-004).

    What goes by continued use is recorded here, because this is the use.
    """
    if request.endpoint in OPEN_WITHOUT:
        return None
    standing = service.standing(account.id)
    if standing.missing:
        if frame.wants_json():
            return frame.problem(
                403,
                "acceptance_missing",
                language.say(_("Please accept the documents of this portal first.")),
                documents=[v.code for v in standing.missing],
            )
        return redirect(url_for("consent.acceptances", next=request.full_path if request.method == "GET" else None))
    if standing.by_use:
        service.accept_by_use(account.id, language=language.language())
        db.session.commit()
    return None


def local(target: str | None) -> str:
    """A path of this portal, never another site's address; the home page where it is not one."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\n" in target or "\r" in target:
        return "/"
    return target


@bp.get("/legal/<code>")
@access("public")
def document(code: str) -> str:
    """A legal document, readable and printable by everybody, by a link that stays (CB-001, CB-060)."""
    found = service.published(code, request.args.get("version"))
    if found is None:
        abort(404)
    tenant = g.tenant
    shown, text = found.text(language.language())
    others = [
        v for v in documents.in_force(tenant, clock.today(tenant.time_zone)) if v.code == found.code and v != found
    ]
    return render_template(
        "consent/document.html",
        document=found,
        title=found.title(shown),
        shown_language=shown,
        body=content.render_markdown(content.body_of(text), tenant.config, language=shown),
        others=others,
    )


@bp.route("/acceptances", methods=["GET", "POST"])
@access("signed_in")
def acceptances() -> Any:
    """Accept what is missing, each document with a box of its own that starts unticked (CB-004, CB-062)."""
    standing = service.standing(g.account.id)
    back = local(request.values.get("next"))
    wanted = [*standing.missing, *standing.announced]
    if request.method == "POST":
        ticked = [v for v in wanted if request.form.get(f"accept_{v.code}") == v.version]
        lacking = [v for v in standing.missing if v not in ticked]
        if ticked:
            service.accept_again(g.account.id, ticked, language=language.language())
            db.session.commit()
        if not lacking:
            return redirect(back)
        answer = render_template(
            "consent/acceptances.html", standing=standing, lacking=lacking, ticked=ticked, next=back
        )
        return answer, 422
    if not wanted:
        return redirect(back)
    return render_template("consent/acceptances.html", standing=standing, lacking=[], ticked=[], next=back)


@bp.post("/acceptances/refuse")
@access("signed_in")
def refuse() -> Any:
    """Refuse a version. Services stay closed (now, or from its date on) and closing the account is offered (CB-068)."""
    standing = service.standing(g.account.id)
    code = request.form.get("document", "")
    version = next((v for v in (*standing.missing, *standing.announced) if v.code == code), None)
    if version is None:
        abort(404)
    service.refuse(g.account.id, version)
    db.session.commit()
    return redirect(url_for("consent.acceptances"))


@bp.get("/account/acceptances")
@access("signed_in")
def mine() -> str:
    """All that the signed-in person accepted or refused, with version, date and way."""
    lines = service.proof(g.account.id, language.language())
    return render_template(
        "consent/mine.html", lines=lines, ways=WAYS, announced=service.standing(g.account.id).announced
    )
