"""The report by post to the treating doctor: only where the person asked for it expressly, with the day (IA-071)."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select, update

from core.plugin_api import Domain, Message
from core.plugin_api import acts as api
from core.plugin_api.acts import Moved
from core.plugin_api.pages import Refused, current_tenant
from core.plugin_api.papers import Facts, Gap, Paper, Paragraph, brand_of, said, to_pdf
from core.plugin_api.people import described
from core.plugin_api.tables import db, now, record, seal_json, unseal_json
from plugins.insurer_assistance import cases, readers, team
from plugins.insurer_assistance.cases import KIND, TELEPHONE, WEB
from plugins.insurer_assistance.models import Case
from plugins.insurer_assistance.models_results import Post

_ = Domain("insurer_assistance")
LIMIT = 120
_FRENCH = re.compile(r"\d{5}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the letter goes, as the person gave it."""

    name: str
    street: str
    postal_code: str
    city: str
    country: str = "FR"


def problems(address: Address, express: bool) -> list[Message]:
    """All that is wrong with a request, in words."""
    found: list[Message] = []
    if not express:
        found.append(_("Please confirm that you ask for it: without your express request nothing is sent."))
    wanted = (
        ("name", _("Please give the name of your doctor.")),
        ("street", _("Please give the street and the number of the practice.")),
        ("postal_code", _("Please give the postal code.")),
        ("city", _("Please give the town.")),
    )
    for field, message in wanted:
        text = getattr(address, field)
        if not text.strip():
            found.append(message)
        elif len(text) > LIMIT:
            found.append(
                _("“{text}…” is too long: at most {most} characters are possible.", text=text[:20], most=LIMIT)
            )
        elif any(not c.isprintable() for c in text):
            found.append(_("An address has letters, digits and spaces only, each field on one line."))
    if address.country == "FR" and address.postal_code.strip() and not _FRENCH.match(address.postal_code.strip()):
        found.append(_("A French postal code has five digits, such as 57000."))
    if not re.fullmatch(r"[A-Z]{2}", address.country):
        found.append(_("Please choose the country."))
    return found


def ask(case_id: uuid.UUID, address: Address, *, express: bool, agent_account_id: uuid.UUID | None = None) -> Post:
    """Keep the person's express request with its day: by the web, or noted by an agent on the telephone.

    Raises Refused for what is wrong, Moved where one is open already or there is no report. The caller commits.
    """
    found = problems(address, express)
    if found:
        raise Refused(*found, status=422)
    if agent_account_id is not None:
        team.demand(agent_account_id, team.AGENT)
    case = cases.locked(case_id)
    if not api.reports_of(case.id):
        raise Moved(case.state, _("There is no report yet that could be sent."))
    if waiting(case.id) is not None:
        raise Moved(case.state, _("This was asked for already and is under way."))
    kept = {k: v.strip() for k, v in asdict(address).items()}
    row = Post(
        case_id=case.id,
        person_id=case.person_id,
        channel=TELEPHONE if agent_account_id is not None else WEB,
        state="requested",
        sealed=seal_json(case.person_id, "ia_posts", "sealed", kept),
        requested_at=now(),
        noted_by_account_id=agent_account_id,
    )
    db.session.add(row)
    db.session.flush()
    record("assistance.post_requested", KIND, case.id, {"channel": row.channel})
    return row


def withdraw(case_id: uuid.UUID) -> None:
    """The person would rather not: nothing is sent. Raises Moved where it was posted already."""
    row = waiting(case_id)
    if row is None or not _to(row, "withdrawn"):
        raise Moved("posted", _("There is nothing to take back any more: it was posted, or never asked for."))
    record("assistance.post_withdrawn", KIND, case_id)


def waiting(case_id: uuid.UUID) -> Post | None:
    """The open request of a case."""
    return db.session.execute(
        select(Post).where(Post.case_id == case_id, Post.state == "requested")
    ).scalar_one_or_none()


