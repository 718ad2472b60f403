"""Opening an account: patient or professional, the link by e-mail, the consent at activation."""

from __future__ import annotations

from typing import Any

from flask import abort, g, redirect, render_template, request, url_for
from markupsafe import escape

from core.consent import service as consent
from core.db import db
from core.identity import professionals, provider_arrivals, providers, registration
from core.identity.blueprint import bp, ip, typed
from core.identity.forms import Field, boxes_of, document_field, fields_of, identifier_field, summary
from core.identity.policy import policy
from core.identity.provider_failures import Failure
from core.identity.schemas import ProfessionalForm, patient_form
from core.messages import _
from core.web.access import access
from core.web.language import language, say

PERSON_FIELDS = ("first_name", "last_name", "birth_date", "sex", "email", "phone", "password")


@bp.before_request
def no_registration_at_the_console() -> None:
    """Operators are made by a command; nobody opens an account at the console."""
    if g.get("tenant") is not None and g.tenant.is_console and (request.endpoint or "").startswith("identity.register"):
        abort(404)


@bp.get("/register")
@access("public")
def register() -> Any:
    """Who opens an account: a patient or a professional. Organisations cannot (CB-077)."""
    if g.account is not None:
        return redirect("/")
    countries = [say(p.label) for p in g.tenant.dispatcher.collect("practice_countries")]
    return render_template("identity/register.html", countries=countries, ways=providers.offered())


@bp.route("/register/patient", methods=["GET", "POST"])
@access("public")
def register_patient() -> Any:
    """Register as a patient. It is free; no means of payment is asked (CB-080)."""
    outcome = registration.Outcome()
    found = provider_arrivals.begun("patient", lock=request.method == "POST")
    form = found.filled(typed()) if found is not None else typed()
    if request.method == "POST":
        opened = found.connect if found is not None else None
        try:
            outcome = registration.register_patient(form, language=language(), ip=ip(), opened=opened)
        except Failure as failure:
            return _refused(found, failure)
        if outcome.done:
            return _done(found)
        db.session.commit()
    asked = patient_form()
    places = [n for n in ("postcode", "residence", "workplace", "undertaking") if n in asked.fields]
    names = (*PERSON_FIELDS, *places)
    fields = fields_of(asked, form, outcome.errors, names)
    if found is not None:
        found.lock(fields)
    boxes = boxes_of(consent.to_accept(), form, outcome.errors)
    page = render_template(
        "identity/register_patient.html",
        found=found,
        fields=fields,
        boxes=boxes,
        problems=summary(fields, boxes, outcome.errors.get("form", ())),
    )
    return page, 422 if outcome.errors else 200


@bp.route("/register/professional", methods=["GET", "POST"])
@access("public")
def register_professional() -> Any:
    """Register as a professional: first the country, then what that country asks for (CB-090 to CB-092)."""
    found = provider_arrivals.begun("professional", lock=request.method == "POST")
    form = typed()
    own = found.way.provider.country if found is not None else None
    code = form.get("country") or request.args.get("country") or own or ""
    if found is not None and own in (None, code):
        if len(found.arrival.exercises) > 1:
            return redirect(url_for("identity.provider_exercise"))
        form = found.filled(form)
    else:
        found = None
    country = professionals.practice_country(code)
    if country is None:
        offered = g.tenant.dispatcher.collect("practice_countries")
        if not offered and request.method == "GET":
            abort(404)
        # A country that no jurisdiction of this portal opens is refused in words (CB-055).
        page = render_template("identity/register_country.html", countries=offered, refused=bool(code))
        return page, 422 if code else 200
    outcome = registration.Outcome()
    if request.method == "POST":
        opened = found.connect if found is not None else None
        try:
            outcome = registration.register_professional(
                form, request.files, language=language(), ip=ip(), opened=opened
            )
        except Failure as failure:
            return _refused(found, failure)
        if outcome.done:
            return _done(found)
        db.session.commit()
    fields = _professional_fields(form | {"country": country.country}, outcome)
    if found is not None:
        found.lock(fields)
    boxes = boxes_of(consent.to_accept(), form, outcome.errors)
    page = render_template(
        "identity/register_professional.html",
        found=found,
        country=country,
        fields=fields,
        boxes=boxes,
        problems=summary(fields, boxes, outcome.errors.get("form", ())),
    )
    return page, 422 if outcome.errors else 200


def _done(found: provider_arrivals.Begun | None) -> Any:
    if found is not None:
        found.end()
    db.session.commit()
    return provider_arrivals.without_cookie(redirect(url_for("identity.registered")))


def _refused(found: provider_arrivals.Begun | None, failure: Failure) -> Any:
    assert found is not None
    return provider_arrivals.refused(found.way, failure)


def _professional_fields(form: dict[str, str], outcome: registration.Outcome) -> list[Field]:
    country = form["country"]
    fields = fields_of(ProfessionalForm(), form, outcome.errors, (*PERSON_FIELDS, "specialty", "place"))
    specialty = next(f for f in fields if f.name == "specialty")
    specialty.type = "select"
    choices = [(s.code, say(s.label)) for s in professionals.specialties(country).values()]
    specialty.options = [("", say(_("Please choose"))), *sorted(choices, key=lambda c: c[1].casefold())]
    proofs = registration.proofs_of(country)
    fields += [identifier_field(k, form.get(k.code, ""), outcome.errors) for k in proofs.identifiers]
    fields += [document_field(k, outcome.errors, kept=outcome.kept.get(k.code, "")) for k in proofs.documents]
    return fields


@bp.get("/register/sent")
@access("public")
def registered() -> str:
    """A link is on its way; the same page whoever asked."""
    hours = policy()["confirmation_validity_hours"]
    return render_template("identity/sent.html", hours=hours)


@bp.route("/confirm/<token>", methods=["GET", "POST"])
@access("public")
def confirm(token: str) -> Any:
    """The link of the e-mail: looking does not use it, the express consent opens the account (CB-087, CB-278)."""
    if registration.pending(token) is None:
        return render_template("identity/link_gone.html", again=url_for("identity.forgot")), 410
    errors = None
    if request.method == "POST":
        try:
            errors = registration.activate(token, typed(), language=language())
        except LookupError:
            return render_template("identity/link_gone.html", again=url_for("identity.forgot")), 410
        db.session.commit()
        if errors is None:
            return redirect(url_for("identity.sign_in", opened=1))
    boxes = boxes_of(registration.consents(), typed(), errors or {})
    page = render_template("identity/confirm.html", boxes=boxes, problems=summary((), boxes), token=str(escape(token)))
    return page, 422 if errors else 200


@bp.route("/confirm-address/<token>", methods=["GET", "POST"])
@access("public")
def confirm_address(token: str) -> Any:
    """The link to a new e-mail address; a button uses it, so that a mail scanner does not."""
    if request.method == "POST":
        changed = registration.confirmed_email(token)
        db.session.commit()
        if changed is None:
            return render_template("identity/link_gone.html", again=url_for("identity.account")), 410
        return redirect(url_for("identity.sign_in", address=1))
    return render_template("identity/confirm_address.html")
