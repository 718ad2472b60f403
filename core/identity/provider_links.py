"""Which identities of providers open which accounts: connecting, removing, signing in, and what their sessions need."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from core import audit, clock
from core.db import db
from core.hooks.types import Exercise
from core.identity import accounts, profile, sign_in, throttle
from core.identity.models import Account, ProviderLink
from core.identity.oidc import Arrival
from core.identity.provider_failures import Failure
from core.identity.provider_sessions import Carried, attach
from core.identity.providers import Way
from core.identity.sessions import open_session, usable
from core.tenancy import keys

log = logging.getLogger("portico.identity")


@dataclass(frozen=True, slots=True)
class Opened:
    """What a sign-in with a provider came to: a session, or the token of the second step."""

    session_token: str = ""
    challenge_token: str = ""
    wait_seconds: int = 0


def _blind(arrival: Arrival) -> bytes:
    return keys.blind(f"{arrival.issuer}\n{arrival.subject}", "provider-subject")


def find(arrival: Arrival) -> ProviderLink | None:
    """The link of an identity, by issuer and subject alone: an e-mail address connects nobody."""
    return db.session.execute(select(ProviderLink).where(ProviderLink.blind == _blind(arrival))).scalar_one_or_none()


def of_account(account_id: uuid.UUID) -> dict[str, ProviderLink]:
    """The links of an account by the provider's code."""
    rows = db.session.execute(select(ProviderLink).where(ProviderLink.account_id == account_id)).scalars()
    return {row.provider: row for row in rows}


def last_exercise(link: ProviderLink) -> str:
    """The exercise that was chosen last, by code."""
    account = accounts.by_id(link.account_id)
    data = keys.unseal_json(account.person_id, "provider_links", "sealed", link.sealed)
    return str(data.get("exercise") or "")


def examine(way: Way, arrival: Arrival, account: Account) -> None:
    """Whether this identity may open or be connected with this account. Raises Failure."""
    if account.role != way.audience:
        raise Failure("wrong_role")
    if way.provider.identifier:
        own = profile.identifiers(account).get(way.provider.identifier)
        if own is None:
            raise Failure("account_number_missing")
        if not arrival.number:
            raise Failure("number_missing")
        if own != arrival.number:
            raise Failure("number_mismatch")


def connect(way: Way, arrival: Arrival, account: Account, exercise: str = "") -> ProviderLink:
    """Connect an identity with an account. Raises Failure where either is connected already, or does not fit."""
    examine(way, arrival, account)
    known = find(arrival)
    if known is not None:
        if known.account_id == account.id:
            return known
        audit.record("provider.taken", "account", account.id, {"provider": way.code})
        raise Failure("taken")
    if way.code in of_account(account.id):
        raise Failure("connected")
    return _add(way, arrival, account, exercise)


def connect_new(way: Way, arrival: Arrival, account: Account, exercise: str = "") -> None:
    """As `connect`, for an account that is being made with these traits and numbers. Raises Failure."""
    if account.role != way.audience:
        raise Failure("wrong_role")
    if way.provider.identifier and not arrival.number:
        raise Failure("number_missing")
    if find(arrival) is not None:
        raise Failure("taken")
    _add(way, arrival, account, exercise)


def _add(way: Way, arrival: Arrival, account: Account, exercise: str) -> ProviderLink:
    row = ProviderLink(
        account_id=account.id,
        provider=way.code,
        blind=_blind(arrival),
        sealed=_seal(account, arrival, exercise),
        created_at=clock.now(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError as error:  # connected from two windows at once: the other one was first
        raise Failure("taken") from error
    audit.record("provider.connected", "account", account.id, {"provider": way.code, "acr": arrival.acr[:80]})
    _tell(way, arrival, account)
    return row


def _tell(way: Way, arrival: Arrival, account: Account) -> None:
    """Hand what the provider said beside the identity to its plugin; a failure there stops nobody from signing in."""
    if way.provider.arrived is None or not arrival.carried:
        return
    try:
        with db.session.begin_nested():
            way.provider.arrived(account.id, arrival.carried)
    except Exception as error:
        log.error("what a provider said could not be taken over", exc_info=error, extra={"what": way.code})


def _seal(account: Account, arrival: Arrival, exercise: str) -> bytes:
    body: dict[str, Any] = {
        "issuer": arrival.issuer,
        "subject": arrival.subject,
        "acr": arrival.acr,
        "exercise": exercise,
    }
    return keys.seal_json(account.person_id, "provider_links", "sealed", body)


def remove(account: Account, code: str) -> bool:
    """Take a link away; True when there was one."""
    gone = db.session.execute(
        delete(ProviderLink)
        .where(ProviderLink.account_id == account.id, ProviderLink.provider == code)
        .returning(ProviderLink.id)
    ).scalar_one_or_none()
    if gone is not None:
        audit.record("provider.removed", "account", account.id, {"provider": code})
    return gone is not None


def may_open(way: Way, arrival: Arrival, link: ProviderLink) -> Account:
    """The account that a link opens now. Raises Failure with what stands against it."""
    account = accounts.by_id(link.account_id)
    if link.provider != way.code:
        raise Failure("unknown_issuer")
    if account.opposed_at is not None:
        raise Failure("opposed")
    if not usable(account):
        raise Failure("account_closed", sign_in.why_closed(account))
    try:
        examine(way, arrival, account)
    except Failure as failure:
        with audit.acting_as(audit.Actor("visitor")):
            audit.record(f"provider.{failure.reason}", "account", account.id, {"provider": way.code})
        db.session.commit()
        raise
    return account


def choice(arrival: Arrival, code: str) -> Exercise | None:
    """The exercise with this code; the only one where there is one."""
    if len(arrival.exercises) == 1:
        return arrival.exercises[0]
    return next((e for e in arrival.exercises if e.code == code), None)


def sign_in_with(way: Way, arrival: Arrival, link: ProviderLink, exercise: str, agent: str) -> Opened:
    """Open a session where the level is two factors; begin the second step where it is not. Raises Failure."""
    account = may_open(way, arrival, link)
    carried = Carried(way.code, arrival.acr, arrival.id_token, exercise)
    _tell(way, arrival, account)
    if not way.is_two_factors(arrival.acr):
        wait = throttle.take("codes", str(account.id), factor=sign_in.CODES_FACTOR)
        if wait:
            return Opened(wait_seconds=wait)
        _used(account, arrival, exercise)
        return Opened(challenge_token=sign_in.begin(account, arrival.next_path, carried))
    _used(account, arrival, exercise)
    token = open_session(account, f"provider:{way.code}", agent)
    attach(token, account, carried)
    return Opened(session_token=token)


def _used(account: Account, arrival: Arrival, exercise: str) -> None:
    row = find(arrival)
    if row is not None:
        row.used_at = clock.now()
        row.sealed = _seal(account, arrival, exercise)
