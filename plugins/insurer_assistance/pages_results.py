"""Pages of what is handed over: links by e-mail, the code sent during the call, the report by post to the treating doctor."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, abort, g, make_response, redirect, request, url_for

from core.plugin_api import Domain, Message, access
from core.plugin_api import acts as api
from core.plugin_api.acts import Prescription, Room
from core.plugin_api.pages import (
    Refused,
    cookie_name,
    count_try,
    country_options,
    forget_tries,
    give_cookie,
    id_of,
    language,
    pdf_answer,
    render,
)
from core.plugin_api.people import display_name, profile_of
from core.plugin_api.tables import Erased, db
from plugins.insurer_assistance import cases, links, posts, readers, team
from plugins.insurer_assistance.models import Case, Member
from plugins.insurer_assistance.models_results import Link

_ = Domain("insurer_assistance")
NAME = cases.NAME
TRIES = 10  # a household shares an address


def add_to(blueprint: Blueprint) -> None:
    """The routes of this room."""
    api.residence_by(cases.SERVICE, residence)
    api.offer_instead(cases.SERVICE, by_phone)
    add = blueprint.add_url_rule
    add("/papers/<token>", "papers", papers)
    add("/papers/<token>/code", "papers_code", papers_code, methods=["POST"])
    add("/papers/<token>/send", "papers_send", papers_send, methods=["POST"])
    add("/papers/<token>/<which>", "papers_file", papers_file)
    add("/cases/<consultation_id>/post", "case_post", case_post, methods=["GET", "POST"])
    add("/cases/<consultation_id>/post-withdraw", "case_post_withdraw", case_post_withdraw, methods=["POST"])
    add("/desk/<consultation_id>/send-code", "desk_send_code", desk_send_code, methods=["POST"])
    add("/desk/posts", "desk_posts", desk_posts)
    add("/desk/<consultation_id>/post", "desk_post", desk_post, methods=["GET", "POST"])
    add("/desk/<consultation_id>/send-link", "desk_send_link", desk_send_link, methods=["POST"])
    add("/desk/<consultation_id>/posted", "desk_posted", desk_posted, methods=["POST"])
    add("/desk/<consultation_id>/post/<which>", "desk_post_file", desk_post_file)


def residence(consultation: api.Consultation) -> str | None:
    """Where the insurer says that a person lives (IA-038)."""
    case: Case | None = Case.get(consultation.id)
    member: Member | None = Member.get(case.member_id) if case is not None else None
    return member.residence if member is not None else None


def by_phone(room: Room, role: str) -> api.Instead | None:
    """In the waiting room: by telephone instead, whatever the device says, until the call begins (IA-049)."""
    if role != "patient":
        return None
    return api.Instead(
        url_for("insurer_assistance.case_by_phone", consultation_id=room.subject_id),
        _("Call me by telephone instead"),
        _(
            "No camera, no microphone, or a poor connection? The doctor can call you by telephone; you lose nothing by it."
        ),
    )


# -- links by e-mail ------------------------------------------------------------------------------------------------


def _gone(status: int = 404) -> Any:
    """One page for unknown, run out and ended alike: it says what to do, and nothing of the link."""
    page = render(NAME, "insurer_assistance/link_gone.html", access_=cases.settings("access"), wait=status == 429)
    return page, status


def _link(token: str) -> tuple[Link, Case] | None:
    """The link, guesses counted by network address. Raises Refused (429) where there were too many."""
    where = request.remote_addr or ""
    if count_try("papers-link", where, factor=TRIES):
        raise Refused(_("Too many tries. Please wait a little."), status=429)
    found = links.find(token)
    if found is not None:
        forget_tries("papers-link", where)
    return found


def _reader() -> str | None:
    return request.cookies.get(cookie_name(api.PAPERS_COOKIE))


def _paper_page(link: Link, case: Case, token: str, problem: Message | None = None) -> str:
    row = links.prescription_of(link)
    return render(
        NAME,
        "insurer_assistance/papers.html",
        link=link,
        case=case,
        token=token,
        who=display_name(case.account_id, case.dependant_id),
        reports=api.reports_of(case.id) if link.kind == links.REPORT else [],
        parts=api.REPORT_PARTS,
        doctor=api.who_carries_out(api.of_ids([case.id]).get(case.id)),
        prescription=row,
        opening=api.opening_of(row, _reader()) if row is not None else None,
        problem=problem,
        sent=request.args.get("sent"),
        openings=links.openings(link),
        opened=links.OPENED,
        access_=cases.settings("access"),
    )


@access("public")
def papers(token: str) -> Any:
    """What a link opens: the report, or a prescription behind its code (IA-070, IA-073, IA-074)."""
    try:
        found = _link(token)
        if found is None:
            return _gone()
        page = _paper_page(*found, token)
        links.opened(found[0], "page")
    except Refused as no:
        return _gone(no.status)
    except Erased:
        return _gone()
    db.session.commit()
    return page


def _prescription(token: str) -> tuple[Link, Case, Prescription] | None:
    found = _link(token)
    row = links.prescription_of(found[0]) if found is not None else None
    return (*found, row) if found is not None and row is not None else None


@access("public")
def papers_code(token: str) -> Any:
    """The code of the text message, for the prescription of a link."""
    try:
        found = _prescription(token)
        if found is None:
            return _gone()
        link, case, row = found
        entered = api.enter_code(row, request.form.get("code", ""))
        db.session.commit()
    except Refused as no:
        return _gone(no.status)
    except Erased:
        return _gone()
    if entered.error is not None:
        return _paper_page(link, case, token, entered.error), 422
    answer = make_response(redirect(url_for("insurer_assistance.papers", token=token)))
    give_cookie(answer, api.PAPERS_COOKIE, entered.token)
    return answer


@access("public")
def papers_send(token: str) -> Any:
    """Another code, to the number that was given."""
    try:
        found = _prescription(token)
    except Refused as no:
        return _gone(no.status)
    if found is None:
        return _gone()
    link, case, row = found
    try:
        api.send_code_again(row, cases.told_of(case).phone)
    except Refused as no:
        db.session.rollback()
        return _paper_page(link, case, token, no.messages[0]), no.status
    except Erased:
        return _gone()
    db.session.commit()
    return redirect(url_for("insurer_assistance.papers", token=token, sent=1))


@access("public")
def papers_file(token: str, which: str) -> Any:
    """The report, the prescription or its proof as PDF; each opening is noted."""
    if which not in ("report", "document", "proof"):
        abort(404)
    try:
        found = _link(token)
        data = _data(found[0], found[1], which) if found is not None else None
    except api.Closed as no:
        assert found is not None
        return _paper_page(*found, token, no.messages[0]), no.status
    except Refused as no:
        return _gone(no.status)
    except Erased:
        return _gone()
    if found is None or data is None:
        return _gone()
    links.opened(found[0], which)
    db.session.commit()
    return pdf_answer(data, f"{found[0].id.hex[:10].upper()}-{which[0]}")


def _data(link: Link, case: Case, which: str) -> bytes | None:
    if which == "report":
        consultation = api.of_ids([case.id]).get(case.id)
        return (
            api.report_paper(consultation, language())
            if link.kind == links.REPORT and consultation is not None
            else None
        )
    row = links.prescription_of(link)
    return api.read_paper(row, which, _reader()) if row is not None else None


# -- by post, asked for by the person -----------------------------------------------------------------------------


def _own(consultation_id: str) -> Case:
    found = cases.access_case(id_of(consultation_id), g.account.id)
    if found is None:
        abort(404)
    return found


def _address() -> posts.Address:
    form = request.form
    return posts.Address(
        form.get("name", ""),
        form.get("street", ""),
        form.get("postal_code", ""),
        form.get("city", ""),
        form.get("country") or "FR",
    )


def _post_form(case: Case, template: str, problems: list[Message], status: int) -> Any:
    return render(
        NAME, template, case=case, problems=problems, typed=request.form, countries=country_options(),
        who=display_name(case.account_id, case.dependant_id), waiting=posts.waiting(case.id),
    ), status  # fmt: skip


@access("patient")
def case_post(consultation_id: str) -> Any:
    """Ask expressly that the report goes to one's own doctor by post (IA-071)."""
    case = _own(consultation_id)
    template = "insurer_assistance/post.html"
    if request.method == "GET":
        return _post_form(case, template, [], 200)
    try:
        posts.ask(case.id, _address(), express=request.form.get("express") == "yes")
    except Refused as no:
        db.session.rollback()
        return _post_form(_own(consultation_id), template, list(no.messages), no.status)
    db.session.commit()
    return redirect(url_for("insurer_assistance.case", consultation_id=case.id, done="post"))