def of_case(case_id: uuid.UUID) -> Sequence[Post]:
    """All requests of a case, the newest first."""
    return (
        db.session.execute(select(Post).where(Post.case_id == case_id).order_by(Post.requested_at.desc()))
        .scalars()
        .all()
    )


def to_post(limit: int = 200) -> Sequence[Post]:
    """All that waits to be posted, the oldest first."""
    return (
        db.session.execute(select(Post).where(Post.state == "requested").order_by(Post.requested_at).limit(limit))
        .scalars()
        .all()
    )


def address_of(row: Post) -> Address:
    """The name and address given. Raises Erased."""
    return Address(**unseal_json(row.person_id, "ia_posts", "sealed", row.sealed))


def posted(account_id: uuid.UUID, case_id: uuid.UUID) -> Post:
    """It was handed to the post. Raises Refused (403, 409) for who may not, or without a recorded request."""
    team.demand(account_id, team.AGENT, team.DOCTOR)
    row = _requested(case_id)
    if not _to(row, "posted", posted_at=now(), posted_by_account_id=account_id):
        raise Moved(row.state, _("Somebody else has noted this already."))
    record("assistance.posted", KIND, case_id, {"by": str(account_id)})
    return row


def papers(account_id: uuid.UUID, case_id: uuid.UUID, which: str) -> bytes:
    """The letter or the report, ready to print, for who may read it; each printing is on the trail.

    Raises Refused: 403 for who may not read (noted too: commit), 409 without a recorded request.
    """
    readers.demand(account_id, case_id)
    row = _requested(case_id)
    language = current_tenant().language
    record("assistance.post_printed", KIND, case_id, {"what": which, "by": str(account_id)})
    if which == "letter":
        return _letter(row, language)
    consultation = api.of_ids([case_id])[case_id]
    made = api.report_paper(consultation, language)
    assert made is not None  # a request needs a report
    return made


def _requested(case_id: uuid.UUID) -> Post:
    row = waiting(case_id)
    if row is None:
        raise Refused(
            _("Nothing may be sent: the person did not ask for it expressly, took it back, or it was posted already."),
            status=409,
        )
    return row


def _to(row: Post, state: str, **values: object) -> bool:
    done = db.session.execute(
        update(Post)
        .where(Post.id == row.id, Post.state == "requested")
        .values(state=state, **values)
        .returning(Post.id)
    ).first()
    db.session.refresh(row)
    return done is not None


def _letter(row: Post, language: str) -> bytes:
    case: Case = Case.get(row.case_id)
    to, who = address_of(row), described(case.account_id, case.dependant_id)
    version = api.reports_of(case.id)[0]

    def say(message: Message) -> str:
        return said(message, language)

    def day(moment: dt.datetime) -> str:
        return moment.astimezone(cases.zone()).strftime("%d/%m/%Y")

    rows = [
        (say(_("Patient")), who.name),
        (say(_("Born on")), who.born.strftime("%d/%m/%Y") if who.born else ""),
        (say(_("Teleconsultation of")), day(version.saved_at)),
        (say(_("Asked for on")), day(row.requested_at)),
    ]
    paper = Paper(
        title=say(_("Report of a teleconsultation")),
        brand=brand_of(current_tenant(), language),
        language=language,
        made_at=now(),
        blocks=(
            Paragraph("\n".join(t for t in (to.name, to.street, f"{to.postal_code} {to.city}", to.country if to.country != "FR" else "") if t)),
            Gap(8),
            Paragraph(say(_("Dear colleague,"))),
            Paragraph(say(_("Your patient has had a teleconsultation with a doctor of our service and asked us expressly to send you the report. You find it enclosed."))),
            Facts(tuple((k, v) for k, v in rows if v)),
            Paragraph(say(_("It was written for the person named and for you: please treat it as part of the medical record."))),
            Paragraph(say(_("With kind regards,")) + "\n" + current_tenant().name),
        ),
    )  # fmt: skip
    return to_pdf(paper)
