"""Whether the process lives, whether it can serve, and its counters. These answer on any host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app
from sqlalchemy import text

from core.db import db, global_scope
from core.jobs.worker import connection
from core.lazy import lazy
from core.web.access import access

if TYPE_CHECKING:
    import redis
else:
    redis = lazy("redis")

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@access("public")
def healthz() -> Any:
    """The process answers."""
    return {"status": "ok"}


@bp.get("/readyz")
@access("public")
def readyz() -> Any:
    """The process can serve: the database answers. Valkey away is told under `missing`, not refused: pages work without it."""
    missing = [] if _valkey_answers() else ["valkey"]
    try:
        with global_scope():
            db.session.execute(text("SELECT 1"))
            db.session.rollback()
    except Exception:
        return {"status": "unavailable", "missing": ["database", *missing]}, 503
    return {"status": "degraded" if missing else "ok", "missing": missing}


def _valkey_answers() -> bool:
    client = connection(current_app.extensions["portico"].settings.redis_url)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


@bp.get("/metrics")
@access("public")
def metrics() -> Response:
    """Counters for Prometheus; no label names a person."""
    portico = current_app.extensions["portico"]
    with global_scope():
        rows = db.session.execute(text("SELECT waiting, dead FROM outbox_overview()")).all()
        db.session.rollback()
    portico.metrics.outbox(sum(r.waiting for r in rows), sum(r.dead for r in rows))
    return Response(portico.metrics.render(), mimetype="text/plain; version=0.0.4")
