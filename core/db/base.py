"""Declarative base, the Flask-SQLAlchemy object, and the engine events that tie each transaction to a tenant."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import deque
from typing import Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import DateTime, Engine, ForeignKeyConstraint, Integer, MetaData, PrimaryKeyConstraint, event
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.orm import registry as orm_registry
from sqlalchemy.types import TypeDecorator

from core.db import scope

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[dt.datetime]):
    """timestamptz that refuses naive values and always answers in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("naive datetime: instants are aware, in UTC")
        return value

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        return value.astimezone(dt.UTC) if value is not None else None


class Model(DeclarativeBase):
    """Base of all tables."""

    registry: ClassVar[orm_registry] = orm_registry(
        metadata=MetaData(naming_convention=CONVENTION),
        type_annotation_map={dt.datetime: UtcDateTime, uuid.UUID: UUID(as_uuid=True)},
    )


db = SQLAlchemy(model_class=Model, disable_autonaming=True, session_options={"expire_on_commit": False})


KEPT_ROWS = 256


@event.listens_for(Session, "loaded_as_persistent")
@event.listens_for(Session, "pending_to_persistent")
@event.listens_for(Session, "detached_to_persistent")
def _keep(session: Session, row: Any) -> None:
    """A session forgets a row that nobody holds; the last few are held, so that one request asks for a row once."""
    kept: deque[Any] | None = session.info.get("portico_rows")
    if kept is None:
        kept = session.info["portico_rows"] = deque(maxlen=KEPT_ROWS)
    kept.append(row)


def new_id() -> uuid.UUID:
    """A random public id: it tells nothing of how many rows there are."""
    return uuid.uuid4()


class GlobalModel(Model):
    """A table without tenant. It must stand on the allow-list of `core.db.catalogue` with its reason."""

    __abstract__ = True


class TenantModel(Model):
    """A tenant's table: primary key (tenant_id, id). Foreign keys go through `tenant_fk`, uniques start with tenant_id."""

    __abstract__ = True

    tenant_id: Mapped[int] = mapped_column(
        Integer, primary_key=True, default=scope.current_tenant_id, autoincrement=False
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)

    @classmethod
    def get(cls, id_: uuid.UUID) -> Any:
        """The row with this id in the present tenant, or None. Pages use `access_*` functions, not this."""
        return db.session.get(cls, (scope.current_tenant_id(), id_))


def tenant_fk(
    column: str, target: str, *, name: str | None = None, ondelete: str | None = None
) -> ForeignKeyConstraint:
    """A foreign key that carries the tenant: a plain one would accept another tenant's row."""
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], name=name, ondelete=ondelete
    )


__all__ = ["GlobalModel", "Model", "PrimaryKeyConstraint", "TenantModel", "UtcDateTime", "db", "new_id", "tenant_fk"]


def install_engine_events(engine: Engine) -> None:
    """BEGIN and the tenant travel as one message; no transaction exists without a scope (engineering notes, C2)."""

    @event.listens_for(engine, "connect")
    def _connect(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.autocommit = True

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        value = scope.scope_value()
        begin = f"BEGIN; SET LOCAL app.tenant_id='{int(value) or ''}'"
        driver = connection.connection.driver_connection
        # Past the driver's cursor: every request begins so. What goes wrong is told by the driver, which asks again.
        if driver.pgconn.exec_(begin.encode()).status != ExecStatus.COMMAND_OK:
            driver.execute(begin)

    @event.listens_for(engine, "rollback")
    def _rollback(connection: Any) -> None:
        # The driver forgets its prepared statements at each rollback, in case one undid a change of the schema; every
        # page that only reads ends with one. Ours never change the schema, so the server is told past the driver.
        driver = connection.connection.driver_connection
        if driver.pgconn.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            driver.pgconn.exec_(b"ROLLBACK")