@access("patient")
def case_post_withdraw(consultation_id: str) -> Any:
    """Rather not, while it was not posted."""
    case = _own(consultation_id)
    posts.withdraw(case.id)
    db.session.commit()
    return redirect(url_for("insurer_assistance.case", consultation_id=case.id, done="post_withdrawn"))


# -- the doctor and the desk ------------------------------------------------------------------------------------------


def beside(case: Case, consultation: Any, doctor: Any) -> dict[str, Any]:
    """For the doctor's page of a case: whether a code can be sent now, letters asked for, openings by link."""
    return {
        "may_send": api.may_send_code(consultation, doctor),
        "phone": cases.told_of(case).phone[-2:],
        "posts": posts.of_case(case.id),
        "openings": links.openings_of(case.id),
        "opened": links.OPENED,
    }


@access("professional")
def desk_send_code(consultation_id: str) -> Any:
    """During the call: the code by which the patient opens the prescription goes out (IA-074)."""
    me = team.doctor(g.account.id)
    case: Case | None = Case.get(id_of(consultation_id))
    if case is None:
        abort(404)
    api.send_code_in_call(me, case.id, cases.told_of(case).phone)
    db.session.commit()
    return redirect(url_for("insurer_assistance.desk_case", consultation_id=case.id, done="code"))


