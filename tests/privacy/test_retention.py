"""Periods: every category has one, and what is past it goes, with a trace of how much."""

from __future__ import annotations

import copy
import datetime as dt
from pathlib import Path

import pytest
import yaml

from core.db import db
from core.hooks.types import ProcessingEntry
from core.identity.models import SecurityReport
from core.notifications.models import Notification, NotificationDelivery
from core.notifications.service import Recipient, notify
from core.privacy import answering, reports, retention, service
from core.privacy.models import PrivacyFile, RightsRequest, RightsStep
from core.privacy.policy import months_before
from core.tenancy import service as tenancy
from core.tenancy.golive import missing_for_live
from core.tenancy.loader import load_folder
from core.tenancy.schema_privacy import CATEGORIES

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of an example portal's folder, to be broken."""
    import shutil

    source = Path(__file__).resolve().parents[2] / "tenants" / "frontalia"
    return Path(shutil.copytree(source, tmp_path / "frontalia"))


@pytest.mark.rule("IA-095")
@pytest.mark.parametrize("category", sorted(CATEGORIES))
def test_a_category_without_a_period_fails_the_check(folder, runtime, category):
    path = folder / "tenant.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(x for x in lines if not x.startswith(f"  {category}: {{")), encoding="utf-8")
    (problem,) = load_folder(folder, runtime).problems
    assert problem.key == "retention" and category in str(problem)


@pytest.mark.rule("IA-095")
def test_a_portal_without_periods_does_not_go_live(bundles, runtime, portals):
    bundle = copy.deepcopy(bundles["frontalia"])
    bundle["config"]["retention"] = {}
    missing = {c.key for c in missing_for_live(bundle, runtime) if c.rule == "IA-095"}
    assert missing == {f"retention.{c}" for c in CATEGORIES}


@pytest.mark.rule("IA-095")
@pytest.mark.parametrize("wrong", ["{months: 0}", "{}", "{months: 3, law: true}", "{law: false}", "{months: two}"])
def test_a_period_is_months_or_the_law(folder, runtime, wrong):
    path = folder / "tenant.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  accounts: {months: 36}", f"  accounts: {wrong}"), encoding="utf-8")
    assert load_folder(folder, runtime).problems


def test_every_category_has_its_words():
    assert set(retention.LABELS) == set(CATEGORIES)


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [("2026-11-23", 2, "2026-09-23"), ("2027-03-31", 1, "2027-02-28"), ("2026-01-15", 12, "2025-01-15"), ("2026-03-31", 13, "2025-02-28")],
)  # fmt: skip
def test_calendar_months_backwards(day, months, before):
    at = dt.datetime.fromisoformat(f"{day}T08:00:00+00:00")
    assert months_before(at, months).date().isoformat() == before


def handled_report(anna, at, clock):
    clock.set(at)
    reference = reports.send(anna.id, "something odd")
    row = next(r for r in db.session.query(SecurityReport) if reports.reference_of(r.id) == reference)
    reports.handle(row.id, "operator-1")
    db.session.commit()
    return row.id


@pytest.mark.rule("IA-095")
def test_what_is_past_its_period_goes_and_the_rest_stays(anna, clock, trail):
    months = retention.months_of("anomaly_reports")
    old = handled_report(anna, months_before(NOW, months) - dt.timedelta(days=1), clock)
    young = handled_report(anna, months_before(NOW, months) + dt.timedelta(days=1), clock)
    clock.set(NOW - dt.timedelta(days=3000))
    waiting = reports.send(anna.id, "not handled yet")
    db.session.commit()
    clock.set(NOW)
    retention.run()
    left = {r.id for r in db.session.query(SecurityReport)}
    assert old not in left and young in left
    assert waiting in {reports.reference_of(i) for i in left}
    (entry,) = trail("retention.purged")
    assert (entry[1]["count"], entry[1]["months"]) == (1, months)


@pytest.mark.rule("IA-095")
def test_old_messages_go_with_their_ways_out_and_young_ones_stay(anna, clock):
    months = retention.months_of("notifications")
    kept = []
    for days in (-1, 1):
        clock.set(months_before(NOW, months) + dt.timedelta(days=days))
        told = notify(
            "password_changed", account_id=anna.id, person_id=anna.person_id, to=Recipient(email="anna@example.org")
        )
        kept.append(told.id)
        db.session.commit()
    clock.set(NOW)
    retention.run()
    db.session.expire_all()
    assert [n.id for n in db.session.query(Notification)] == kept[1:]
    assert {d.notification_id for d in db.session.query(NotificationDelivery)} == set(kept[1:])


@pytest.mark.rule("IA-095")
def test_an_answered_request_goes_with_its_file_and_proofs(anna, clock):
    clock.set(NOW - dt.timedelta(days=365 * 4))
    row = service.file(anna.id, "portability", "")
    answering.answer(row.id, "operator-1", "")
    still = service.file(anna.id, "access", "")
    db.session.commit()
    clock.set(NOW)
    retention.run()
    db.session.expire_all()
    assert [r.id for r in db.session.query(RightsRequest)] == [still.id]
    assert db.session.query(PrivacyFile).count() == 0
    assert {s.request_id for s in db.session.query(RightsStep)} == {still.id}


def test_a_purge_of_another_room_runs_by_its_category_and_one_that_fails_keeps_none_back(anna, clock, monkeypatch):
    seen = []
    monkeypatch.setattr(retention, "_purges", {"complaints": [], "notifications": [], "health_record": []})

    @retention.purge("complaints")
    def fails(before):
        raise RuntimeError("not today")

    @retention.purge("notifications")
    def counts(before):
        seen.append(before)
        return 2

    @retention.purge("health_record")
    def never(before):
        raise AssertionError("its period is that of the law")

    clock.set(NOW)
    with pytest.raises(RuntimeError):
        retention.run()
    assert seen == [months_before(NOW, retention.months_of("notifications"))]


@pytest.mark.rule("CB-274")
@pytest.mark.parametrize("task", ["hosting", "operations"])
def test_a_portal_that_names_no_subcontractor_does_not_go_live(bundles, runtime, portals, task):
    bundle = copy.deepcopy(bundles["frontalia"])
    entrusted = bundle["config"]["data_protection"]["subcontractors"]
    bundle["config"]["data_protection"]["subcontractors"] = [s for s in entrusted if s["task"] != task]
    assert [c.rule for c in missing_for_live(bundle, runtime)] == ["CB-274"]


def test_the_example_portals_have_what_is_published():
    for slug in ("frontalia", "rdv-confiance"):
        path = Path(__file__).resolve().parents[2] / "tenants" / slug / "tenant.yaml"
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert set(config["retention"]) == set(CATEGORIES)


@pytest.mark.rule("CB-287")
def test_each_enabled_plugin_adds_to_the_register_of_processing(inside):
    found = dict(inside.dispatcher.by_plugin("processing_entries"))
    assert {"core", "jurisdiction_fr", "jurisdiction_lu", "jurisdiction_be"} <= set(found)
    assert all(isinstance(e, ProcessingEntry) for entries in found.values() for e in entries)
    assert tenancy is not None
