"""Work that comes back: per tenant, once per interval however many schedulers run, checked for "off" when it runs."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core import clock
from core.db import db, tenant_scope
from core.jobs.models import PeriodicRun

log = logging.getLogger("portico.periodic")


@dataclass(frozen=True, slots=True)
class Job:
    """A job of core (`plugin` is "core") or of a plugin."""

    code: str
    every_seconds: int
    run: Callable[[], None]
    plugin: str = "core"


_core_jobs: list[Job] = []
_tenants: Callable[[], Iterable[int]] = lambda: ()
_plugin_jobs: Callable[[], Iterable[Job]] = lambda: ()
_entered: Callable[[int], AbstractContextManager[Any]] = tenant_scope
_before: Callable[[], object] = lambda: None


def job(code: str, every_seconds: int) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a core job; it runs inside each tenant's scope."""

    def register(run: Callable[[], None]) -> Callable[[], None]:
        _core_jobs.append(Job(code, every_seconds, run))
        return run

    return register


def connect(
    tenants: Callable[[], Iterable[int]],
    plugin_jobs: Callable[[], Iterable[Job]],
    entered: Callable[[int], AbstractContextManager[Any]],
    before: Callable[[], object],
) -> None:
    """Wire what lies above: the tenants, their plugins' jobs, how a tenant is entered, what is done before each round."""
    global _tenants, _plugin_jobs, _entered, _before
    _tenants, _plugin_jobs, _entered, _before = tenants, plugin_jobs, entered, before


def run_due() -> int:
    """Run what is due in every tenant; returns how many jobs ran."""
    ran = 0
    _before()
    for tenant_id in list(_tenants()):
        with _entered(tenant_id):
            due = [j for j in [*_core_jobs, *_plugin_jobs()] if _take(tenant_id, j)]
        for one in due:
            _run(tenant_id, one)
            ran += 1
    return ran


def _take(tenant_id: int, one: Job) -> bool:
    """Take the job's turn in one statement: two schedulers cannot both get it."""
    now = clock.now()
    following = now + dt.timedelta(seconds=one.every_seconds)
    statement = (
        insert(PeriodicRun)
        .values(tenant_id=tenant_id, job=f"{one.plugin}:{one.code}", next_at=following, last_started_at=now)
        .on_conflict_do_update(
            index_elements=["tenant_id", "job"],
            set_={"next_at": following, "last_started_at": now},
            where=PeriodicRun.next_at <= now,
        )
        .returning(PeriodicRun.job)
    )
    taken = db.session.execute(statement).first() is not None
    db.session.commit()
    return taken


def _run(tenant_id: int, one: Job) -> None:
    failure: str | None = None
    with _entered(tenant_id):
        try:
            one.run()
            db.session.commit()
        except Exception as error:
            db.session.rollback()
            failure = type(error).__name__
            log.error(
                "periodic job failed",
                exc_info=error,
                extra={"job": one.code, "plugin": one.plugin, "tenant_id": tenant_id},
            )
        row = db.session.execute(
            select(PeriodicRun).where(PeriodicRun.job == f"{one.plugin}:{one.code}").with_for_update()
        ).scalar_one()
        row.last_finished_at = clock.now()
        row.last_error = failure
        db.session.commit()