def _staff() -> uuid.UUID:
    team.demand(g.account.id, team.AGENT, team.DOCTOR)
    account_id: uuid.UUID = g.account.id
    return account_id


def _asked(consultation_id: str) -> Case:
    """A case that this person has to do with: an agent any, a doctor their own."""
    account_id = _staff()
    case: Case | None = Case.get(id_of(consultation_id))
    if case is None:
        abort(404)
    if team.demand(account_id, team.AGENT, team.DOCTOR) == team.DOCTOR:
        me, consultation = profile_of(account_id), api.of_ids([case.id]).get(case.id)
        if me is None or consultation is None or consultation.professional_id != me.id:
            abort(404)
    return case


@access("professional", "operator")
def desk_posts() -> str:
    """Reports to post, the oldest request first: addresses, and nothing of health."""
    account_id = _staff()
    rows = []
    for row in posts.to_post():
        try:
            rows.append({"row": row, "to": posts.address_of(row), "reads": readers.may_read(account_id, row.case_id)})
        except Erased:
            continue
    if team.demand(account_id, team.AGENT, team.DOCTOR) == team.DOCTOR:
        rows = [r for r in rows if r["reads"]]
    return render(NAME, "insurer_assistance/desk_posts.html", rows=rows, done=request.args.get("done"))


@access("professional", "operator")
def desk_post(consultation_id: str) -> Any:
    """An agent notes the request of a person who is on the telephone."""
    case = _asked(consultation_id)
    team.demand(g.account.id, team.AGENT)
    template = "insurer_assistance/desk_post.html"
    if request.method == "GET":
        return _post_form(case, template, [], 200)
    try:
        express = request.form.get("express") == "yes"
        posts.ask(case.id, _address(), express=express, agent_account_id=g.account.id)
    except Refused as no:
        db.session.rollback()
        return _post_form(_asked(consultation_id), template, list(no.messages), no.status)
    db.session.commit()
    return redirect(url_for("insurer_assistance.desk_posts", done="noted"))


@access("professional", "operator")
def desk_send_link(consultation_id: str) -> Any:
    """The person on the telephone lost the link: another one goes to the address that is known."""
    links.send_again(_staff(), _asked(consultation_id).id)
    db.session.commit()
    return redirect(url_for("insurer_assistance.desk_posts", done="links"))


@access("professional", "operator")
def desk_posted(consultation_id: str) -> Any:
    """It was handed to the post."""
    posts.posted(_staff(), _asked(consultation_id).id)
    db.session.commit()
    return redirect(url_for("insurer_assistance.desk_posts", done="posted"))


@access("professional", "operator")
def desk_post_file(consultation_id: str, which: str) -> Any:
    """The letter or the report to print, for its doctor or a named reader (IA-071, IA-108)."""
    if which not in ("letter", "report"):
        abort(404)
    case = _asked(consultation_id)
    try:
        data = posts.papers(g.account.id, case.id, which)
    finally:
        db.session.commit()  # a refusal is noted too
    return pdf_answer(data, f"{case.id.hex[:10].upper()}-{which[0]}")
