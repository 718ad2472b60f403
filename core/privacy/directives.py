"""What a person directs for their data after death: general ones lie with a third party, specific ones here (CB-286, IA-097)."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from core import audit, clock, i18n
from core.db import db
from core.identity import accounts
from core.messages import Message, _
from core.privacy.models import Directive
from core.tenancy import keys
from core.tenancy.current import current_tenant
from core.web.frame import Refused

WORDS_MOST = 5_000
CONSENT = _(
    "I consent specifically to these directives being kept here and carried out after my death. I can change or revoke them at any moment."
)
FATES: dict[str, Message] = {
    "keep": _("Keep my data for as long as the law asks, then erase them"),
    "erase": _("Erase all that the law does not ask to keep"),
    "hand_over": _("Hand my data over to the person named below"),
}


@dataclass(frozen=True, slots=True)
class Read:
    """Directives as they were set: what becomes of the data, who is trusted with it, in one's own words."""

    id: uuid.UUID
    kind: str
    fate: str
    trusted: str
    words: str
    set_at: dt.datetime
    ended_at: dt.datetime | None


def _locked(account_id: uuid.UUID) -> Any:
    """Hold the account, so that two changes at once follow one another."""
    return accounts.by_id(account_id, lock=True)


def write(
    account_id: uuid.UUID, kind: str, *, fate: str = "", trusted: str = "", words: str = "", consents: bool = False
) -> Directive:
    """Set directives, in the place of those of before; specific ones only with the consent to them. Raises Refused (422)."""
    if kind not in ("general", "specific"):
        raise Refused(_("Please choose one of the buttons."), status=422)
    trusted, words = trusted.strip(), words.strip()
    if len(words) > WORDS_MOST or len(trusted) > 500:
        raise Refused(_("At most {most} characters are possible.", most=WORDS_MOST), status=422)
    if kind == "general" and not trusted:
        raise Refused(_("Please name the trusted third party with whom your directives lie."), status=422)
    if kind == "specific":
        if fate not in FATES:
            raise Refused(_("Please say what becomes of your data."), status=422)
        if fate == "hand_over" and not trusted:
            raise Refused(_("Please name the person to whom your data are handed over."), status=422)
        if not consents:
            raise Refused(_("Without your specific consent these directives cannot be kept here."), status=422)
    account = _locked(account_id)
    _end(account_id, kind)
    body = {"fate": fate if kind == "specific" else "", "trusted": trusted, "words": words}
    now = clock.now()
    row = Directive(
        account_id=account_id, person_id=account.person_id, kind=kind, set_at=now,
        sealed=keys.seal_json(account.person_id, "death_directives", "sealed", body),
        consented_at=now if kind == "specific" else None,
        consent_digest=_digest(account.language) if kind == "specific" else None,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    audit.record("directives.set", "account", account_id, {"kind": kind, "directive": str(row.id)})
    return row


def _digest(language: str) -> str:
    """The digest of the consent as it was shown."""
    shown = i18n.render(CONSENT, language, current_tenant().words(language))
    return hashlib.sha256(shown.encode()).hexdigest()


def _end(account_id: uuid.UUID, kind: str) -> bool:
    d = Directive
    ended = db.session.execute(
        update(d)
        .where(d.account_id == account_id, d.kind == kind, d.ended_at.is_(None))
        .values(ended_at=clock.now())
        .returning(d.id)
    ).first()
    return ended is not None


def revoke(account_id: uuid.UUID, kind: str) -> None:
    """Take directives back. Where there are none, nothing happens."""
    _locked(account_id)
    if _end(account_id, kind):
        audit.record("directives.revoked", "account", account_id, {"kind": kind})


def _read(row: Directive) -> Read | None:
    try:
        body = keys.unseal_json(row.person_id, "death_directives", "sealed", row.sealed)
    except keys.Erased:
        return None
    return Read(row.id, row.kind, body["fate"], body["trusted"], body["words"], row.set_at, row.ended_at)


def in_force(account_id: uuid.UUID) -> dict[str, Read]:
    """The directives that hold, by kind."""
    return {d.kind: d for d in history(account_id) if d.ended_at is None}


def history(account_id: uuid.UUID) -> list[Read]:
    """All that the account ever directed, oldest first."""
    rows = db.session.execute(
        select(Directive).where(Directive.account_id == account_id).order_by(Directive.set_at, Directive.id)
    ).scalars()
    return [found for row in rows if (found := _read(row)) is not None]
