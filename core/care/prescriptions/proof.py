"""The proof of prescription: who prescribed to whom and when, the code, and the digest that ties it to the document.

The QR symbol holds the address of the pharmacist's page with the code behind a `#`. What stands behind a `#` stays in the
browser: it is sent to no server, so the code appears in no log, no address that is passed on and no list of visited
pages that a proxy keeps. The page's script takes it from there into the form and out of the address; without script the
pharmacist types the code. A symbol with the code alone would be safe too, and open nothing when scanned with a phone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core import i18n
from core.care.papers.blocks import Block, Facts, Heading, Notice, Paper, Paragraph, Points, Ticket
from core.care.papers.brand import brand_of
from core.care.papers.reports import moment
from core.care.prescriptions import codes
from core.lazy import lazy
from core.messages import Message, _
from core.notifications.service import base_url
from core.tenancy.current import TenantView

if TYPE_CHECKING:
    from core.care.papers import pdf, signing
else:
    pdf = lazy("core.care.papers.pdf")
    signing = lazy("core.care.papers.signing")

PAGE = "/pharmacy"


def digest_of(document: bytes) -> str:
    """What the proof says of the document: SHA-256, in hexadecimal."""
    return hashlib.sha256(document).hexdigest()


def proof_pdf(
    tenant: TenantView,
    *,
    language: str,
    code: str,
    reference: str,
    meta: Mapping[str, Any],
    issued_at: dt.datetime,
    made_at: dt.datetime,
) -> bytes:
    """The sealed proof (CB-184, CB-185). `meta` is what was kept with the prescription; `code` in its normal form."""

    def say(message: Message) -> str:
        return i18n.render(message, language, tenant.words(language))

    prescriber, patient = meta["prescriber"], meta["patient"]
    told = prescriber["qualification"]
    qualification = told.get(language) or next(iter(told.values()), "")
    rows = [
        (say(_("Patient")), patient["name"]),
        (say(_("Born on")), i18n.day(dt.date.fromisoformat(patient["birth_date"]), language)),
        (say(_("Prescriber")), ", ".join(t for t in (prescriber["name"], qualification) if t)),
        (say(_("Register number")), prescriber["number"]),
        (say(_("Practice")), prescriber["practice"]),
        (say(_("Prescribed on")), moment(issued_at, language, tenant.time_zone)),
        (say(_("Reference")), reference),
    ]
    address = base_url(tenant) + PAGE
    blocks: list[Block] = [
        Ticket(
            say(_("Code, good for one dispensing")),
            codes.shown(code),
            say(_("Give it to the pharmacy together with the prescription, and to nobody else. Whoever has it can read the prescription.")),
            f"{address}#{code}",
            say(_("QR symbol: the address of the page for pharmacies, with the code")),
        ),
        Facts(tuple((k, v) for k, v in rows if v)),
        Heading(say(_("At the pharmacy"))),
        Points(
            (
                say(_("Show this proof, the prescription, and your social-security card or a proof of identity.")),
                say(_("You choose the pharmacy. It must be in France and have a computer with internet access.")),
                say(_("You may send both papers by e-mail to the pharmacy, which prepares everything before you come.")),
            )
        ),
        Heading(say(_("For the pharmacist"))),
        Paragraph(
            say(
                _(
                    "Check this code at {address} with your numbers. You see the prescription only while it was not dispensed; it is dispensed once.",
                    address=address,
                )
            )
        ),
        Notice(
            say(_("The prescription that belongs to this proof has this SHA-256 digest:")) + "\n" + _grouped(meta["digest"]),
            say(_("This proof is sealed: a change of either paper shows.")),
        ),
    ]  # fmt: skip
    paper = Paper(
        title=say(_("Proof of prescription")),
        brand=brand_of(tenant, language),
        language=language,
        made_at=made_at,
        blocks=tuple(blocks),
        reference=reference,
        page_words=say(_("Page {page} of {pages}", page="{page}", pages="{pages}")),
    )
    return signing.seal_pdf(pdf.render(paper), reason=say(_("Proof of prescription")))


def _grouped(digest: str) -> str:
    return " ".join(digest[i : i + 8] for i in range(0, len(digest), 8))
