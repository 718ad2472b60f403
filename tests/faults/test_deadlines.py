"""Who carries out a deadline is killed while it passes: late, but once, and all money is back once."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.asking import WALLET
from tests.faults.installation import READY_SECONDS, Installation, eventually
from tests.faults.portal import ROOT

PATIENTS = 8
DEADLINE_SECONDS = 6
"""From the last request to the deadline: time to stand in the way of it."""
LATE_SECONDS = 60.0
"""By then all must have expired, however often somebody died; what it took is printed."""


def asked(here: Installation) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.asking", here.portal["doctors"][0]["professional_id"], str(PATIENTS), str(DEADLINE_SECONDS)],
        cwd=ROOT, env=here.env, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def expired(here: Installation) -> int:
    return here.count("SELECT count(*) FROM consultations WHERE state = 'expired'")


def given_back(here: Installation) -> int:
    return here.count("SELECT count(*) FROM ledger_transactions WHERE step = 'give_back'")


@pytest.mark.rule("CB-154", "CB-170")
@pytest.mark.faults
@pytest.mark.timeout(400)
def test_a_deadline_passes_while_all_who_watch_it_are_killed(installation: Callable[..., Installation]) -> None:
    """Killed in the very transaction that lets requests expire: it waits for a purse that is held, and dies waiting."""
    here = installation()
    here.up()
    here.fill(professionals=1, patients=1)
    made = asked(here)
    deadline = dt.datetime.fromisoformat(made["deadline"])
    held = made["asked"][PATIENTS // 2]["account_id"]
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with here.database() as purse:
        purse.execute("BEGIN")
        purse.execute("SELECT 1 FROM ledger_accounts WHERE kind = 'wallet' AND owner_id = %s FOR UPDATE", [held])
        assert dt.datetime.now(dt.UTC) < deadline, "the machine was too slow to stand in the way in time"
        assert expired(here) == 0
        eventually(lambda: here.count(waits), 60, "the expiry comes as far as the purse that is held")
        took = here.kill("scheduler", "worker")
        assert (expired(here), given_back(here)) == (0, 0), "something is half done"
        purse.execute("ROLLBACK")
    eventually(lambda: expired(here), LATE_SECONDS, "a scheduler lets them expire")
    here.kill("worker")
    eventually(lambda: expired(here) == PATIENTS, LATE_SECONDS, "all expire")
    here.drained()
    _once(here, made, deadline)
    last = here.count(
        "SELECT ceil(extract(epoch FROM max(closed_at) - %s::timestamptz)) FROM consultations", made["deadline"]
    )
    print(
        f"\n{PATIENTS} requests expired once, the last {last} s after the deadline; ready {took:.1f} s after the kill"
    )


@pytest.mark.rule("CB-154", "CB-170")
@pytest.mark.faults
@pytest.mark.timeout(400)
def test_nobody_is_there_when_a_deadline_passes(installation: Callable[..., Installation]) -> None:
    """The whole machine is off at the deadline; the next start makes up for it, once."""
    here = installation()
    here.up()
    here.fill(professionals=1, patients=1)
    made = asked(here)
    deadline = dt.datetime.fromisoformat(made["deadline"])
    assert expired(here) == 0
    here.close()
    eventually(lambda: dt.datetime.now(dt.UTC) > deadline, 2 * DEADLINE_SECONDS, "the deadline passes")
    here.up()
    eventually(lambda: expired(here) == PATIENTS, LATE_SECONDS + READY_SECONDS, "all expire")
    here.drained()
    _once(here, made, deadline)


def _once(here: Installation, made: dict[str, Any], deadline: dt.datetime) -> None:
    """Each request expired once and not early, was announced once, told once; each purse is as before."""
    ids = {one["id"] for one in made["asked"]}
    with here.database() as connection:
        told = connection.execute(
            "SELECT payload->>'consultation_id', occurred_at FROM outbox_messages WHERE name = 'consultation_expired'"
        ).fetchall()
        steps = connection.execute("SELECT act_id::text FROM ledger_transactions WHERE step = 'give_back'").fetchall()
        purses = connection.execute(
            "SELECT balance_cents FROM ledger_accounts WHERE kind = 'wallet' AND owner_id = ANY(%s::uuid[])",
            [[one["account_id"] for one in made["asked"]]],
        ).fetchall()
        trail = connection.execute(
            "SELECT count(*) FROM audit_entries WHERE action = 'consultation.expired'"
        ).fetchone()
    assert sorted(t[0] for t in told) == sorted(ids), "announced twice, or not at all"
    assert all(t[1] >= deadline for t in told), "expired before its time"
    assert sorted(s[0] for s in steps) == sorted(ids), "money back twice, or not at all"
    assert [p[0] for p in purses] == [WALLET] * PATIENTS
    assert trail == (PATIENTS,)
    assert here.count("SELECT coalesce(sum(balance_cents), 0) FROM ledger_accounts WHERE kind = 'escrow'") == 0
    assert here.count("SELECT count(*) FROM notifications WHERE code = 'consultation_expired'") == PATIENTS
    assert here.count("SELECT count(*) FROM promises WHERE kind = 'answer' AND state IN ('open', 'paused')") == 0
