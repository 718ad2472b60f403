"""Answering a request: the file that is made, the account that is closed, or words (IA-097, IA-102, IA-063)."""

from __future__ import annotations

import uuid

from core.directory.models import Professional
from core.identity import moderation
from core.identity import people as identity
from core.messages import _
from core.privacy import exports, files, recipients, service
from core.privacy.models import DONE, REFUSED, PrivacyFile, RightsRequest
from core.web.frame import Refused


def answer(request_id: uuid.UUID, operator_id: str, words: str) -> RightsRequest:
    """The officer does what was asked. Raises Refused: 409 while the identity is not proven, 422 without words.

    Access and portability make the file that the person downloads; a closure closes the account; all else, and what
    belongs to no account, is answered in words. No data leave before the identity of who asks is proven (IA-102).
    """
    row = service.held_open(request_id)
    needs_proof = row.kind in (*service.RELEASES, "closure") or row.identity == "asked"
    if needs_proof and row.identity not in service.PROVEN:
        raise Refused(_("Who asks is not proven yet: validate the identity first. Nothing was released."))
    if row.kind in service.RELEASES and row.account_id is not None:
        _release(row, row.account_id, operator_id)
    elif row.kind == "closure":
        _close_account(row, operator_id)
    elif not words.strip():
        raise Refused(_("Please write the answer: the person reads it."), status=422)
    service.close(row, DONE, "operator", operator_id, words)
    return row


def _release(row: RightsRequest, account_id: uuid.UUID, operator_id: str) -> None:
    recipients.disclose("patient", "service_delivery", row.person_id, row.kind)
    data = exports.make(account_id, whole=row.kind == "access")
    files.keep(service.KIND, row.id, row.person_id, "export", files.Upload("application/zip", data))
    service.note(row, "released", "operator", operator_id)


def _close_account(row: RightsRequest, operator_id: str) -> None:
    assert row.account_id is not None
    if identity.is_closed(row.account_id):
        raise Refused(_("This account is closed already."))
    moderation.close(row.account_id)
    service.note(row, "closed_account", "operator", operator_id)


def answer_as_professional(request_id: uuid.UUID, professional: Professional, state: str, words: str) -> None:
    """A professional answers, or refuses, what was addressed to them. Files and closures are the officer's. Raises Refused."""
    row = service.held_open(request_id)
    if row.addressee != "physician" or row.professional_id != professional.id:
        raise Refused(_("There is no such request."), status=404)
    if state not in (DONE, REFUSED):
        raise Refused(_("Please choose one of the buttons."), status=422)
    if state == DONE and row.kind in (*service.RELEASES, "closure"):
        raise Refused(_("The file is made by the portal: please pass the request on, and the officer sees to it."))
    if not words.strip():
        raise Refused(_("Please write the answer: the person reads it."), status=422)
    service.close(row, state, "professional", str(professional.id), words)


def fetch(row: RightsRequest, copy: PrivacyFile) -> None:
    """Note that the person downloads the file that was made for them."""
    service.note(row, "fetched", "person", str(row.account_id) if row.account_id else None)
