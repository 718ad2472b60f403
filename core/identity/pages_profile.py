"""What a patient is and why, numbers and copies, people they act for; a professional's registration."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g, redirect, render_template, request, url_for

from core.db import db
from core.hooks.types import Condition
from core.identity import categories, dependants, professionals, profile, uploads
from core.identity.blueprint import bp, me, row, typed
from core.identity.fields import country_name
from core.identity.forms import Field, document_field, fields_of, identifier_field, summary, words
from core.identity.schemas import RELATIONS, DependantForm, Errors, PatientForm, check
from core.messages import Message, _
from core.web.access import access
from core.web.language import say


def condition_words(condition: Condition) -> str:
    """A condition in the visitor's language: what is to be said or supplied."""
    dispatcher = g.tenant.dispatcher
    match condition.kind:
        case "residence":
            return say(_("Confirm that you live in {country}", country=country_name(condition.value)))
        case "workplace":
            return say(_("Confirm that you work in {country}", country=country_name(condition.value)))
        case "residence_elsewhere":
            return say(_("Confirm the country where you live"))
        case "identifier":
            found = next((t.label for t in dispatcher.collect("identifier_types") if t.code == condition.value), None)
        case "document":
            found = next((d.label for d in dispatcher.collect("document_types") if d.code == condition.value), None)
        case _:
            found = next((s.label for s in dispatcher.collect("patient_statuses") if s.code == condition.value), None)
    return say(found) if found is not None else condition.value


@bp.route("/account/category", methods=["GET", "POST"])
@access("patient")
def category() -> Any:
    """What I am here, what is missing, and why: computed, never chosen (CB-098)."""
    mine = row()
    errors: Errors = {}
    now = profile.read(mine)
    form: dict[str, str] = {"residence": now.residence, "workplace": now.workplace}
    if request.method == "POST":
        form = typed()
        places = PatientForm(only=("residence", "workplace"))
        data, errors = check(places, form)
        sure = form.get("confirm") == "yes"
        if not errors and data["residence"] and not sure:
            errors["confirm"] = [_("Please confirm that this is true: the services that you can have depend on it.")]
        if not errors:
            offered = {s.code for s in g.tenant.dispatcher.collect("patient_statuses")}
            declared = tuple(code for code in request.form.getlist("declared") if code in offered)
            profile.write(mine, profile.Declared(data["residence"], data["workplace"], sure, declared, now.postcode))
            db.session.commit()
            return redirect(url_for("identity.category", saved=1))
    fields = fields_of(PatientForm(), form, errors, ("residence", "workplace"))
    found = profile.category_of(mine)
    page = render_template(
        "identity/category.html",
        fields=fields,
        problems=summary(fields, form=errors.get("confirm", ())),
        confirm_error=words(errors.get("confirm", ())),
        result=found,
        missing=[condition_words(c) for c in found.missing],
        candidates=[
            (say(c.label), say(c.description), [condition_words(x) for x in c.missing]) for c in found.candidates
        ],
        statuses=[
            (s, [condition_words(x) for x in s.missing if x.kind != "declared"]) for s in profile.statuses_of(mine)
        ],
        saved=request.args.get("saved"),
    )
    return page, 422 if errors else 200


def _proof_fields(mine: Any, errors: Errors) -> tuple[list[Field], list[Field]]:
    """Fields of the numbers and copies that matter for this account."""
    dispatcher = g.tenant.dispatcher
    if mine.role == "professional":
        country = professionals.practice_country(professionals.professional(mine.id).country)
        numbers, copies = (list(country.identifiers), list(country.documents)) if country else ([], [])
    else:
        numbers, copies = _patient_proofs(mine)
    types = {t.code: t for t in dispatcher.collect("identifier_types")}
    documents = {d.code: d for d in dispatcher.collect("document_types")}
    typed_values = typed()
    return (
        [identifier_field(types[c], typed_values.get(c, ""), errors, required=False) for c in numbers if c in types],
        [document_field(documents[c], errors, required=False) for c in copies if c in documents],
    )


def _patient_proofs(mine: Any) -> tuple[list[str], list[str]]:
    result = profile.category_of(mine)
    wanted = [c.code for c in result.candidates] or [categories.OTHER]
    numbers: list[str] = []
    copies: list[str] = []
    for code in wanted:
        more_numbers, more_copies = categories.proofs(code, g.tenant.dispatcher)
        numbers += [n for n in more_numbers if n not in numbers]
        copies += [c for c in more_copies if c not in copies]
    return numbers, copies


