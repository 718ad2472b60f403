"""Everything is killed with -9 while patients book: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.clients import Crowd, check
from tests.faults.installation import Installation, eventually

ROUNDS = 3
BETWEEN = 6
"""Bookings answered between two kills, so that each kill meets a system at work."""
PARTS = ("web", "web worker", "worker", "scheduler", "valkey", "postgres")


def told_once(here: Installation, count: int) -> None:
    """Each appointment's confirmation went out once by each way; the development inbox stores what was sent."""
    here.drained()
    letters = (
        "SELECT count(*) FROM (SELECT 1 FROM appointments a JOIN inbox_messages m "
        "ON m.body_text LIKE '%%/appointments/' || a.id || '%%' AND m.channel = %s "
        "WHERE a.state = 'booked' GROUP BY a.id HAVING count(*) = 1) AS x"
    )
    assert here.count(letters, "email") == count
    assert here.count(letters, "sms") == count
    agenda = "SELECT count(*) FROM notifications WHERE code = 'agenda_booked'"
    assert here.count(agenda) == count, "a professional was told of an appointment twice, or not at all"
    assert here.count("SELECT count(*) FROM inbox_messages") == 3 * count
    assert here.count("SELECT count(*) FROM notification_deliveries WHERE state <> 'sent'") == 0


@pytest.mark.timeout(400)
@pytest.mark.faults
def test_all_killed_at_once(installation: Callable[..., Installation]) -> None:
    """The short trial of every run: one blow to a web worker, the job worker, Valkey and PostgreSQL."""
    here = installation()
    started = here.up()
    here.fill(professionals=1, patients=12)
    with Crowd(here) as crowd:
        crowd.wait_for(BETWEEN)
        took = here.kill("web worker", "worker", "valkey", "postgres")
        crowd.wait_for(BETWEEN)
    found = check(here, crowd)
    told_once(here, found["booked"])
    print(f"\nup after {started:.1f} s, ready again after {took:.1f} s; {found}")


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_many_kills_of_everything(installation: Callable[..., Installation]) -> None:
    here = installation()
    here.up()
    here.fill(professionals=4, patients=60)
    took: dict[str, list[float]] = {name: [] for name in PARTS}
    with Crowd(here) as crowd:
        for _round in range(ROUNDS):
            for name in PARTS:
                crowd.wait_for(BETWEEN)
                took[name].append(here.kill(name))
        crowd.wait_for(BETWEEN)
    found = check(here, crowd)
    told_once(here, found["booked"])
    print(f"\n{found}")
    for name, seconds in took.items():
        print(f"{name:>10} killed {len(seconds)} times, ready after {', '.join(f'{s:.1f}' for s in seconds)} s")


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_the_supervisor_is_killed_and_started_again(installation: Callable[..., Installation]) -> None:
    here = installation()
    here.up()
    here.fill(professionals=3, patients=30)
    servers = here.postgres.pid(), here.valkey.pid()
    took = []
    with Crowd(here) as crowd:
        for _round in range(ROUNDS):
            crowd.wait_for(BETWEEN)
            took.append(here.kill_supervisor())
            assert (here.postgres.pid(), here.valkey.pid()) == servers, "servers that lived were not adopted"
        crowd.wait_for(BETWEEN)
    found = check(here, crowd)
    told_once(here, found["booked"])
    print(f"\n{found}; up again after {', '.join(f'{s:.1f}' for s in took)} s")
    eventually(lambda: here.child("worker"), 10, "the worker runs")
    here.close()
    assert not here.postgres.running()
    assert not here.valkey.running()
