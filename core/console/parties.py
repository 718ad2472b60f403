"""Accounts of a portal's parties, as the operator gives and takes them away; the portal's trail keeps it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from core import audit
from core.db import db
from core.identity import accounts, party_accounts
from core.identity.party_accounts import Invitation, PartyAccount
from core.identity.schemas import Errors
from core.tenancy.crossing import operating_on


def listed(tenant_id: int, operator_id: uuid.UUID) -> list[PartyAccount]:
    """The portal's accounts of parties, named: people at work. The portal's trail keeps who looked."""
    with operating_on(tenant_id, str(operator_id), "party.list"):
        return party_accounts.listed()


def invite(tenant_id: int, operator_id: uuid.UUID, wanted: Invitation) -> Errors:
    """Invite a person of a party; every error by field, empty when the invitation is on its way."""
    with operating_on(tenant_id, str(operator_id), "party.invite"):
        _account, errors = party_accounts.invite(wanted, str(operator_id))
        if not errors:
            db.session.commit()
    return errors


def invite_again(tenant_id: int, operator_id: uuid.UUID, account_id: uuid.UUID) -> None:
    """Send the link anew to somebody who has not opened it yet. Raises UnknownAccount."""
    with operating_on(tenant_id, str(operator_id), "party.invite"):
        account = accounts.by_id(account_id, lock=True)
        if account.party is None or account.state != "pending_confirmation":
            raise accounts.UnknownAccount(str(account_id))
        party_accounts.send_invitation(account)
        audit.record("party.invited_again", "account", account.id)
        db.session.commit()


def set_rights(tenant_id: int, operator_id: uuid.UUID, account_id: uuid.UUID, rights: Sequence[str]) -> None:
    """Change what an account of a party may do. Raises UnknownAccount, Refused."""
    with operating_on(tenant_id, str(operator_id), "party.rights"):
        party_accounts.set_rights(account_id, rights, str(operator_id))
        db.session.commit()


def end(tenant_id: int, operator_id: uuid.UUID, account_id: uuid.UUID) -> None:
    """Take an account of a party away. Raises UnknownAccount."""
    with operating_on(tenant_id, str(operator_id), "party.end"):
        party_accounts.end(account_id, str(operator_id))
        db.session.commit()
