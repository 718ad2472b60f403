"""The insurer's own service, a real server on this machine: what it is told, what is believed of it, what it may break."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from core.db import db
from core.hooks.manager import PluginRuntime
from core.tenancy import current, service
from core.tenancy.loader import load_folder
from core.tenancy.scaffold import new_tenant
from plugins.insurer_assistance import asking, eligibility, listing, members
from plugins.insurer_assistance.members import Asked

LEA = Asked("Dûpré", "Léa", dt.date(1980, 5, 1), "C-100")
COVERED = {"covered": True, "number": "N1", "role": "insured", "opens_on": "2026-01-01", "residence": "FR"}
TOKEN = "a token of the insurer"


class Insurer:
    """A server that answers what a test says, and remembers what it was told."""

    def __init__(self) -> None:
        self.answer: Any = COVERED
        self.status, self.kind, self.pause, self.location = 200, "application/json", 0.0, ""
        self.seen: list[dict[str, Any]] = []
        self.over = threading.Event()
        insurer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                insurer.seen.append({"path": self.path, "headers": dict(self.headers), "body": json.loads(body)})
                insurer.over.wait(insurer.pause)
                out = insurer.answer if isinstance(insurer.answer, bytes) else json.dumps(insurer.answer).encode()
                self.send_response(insurer.status)
                self.send_header("Content-Type", insurer.kind)
                if insurer.location:
                    self.send_header("Location", insurer.location)
                self.send_header("Content-Length", str(len(out)))
                self.end_headers()
                try:
                    self.wfile.write(out)
                except OSError:  # who asked does not wait for the end
                    self.close_connection = True

            do_GET = do_POST

            def log_message(self, *_args: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/members"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def insurer() -> Iterator[Insurer]:
    made = Insurer()
    asking.forget()
    yield made
    made.close()
    asking.forget()


@pytest.fixture
def asked_portal(app: Any, runtime: PluginRuntime, tmp_path: Any, insurer: Insurer, monkeypatch: Any) -> Iterator[Any]:
    """Inside a portal whose members come by file and by the insurer's service."""
    loaded = load_folder(
        new_tenant("mutuelle", tmp_path / "t", plugins=("jurisdiction_fr", "insurer_assistance")), runtime
    )
    assert loaded.bundle is not None
    bundle = copy.deepcopy(loaded.bundle)
    name = "PORTICO_ELIGIBILITY_MUTUELLE__TOKEN"
    monkeypatch.setenv(name, TOKEN)
    bundle["config"]["plugins"]["insurer_assistance"]["eligibility"] = {
        "sources": ["file", "api"], "removal_confirm_percent": 10,
        "api": {"url": insurer.url, "timeout_seconds": 1, "token_env": name},
    }  # fmt: skip
    with current.entered(service.store(bundle, "tests").tenant_id) as view:
        yield view


pytestmark = pytest.mark.usefixtures("asked_portal")


@pytest.mark.rule("IA-091", "IA-010")
def test_it_is_told_the_closed_list_and_nothing_else_and_no_number_in_the_address(insurer):
    assert eligibility.check(LEA).ok
    (seen,) = insurer.seen
    assert seen["body"] == {
        "last_name": "Dûpré",
        "first_name": "Léa",
        "birth_date": "1980-05-01",
        "contract_number": "C-100",
    }
    assert seen["path"] == "/v1/members"
    assert seen["headers"]["Authorization"] == f"Bearer {TOKEN}"
    assert {f.name for f in dataclasses.fields(Asked)} == {"last_name", "first_name", "birth_date", "contract_number"}


@pytest.mark.rule("IA-091", "IA-092")
def test_what_it_may_answer_is_a_closed_list():
    assert set(asking.Covered._declared_fields) == {
        "covered", "number", "contract_number", "role", "opens_on", "closes_on", "residence", "protected", "exclusions",
    }  # fmt: skip


def test_its_answer_is_kept_and_it_is_not_asked_again(insurer):
    insurer.answer = COVERED | {"closes_on": "2026-12-31", "protected": True, "exclusions": ["renewal"]}
    found = eligibility.check(LEA)
    db.session.commit()
    assert (found.member.source, found.member.protected, found.member.closes_on) == ("api", True, dt.date(2026, 12, 31))
    assert eligibility.check(LEA).ok
    assert len(insurer.seen) == 1


def test_who_is_on_the_list_is_not_asked_about_even_when_taken_off(insurer):
    listing.put(listing.Listed("N1", "C-100", "Dûpré", "Léa", LEA.birth_date, "insured", dt.date(2026, 1, 1)), "file")
    assert eligibility.check(LEA).ok
    listing.take_off("N1")
    db.session.commit()
    assert eligibility.check(LEA).code == "removed"
    assert insurer.seen == []


