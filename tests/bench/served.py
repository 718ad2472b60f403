"""What gunicorn serves while it is measured: the product with eight plugins, and the bare applications it is compared to."""

from __future__ import annotations

import datetime as dt
import os
import threading
import uuid
from typing import Any

import psycopg
from flask import Flask, jsonify, request
from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from core.app import create_app
from core.cli.serving import let_go, loading
from core.hooks import types
from core.hooks.manager import PluginRuntime
from core.hooks.specs import hookimpl
from core.messages import Domain
from core.settings import Settings

PLUGINS = 8


class Filler:
    """A plugin that contributes a little everywhere, as real ones do."""

    portico_api = ">=1.0,<2"
    version = "1.0"

    def __init__(self, name: str) -> None:
        self.name, self._ = name, Domain(name)

    @hookimpl
    def emergency_numbers(self) -> list[types.EmergencyNumber]:
        """None of its own: the call is what is measured."""
        return []

    @hookimpl
    def navigation(self) -> list[types.NavigationEntry]:
        """As above."""
        return []

    @hookimpl
    def legal_references(self) -> list[types.LegalReference]:
        """As above."""
        return []


def runtime(fillers: int = PLUGINS) -> PluginRuntime:
    """The installed plugins, and fillers."""
    made = PluginRuntime()
    made.discover()
    for number in range(fillers):
        made.register(Filler(f"filler_{number}"), f"filler_{number}")
    return made


def product() -> Flask:
    """The product as it is served: loaded once before the workers are forked, settings from the environment."""
    with loading():
        app = create_app(Settings.from_environment(), runtime())
        let_go(app)
    return app


class Base(DeclarativeBase):
    """Tables of the bare applications."""


class Row(Base):
    """One row to read: no tenant, no policy."""

    __tablename__ = "bench_rows_plain"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int]
    name: Mapped[str]


class ProtectedRow(Base):
    """The same under a policy."""

    __tablename__ = "bench_rows"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int]
    name: Mapped[str]


def tenant_in_one_message(engine: Engine, tenant_id: int) -> None:
    """BEGIN and the tenant as one message, as the product does it."""

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.autocommit = True

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.connection.driver_connection.pgconn.exec_(f"BEGIN; SET LOCAL app.tenant_id='{tenant_id}'".encode())


def bare() -> Flask:
    """Bare Flask: one ORM query, the same with a tenant, a raw insert, and the product's SQL behind nothing but Flask."""
    app = Flask("bare")
    url = os.environ["PORTICO_DATABASE_URL"]
    plain, protected = create_engine(url, pool_size=8), create_engine(url, pool_size=8)
    tenant_in_one_message(protected, int(os.environ["BENCH_TENANT"]))
    raw = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    local = threading.local()

    def connection() -> psycopg.Connection[Any]:
        if not hasattr(local, "connection"):
            local.connection = psycopg.connect(raw)
        found: psycopg.Connection[Any] = local.connection
        return found

    @app.get("/orm")
    def orm() -> Any:
        with Session(plain) as session:
            row = session.execute(select(Row).where(Row.id == 1 + int(request.args["n"]) % 1000)).scalar_one()
            return jsonify(id=row.id, name=row.name)

    @app.get("/tenant")
    def tenant() -> Any:
        wanted = 1 + int(request.args["n"]) % 1000
        with Session(protected) as session:
            row = session.execute(select(ProtectedRow).where(ProtectedRow.id == wanted)).scalar_one()
            return jsonify(id=row.id, name=row.name)

    def answered(sql: str, values: tuple[Any, ...]) -> Any:
        c = connection()
        try:
            made = c.execute(sql, values).fetchone()
            c.commit()
        except psycopg.Error:
            c.rollback()
            raise
        return (jsonify(id=str(made[0])), 201) if made and made[0] else (jsonify(error="taken"), 409)

    @app.post("/insert")
    def insert() -> Any:
        body = request.get_json()
        start = dt.datetime.fromisoformat(body["starts_at"])
        return answered(
            "INSERT INTO bench_bookings (id, practitioner_id, during, patient_id) "
            "VALUES (%s, %s, tstzrange(%s, %s), %s) ON CONFLICT DO NOTHING RETURNING id",
            (uuid.uuid4(), body["practitioner_id"], start, start + dt.timedelta(minutes=5), uuid.uuid4()),
        )

    @app.post("/writes")
    def writes() -> Any:
        return answered("SELECT bench_book(%s)", (request.get_json()["n"],))

    return app
