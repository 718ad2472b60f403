"""P11: how often a page or a booking asks the database."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
from sqlalchemy import event

from core.db import db
from core.scheduling import booking, people
from core.tenancy.current import entered
from tests.bench.goals import Measured
from tests.bench.ground import HOST, Ground, alone

_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK")


@contextlib.contextmanager
def counted(engine: Any) -> Iterator[list[str]]:
    """The statements that are sent inside, BEGIN, COMMIT and ROLLBACK too."""
    log: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        log.append(" ".join(str(query).split()))
        return execute(self, query, *args, **kwargs)

    def commit(_connection: Any) -> None:
        log.append("COMMIT")

    def rollback(_connection: Any) -> None:
        log.append("ROLLBACK")

    psycopg.Cursor.execute = noted  # type: ignore[method-assign]
    event.listen(engine, "commit", commit)
    event.listen(engine, "rollback", rollback)
    try:
        yield log
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]
        event.remove(engine, "commit", commit)
        event.remove(engine, "rollback", rollback)


def _asked(log: list[str]) -> int:
    return sum(not line.startswith(_CONTROL) for line in log)


def count(ground: Ground) -> list[Measured]:
    """Pages and bookings, each done twice before it is counted."""
    app, patient = ground.app, ground.patients[0]
    client = app.test_client(use_cookies=False)
    base = f"http://{HOST}:8000"

    def page(path: str, **headers: str) -> list[str]:
        for _warm in range(2):
            alone(lambda: client.get(path, base_url=base, headers=headers))
        with counted(engine) as log:
            answer = alone(lambda: client.get(path, base_url=base, headers=headers))
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        return log

    def by_api() -> list[str]:
        with counted(engine) as log:
            answer = alone(
                lambda: client.post(
                    "/api/v1/appointments",
                    base_url=base,
                    json=ground.free_slots(1)[0],
                    headers={"Authorization": f"Bearer {patient.token}", "Idempotency-Key": uuid.uuid4().hex},
                )
            )
        if answer.status_code != 201:
            raise RuntimeError(f"booking: {answer.status_code} {answer.get_data(as_text=True)[:200]}")
        return log

    with app.app_context():
        engine = db.engine
        for _some in range(3):
            by_api()
        out, inside = page("/"), page("/appointments", Cookie=f"portico_session={patient.token}")
        api = [by_api() for _ in range(3)][-1]
        with entered(ground.tenant_id):
            booker = people.booker(patient.account_id)
            for _warm in range(3):
                wanted = {
                    k: dt.datetime.fromisoformat(v) if k == "starts_at" else uuid.UUID(v)
                    for k, v in ground.free_slots(1)[0].items()
                }
                with counted(engine) as case:
                    booking.book(booker, **wanted)  # type: ignore[arg-type]
                    db.session.commit()
    return [
        Measured("P11 page", _asked(out), 1, note="home page"),
        Measured("P11 logged in", _asked(inside), 1, note="a patient's appointments, three of them"),
        Measured("P11 booking", _asked(case), 1, note="what was chosen with its slot; the writes; the trail"),
        Measured("P11 API", len(api), 1, note=f"{_asked(api)} queries, BEGIN and COMMIT"),
    ]