def test_a_person_of_another_insurer_is_not_listed(insurer):
    insurer.answer = {"covered": False}
    found = eligibility.check(LEA)
    assert (found.state, found.code) == ("not_eligible", "not_listed")
    assert members.in_list(LEA).code == "not_listed"


def test_a_cover_that_has_ended_is_said_to_have_ended(insurer):
    insurer.answer = COVERED | {"opens_on": "2020-01-01", "closes_on": "2020-12-31"}
    assert eligibility.check(LEA).code == "ended"


NONSENSE = [
    b"", b"not json", b"[]", b"null", b"{}", b'"yes"', b"\xff\xfe", b"[" * 5000,
    {"covered": "yes"}, {"covered": 1}, {"covered": True}, COVERED | {"role": "cousin"}, COVERED | {"opens_on": "soon"},
    COVERED | {"closes_on": "2025-01-01"}, COVERED | {"diagnosis": "asthma"}, COVERED | {"residence": "France"}, COVERED | {"number": ""},
    COVERED | {"number": 7}, COVERED | {"exclusions": ["asthma"]}, COVERED | {"contract_number": "C-999"}, COVERED | {"protected": "no"},
]  # fmt: skip


def test_nonsense_is_unknown_and_keeps_nothing(insurer):
    for answer in NONSENSE:
        asking.forget()
        insurer.answer = answer
        found = eligibility.check(LEA)
        assert (found.state, found.code) == ("unknown", "unreachable"), answer
        assert members.in_list(LEA).code == "not_listed", answer
    assert len(insurer.seen) == len(NONSENSE)


def test_redirects_errors_other_types_and_floods_are_unknown(insurer):
    for change in (
        {"status": 302, "location": insurer.url}, {"status": 307, "location": insurer.url}, {"status": 500}, {"status": 401}, {"status": 204},
        {"kind": "text/html"}, {"answer": b" " * (asking.LARGEST + 1) + json.dumps(COVERED).encode()},
    ):  # fmt: skip
        asking.forget()
        insurer.status, insurer.kind, insurer.location, insurer.answer = 200, "application/json", "", COVERED
        for name, value in change.items():
            setattr(insurer, name, value)
        before = len(insurer.seen)
        assert eligibility.check(LEA).code == "unreachable", change
        assert len(insurer.seen) == before + 1, "a redirect is not followed"


def test_slow_is_unknown_after_the_time_that_the_portal_gives(insurer):
    insurer.pause = 30
    begun = time.monotonic()
    assert eligibility.check(LEA).code == "unreachable"
    assert time.monotonic() - begun < 5


def test_down_is_unknown_and_after_two_failures_it_is_left_alone_for_a_while(insurer, monkeypatch):
    insurer.status = 503
    for _time in range(4):
        assert eligibility.check(LEA).code == "unreachable"
    assert len(insurer.seen) == 2
    insurer.status = 200
    assert eligibility.check(LEA).code == "unreachable", "not asked yet"
    monkeypatch.setattr(asking, "PAUSE_SECONDS", 0.0)
    asking.forget()
    assert eligibility.check(LEA).ok
    insurer.close()
    asking.forget()
    assert eligibility.check(dataclasses.replace(LEA, first_name="Zoé")).code == "unreachable"


def test_says_so_and_offers_the_telephone(insurer):
    insurer.status = 503
    assert "telephone" in str(eligibility.check(LEA).message)


def test_without_its_token_or_with_another_portals_nobody_is_asked(insurer, monkeypatch):
    monkeypatch.delenv("PORTICO_ELIGIBILITY_MUTUELLE__TOKEN")
    assert eligibility.check(LEA).code == "unreachable"
    asking.forget()
    monkeypatch.setenv("PORTICO_ELIGIBILITY_OTHER__TOKEN", "another portal's")
    with pytest.raises(asking.Away):
        asking.ask(LEA, {"url": insurer.url, "token_env": "PORTICO_ELIGIBILITY_OTHER__TOKEN"})
    assert insurer.seen == []


def test_plain_http_is_never_used_in_operation(app, insurer, monkeypatch):
    portico = app.extensions["portico"]
    monkeypatch.setattr(portico, "settings", dataclasses.replace(portico.settings, env="production"))
    assert eligibility.check(LEA).code == "unreachable"
    assert insurer.seen == []


def test_no_connection_is_held_while_it_is_asked(insurer):
    insurer.pause = 0.5
    held: list[bool] = []
    members.in_list(LEA)
    pool = db.engine.pool
    before = pool.checkedout()
    watcher = threading.Thread(target=lambda: held.append(_free(insurer, pool, before)))
    watcher.start()
    assert eligibility.check(LEA).ok
    watcher.join()
    assert held == [True]


def _free(insurer: Insurer, pool: Any, before: int) -> bool:
    while not insurer.seen:
        time.sleep(0.005)
    return bool(pool.checkedout() == before - 1)
