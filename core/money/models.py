"""Tables of money. Amounts are whole cents with a currency; entries are only ever added."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel
from core.db.base import tenant_fk


class LedgerAccount(TenantModel):
    """A pot of money. `kind`: wallet (of an account), escrow (of an act), payable (to a professional), commission, outside.

    `balance_cents` is written by the database alone, as entries are added; only `outside` (banks, cards, gifts of the
    operator) may be below zero.
    """

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("tenant_id", "kind", "owner_id", "currency"),
        CheckConstraint("kind IN ('wallet', 'escrow', 'payable', 'commission', 'outside')", name="kind"),
        CheckConstraint("balance_cents >= 0 OR kind = 'outside'", name="floor"),
    )
    kind: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[uuid.UUID]
    currency: Mapped[str] = mapped_column(Text)
    balance_cents: Mapped[int] = mapped_column(BigInteger, default=0)


class LedgerTransaction(TenantModel):
    """One movement, once per act and step: `hold`, `lower`, `give_back`, `release`, `credit`, `refund`."""

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        UniqueConstraint("tenant_id", "act_kind", "act_id", "step"),
        Index(None, "tenant_id", "at"),
    )
    act_kind: Mapped[str] = mapped_column(Text)
    act_id: Mapped[uuid.UUID]
    step: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime]


class LedgerEntry(TenantModel):
    """A share of a transaction in one pot; the shares of a transaction sum to zero in each currency."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        tenant_fk("transaction_id", "ledger_transactions"),
        tenant_fk("ledger_account_id", "ledger_accounts"),
        Index(None, "tenant_id", "ledger_account_id"),
        Index(None, "tenant_id", "transaction_id"),
        CheckConstraint("amount_cents <> 0", name="amount"),
    )
    transaction_id: Mapped[uuid.UUID]
    ledger_account_id: Mapped[uuid.UUID]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)


class Tariff(TenantModel):
    """What a professional asks for a service by request, in cents; the newest that has begun holds."""

    __tablename__ = "tariffs"
    __table_args__ = (
        tenant_fk("professional_id", "professionals", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "professional_id", "service", "valid_from"),
        CheckConstraint("amount_cents >= 0", name="amount"),
    )
    professional_id: Mapped[uuid.UUID]
    service: Mapped[str] = mapped_column(Text)
    amount_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[dt.datetime]