@bp.route("/account/documents", methods=["GET", "POST"])
@access("patient", "professional")
def documents() -> Any:
    """Numbers and copies: what is asked for, what is there. Copies are told by their content, not their name."""
    mine = row()
    errors: Errors = {}
    if request.method == "POST":
        errors = _save_proofs(mine)
        if errors:
            db.session.rollback()
            mine = row()
        else:
            db.session.commit()
            return redirect(url_for("identity.documents", saved=1))
    numbers, copies = _proof_fields(mine, errors)
    labels = {d.code: say(d.label) for d in g.tenant.dispatcher.collect("document_types")}
    names = {t.code: say(t.label) for t in g.tenant.dispatcher.collect("identifier_types")}
    page = render_template(
        "identity/documents.html",
        numbers=numbers,
        copies=copies,
        problems=summary([*numbers, *copies], form=errors.get("form", ())),
        kept_numbers=[
            (code, names.get(code, code), profile.masked(v)) for code, v in profile.identifiers(mine).items()
        ],
        kept_copies=[(d, labels.get(d.type, d.type)) for d in uploads.listed(mine.id)],
        most=uploads.MOST_BYTES // 1024**2,
        saved=request.args.get("saved"),
    )
    return page, 422 if errors else 200


def _save_proofs(mine: Any) -> Errors:
    numbers, copies = _proof_fields(mine, {})
    types = {t.code: t for t in g.tenant.dispatcher.collect("identifier_types")}
    errors: Errors = {}
    done = 0
    for f in numbers:
        if f.value.strip():
            wrong = profile.set_identifier(mine, types[f.name], f.value.strip())
            if wrong is not None:
                errors[f.name] = [wrong]
            done += 1
    for f in copies:
        file = request.files.get(f.name)
        if file is not None and file.filename:
            upload, wrong = uploads.receive(file)
            if upload is not None:
                uploads.keep(mine, f.name, upload)
            elif wrong is not None:
                errors[f.name] = [wrong]
            done += 1
    if not done:
        errors["form"] = [_("Nothing was filled in: type a number or choose a file.")]
    return errors


@bp.get("/account/documents/<uuid:document_id>")
@access("patient", "professional")
def document_content(document_id: uuid.UUID) -> Response:
    """One of one's own copies, as a download: never shown as a page of the portal."""
    mine = row()
    found = uploads.access_document(mine.id, document_id)
    data = uploads.content(mine, found)
    db.session.commit()
    answer = Response(data, mimetype=found.mimetype)
    extension = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}[found.mimetype]
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.type}.{extension}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@bp.post("/account/documents/<uuid:document_id>/remove")
@access("patient", "professional")
def document_remove(document_id: uuid.UUID) -> Any:
    """Take a copy away; the category follows."""
    uploads.remove(me().id, document_id)
    db.session.commit()
    return redirect(url_for("identity.documents", saved=1))


@bp.post("/account/identifiers/<code>/remove")
@access("patient", "professional")
def identifier_remove(code: str) -> Any:
    """Take a number away; the category follows."""
    profile.remove_identifier(row(), code)
    db.session.commit()
    return redirect(url_for("identity.documents", saved=1))


@bp.route("/account/dependants", methods=["GET", "POST"], endpoint="dependants")
@access("patient")
def my_dependants() -> Any:
    """The minors and protected adults whom this account acts for."""
    form = typed()
    errors: Errors = {}
    if request.method == "POST":
        data, errors = check(DependantForm(), form)
        errors = errors or dependants.problems(data)
        if not errors:
            dependants.add_dependant(me().id, data)
            db.session.commit()
            return redirect(url_for("identity.dependants", saved=1))
    fields = fields_of(DependantForm(), form, errors)
    relations: dict[str, Message | str] = RELATIONS
    page = render_template(
        "identity/dependants.html",
        fields=fields,
        problems=summary(fields),
        people=[(d, say(relations[d.relation])) for d in dependants.listed(me().id)],
        limit=g.tenant.config["booking"]["dependant_max_age_years"],
        saved=request.args.get("saved"),
    )
    return page, 422 if errors else 200


@bp.post("/account/dependants/<uuid:dependant_id>/remove")
@access("patient")
def dependant_remove(dependant_id: uuid.UUID) -> Any:
    """Take a dependant off the account."""
    dependants.remove(me().id, dependant_id)
    db.session.commit()
    return redirect(url_for("identity.dependants", saved=1))


@bp.route("/account/registration", methods=["GET", "POST"])
@access("professional")
def professional() -> Any:
    """Where the validation of a professional stands, what was declared, what is missing (CB-110)."""
    if request.method == "POST":
        professionals.ask_again(me().id)
        db.session.commit()
        return redirect(url_for("identity.professional"))
    mine = row()
    found = professionals.professional(mine.id)
    country = professionals.practice_country(found.country)
    specialty = professionals.specialties(found.country, offered=False).get(found.specialty)
    return render_template(
        "identity/professional.html",
        found=found,
        country=say(country.label) if country else found.country,
        specialty=say(specialty.label) if specialty else found.specialty,
        missing=[say(m) for m in professionals.missing_proofs(mine, country)] if country else [],
    )
