"""Accounts of parties: invited by the operator, opened by a link with a password of one's own, their rights changed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core import audit, clock
from core.db import db
from core.identity import accounts, passwords, sessions, tokens
from core.identity.accounts import Person
from core.identity.models import Account
from core.identity.parties import MAY, PARTIES, RIGHT_LABELS, ROLE, effective
from core.identity.policy import own_words, password_problems, policy
from core.identity.schemas import Errors, PartyForm, check
from core.jobs import announce
from core.messages import Message, _
from core.notifications.service import notify
from core.tenancy import keys
from core.tenancy.current import current_tenant
from core.web.frame import Refused

PURPOSE = "invite"
_NEVER = "!"  # no password fits it


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom the operator invites: `party` one of PARTIES, `rights` some of what that party may hold."""

    party: str
    rights: Sequence[str]
    first_name: str
    last_name: str
    email: str
    phone: str
    language: str = ""


def invite(wanted: Invitation, operator_id: str) -> tuple[Account | None, Errors]:
    """Make an account of a party and send its link. Returns the account, or every error by field.

    An address that has an account already is refused: a person of a party has an account of their own for it.
    """
    typed = {
        "first_name": wanted.first_name,
        "last_name": wanted.last_name,
        "email": wanted.email,
        "phone": wanted.phone,
    }
    data, errors = check(PartyForm(), typed)
    if "email" in data and accounts.by_email(data["email"]) is not None:
        errors["email"] = [
            _(
                "This portal already has an account with this address. A person of a party needs an address of their own."
            )
        ]
    errors |= _wrong_rights(wanted.party, wanted.rights)
    if errors:
        return None, errors
    languages = current_tenant().languages
    account = accounts.create_account(
        ROLE,
        Person(data["first_name"], data["last_name"], data["email"], data["phone"], "", ""),
        "",
        language=wanted.language if wanted.language in languages else languages[0],
        hashed=_NEVER,
        party=wanted.party,
        party_rights=sorted(set(wanted.rights)),
    )
    details = {"operator": operator_id, "party": wanted.party, "rights": sorted(set(wanted.rights))}
    audit.record("party.invited", "account", account.id, details)
    send_invitation(account)
    return account, {}


def _wrong_rights(party: str, rights: Sequence[str]) -> Errors:
    if party not in PARTIES:
        return {"party": [_("Please choose a party of the list.")]}
    beyond = set(rights) - MAY[party]
    if beyond:
        unknown = [r for r in sorted(beyond) if r not in RIGHT_LABELS]
        if unknown:
            return {"rights": [_("There is no right called {found}.", found=unknown[0][:40])]}
        right = RIGHT_LABELS[min(beyond)]
        return {
            "rights": [
                _(
                    "An account of this party cannot have the right “{right}”: {party}.",
                    right=right,
                    party=PARTIES[party],
                )
            ]
        }
    return {}


def send_invitation(account: Account) -> None:
    """Send the link, anew where it was lost; earlier ones stop working."""
    hours = policy()["confirmation_validity_hours"]
    token = tokens.issue(account.id, PURPOSE, dt.timedelta(hours=hours))
    notify(
        "partner_invitation",
        account_id=account.id,
        person_id=account.person_id,
        to=accounts.recipient(account),
        params={"hours": hours},
        link=f"/invitation/{token}",
    )


def invited(token: str) -> Account | None:
    """The account that an invitation opens, while it is good; looking does not use it."""
    row = tokens.look(token, PURPOSE)
    account = accounts.by_id(row.account_id) if row is not None else None
    return account if account is not None and account.state == "pending_confirmation" else None


def accept(token: str, password: str) -> list[Message] | None:
    """Open the account with a password of one's own. Returns what is wrong with it, None when it is open.

    Raises LookupError for a link that is unknown, used or ran out. Two factors are asked at sign-in as ever (CB-116).
    """
    account = invited(token)
    if account is None:
        raise LookupError("this link is not good")
    who = accounts.person(account)
    problems = password_problems(password, own_words(who.first_name, who.last_name, who.email))
    if problems:
        return problems
    hashed = passwords.hash_password(password)
    if tokens.use(token, PURPOSE) is None:
        raise LookupError("this link is not good")
    account.password_hash, account.state, account.confirmed_at = hashed, "active", clock.now()
    audit.record("account.confirmed", "account", account.id)
    announce("account_registered", {"account_id": str(account.id), "role": account.role})
    return None


def set_rights(account_id: uuid.UUID, rights: Sequence[str], operator_id: str) -> Account:
    """Change what an account of a party may do, at once. Raises UnknownAccount for one of no party, Refused."""
    account = accounts.by_id(account_id, lock=True)
    if account.party is None:
        raise accounts.UnknownAccount(str(account_id))
    wrong = _wrong_rights(account.party, rights)
    if wrong:
        raise Refused(*(m for found in wrong.values() for m in found), status=422)
    before, account.party_rights = account.party_rights, sorted(set(rights))
    details = {"operator": operator_id, "from": before, "to": account.party_rights}
    audit.record("party.rights_changed", "account", account.id, details)
    return account


def end(account_id: uuid.UUID, operator_id: str) -> None:
    """Take an account of a party away: it is closed, its sessions end at once. Raises UnknownAccount for one of no party."""
    account = accounts.by_id(account_id, lock=True)
    if account.party is None:
        raise accounts.UnknownAccount(str(account_id))
    account.state, account.closed_at, account.email_blind, account.password_hash = "closed", clock.now(), None, None
    sessions.end_all(account.id)
    tokens.revoke(account.id)
    audit.record("party.ended", "account", account.id, {"operator": operator_id})


@dataclass(frozen=True, slots=True)
class PartyAccount:
    """An account of a party in a list: a person at work, named. `rights` are those that count."""

    id: uuid.UUID
    party: str
    rights: frozenset[str]
    state: str
    name: str
    email: str
    created_at: dt.datetime


def listed() -> list[PartyAccount]:
    """The portal's accounts of parties that are not closed, by party and name."""
    rows = db.session.execute(select(Account).where(Account.role == ROLE, Account.state != "closed")).scalars()
    found = []
    for row in rows:
        try:
            who = accounts.person(row)
        except keys.Erased:
            continue
        rights = effective(row.party, row.party_rights)
        found.append(PartyAccount(row.id, row.party or "", rights, row.state, who.name, who.email, row.created_at))
    return sorted(found, key=lambda p: (list(PARTIES).index(p.party), p.name))
