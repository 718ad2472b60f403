"""Partners' programs: clients of a portal with a secret, tokens that end, and how many cases a minute they may ask."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import Index, Integer, LargeBinary, Text, UniqueConstraint, case, delete, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core import audit, clock, crypto
from core.db import TenantModel, db
from core.db.base import tenant_fk
from core.jobs import periodic
from core.messages import Message, _
from core.tenancy.current import current_tenant
from core.web.frame import Refused

SCOPES = {
    "decisions": _("Ask the rules of the portal in bulk"),
    "fhir.directory": _("Read the directory of professionals and their free times as FHIR"),
}
TOKEN_PREFIX = "pc_"  # noqa: S105  tells a client's token from a session's, nothing more
TOKEN_LIFE = dt.timedelta(hours=1)
WINDOW = dt.timedelta(minutes=1)
CASES_PER_MINUTE = 10_000
MOST_CASES = 1_000  # in one request; no client's limit is below it
PURGE_SECONDS = 3600


class ApiClient(TenantModel):
    """A partner's program. The secret is shown once; its digest is kept (the secret is random, 256 bits)."""

    __tablename__ = "api_clients"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)
    name: Mapped[str] = mapped_column(Text)
    secret_digest: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    cases_per_minute: Mapped[int] = mapped_column(Integer)
    window_started_at: Mapped[dt.datetime]
    window_cases: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]


class ApiToken(TenantModel):
    """A token that a client got for its secret; only its digest is kept."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        UniqueConstraint("tenant_id", "digest"),
        Index(None, "tenant_id", "expires_at"),
        tenant_fk("client_id", "api_clients", ondelete="CASCADE"),
    )
    client_id: Mapped[uuid.UUID]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]


@dataclass(frozen=True, slots=True)
class ClientView:
    """The client of a request, with the scopes of its token."""

    id: uuid.UUID
    name: str
    scopes: frozenset[str]


def scopes_offered() -> dict[str, Message]:
    """What a program of the present portal can be given: core's scopes and those of the portal's plugins."""
    found = dict(SCOPES)
    for topic in current_tenant().dispatcher.collect("api_topics"):
        found |= topic.scopes
    return found


def add(name: str, scopes: list[str], cases_per_minute: int = CASES_PER_MINUTE) -> tuple[ApiClient, str]:
    """A new client of the present portal and its secret, told this once. Raises Refused."""
    unknown = sorted(set(scopes) - set(scopes_offered()))
    if unknown or not scopes:
        raise Refused(_("Unknown scope: {names}", names=", ".join(unknown) or "-"), status=422)
    if not name.strip() or len(name) > 100:
        raise Refused(_("A client's name has 1 to 100 characters."), status=422)
    if cases_per_minute < MOST_CASES:
        raise Refused(_("A client may ask {count} cases a minute at least.", count=MOST_CASES), status=422)
    if db.session.execute(select(ApiClient.id).where(ApiClient.name == name)).first() is not None:
        raise Refused(_("There is a client of this name already: {name}", name=name))
    secret, now = crypto.new_token(), clock.now()
    row = ApiClient(
        name=name,
        secret_digest=crypto.token_digest(secret),
        scopes=sorted(set(scopes)),
        cases_per_minute=cases_per_minute,
        window_started_at=now,
        created_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("client.added", "client", row.id, {"scopes": row.scopes, "cases_per_minute": cases_per_minute})
    return row, secret


def listed() -> list[ApiClient]:
    """All clients of the portal, by name, revoked ones too."""
    return list(db.session.execute(select(ApiClient).order_by(ApiClient.name)).scalars())


def revoke(client_id: uuid.UUID) -> bool:
    """End a client and all its tokens at once; False where there is none that lives."""
    row: ApiClient | None = ApiClient.get(client_id)
    if row is None or row.revoked_at is not None:
        return False
    row.revoked_at = clock.now()
    db.session.execute(delete(ApiToken).where(ApiToken.client_id == row.id))
    audit.record("client.revoked", "client", row.id, {})
    return True


def living(client_id: str) -> ApiClient | None:
    """The client of an id that was not revoked; None for any other text."""
    try:
        wanted = uuid.UUID(client_id)
    except ValueError:
        return None
    row: ApiClient | None = ApiClient.get(wanted)
    return row if row is not None and row.revoked_at is None else None


def keep_token(client: ApiClient, token: str, scopes: list[str]) -> None:
    """Keep the digest of a token that was just made."""
    now = clock.now()
    row = ApiToken(
        client_id=client.id,
        digest=crypto.token_digest(token),
        scopes=sorted(scopes),
        created_at=now,
        expires_at=now + TOKEN_LIFE,
    )
    db.session.add(row)
    db.session.flush()
    with audit.acting_as(audit.Actor("client", str(client.id))):
        audit.record("client.token", "client", client.id, {"scopes": row.scopes})


def load(token: str) -> ClientView | None:
    """The client of a token that is alive, in the present portal."""
    row = db.session.execute(
        select(ApiToken, ApiClient)
        .join(ApiClient, (ApiClient.tenant_id == ApiToken.tenant_id) & (ApiClient.id == ApiToken.client_id))
        .where(
            ApiToken.digest == crypto.token_digest(token),
            ApiToken.expires_at > clock.now(),
            ApiClient.revoked_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    found, client = row
    return ClientView(client.id, client.name, frozenset(found.scopes))


def take(client_id: uuid.UUID, cases: int) -> int:
    """Count cases against the client's minute, and commit. Returns 0, else the seconds to wait (and nothing is counted).

    One statement: requests at the same instant cannot share a place.
    """
    now = clock.now()
    fresh = ApiClient.window_started_at <= now - WINDOW
    counted = case((fresh, cases), else_=ApiClient.window_cases + cases)
    done = db.session.execute(
        update(ApiClient)
        .where(ApiClient.id == client_id, counted <= ApiClient.cases_per_minute)
        .values(window_cases=counted, window_started_at=case((fresh, now), else_=ApiClient.window_started_at))
        .returning(ApiClient.id)
        .execution_options(synchronize_session=False)
    ).first()
    if done is not None:
        db.session.commit()
        return 0
    started = db.session.execute(select(ApiClient.window_started_at).where(ApiClient.id == client_id)).scalar_one()
    db.session.rollback()
    return max(1, int((started + WINDOW - now).total_seconds() + 0.999))


@periodic.job("api_tokens_purge", PURGE_SECONDS)
def purge() -> None:
    """Forget tokens that have ended."""
    db.session.execute(delete(ApiToken).where(ApiToken.expires_at <= clock.now()))
