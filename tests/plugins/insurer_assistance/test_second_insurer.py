"""A second insurer, launched from the first one's folder with figures of its own, and no line of Python."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from core.hooks.manager import PluginRuntime
from core.tenancy import current, service
from core.tenancy.likeness import new_like
from core.tenancy.loader import load_folder
from core.testing.plugin import TENANTS
from plugins.insurer_assistance import cases, members, quota, requesting


@pytest.fixture
def second(app: Any, runtime: PluginRuntime, tmp_path: Path) -> current.TenantView:
    """Another mutual: three teleconsultations a year, called back within the hour, appointments until six."""
    folder, _left = new_like(
        "mutuelle-littoral", TENANTS / "mutuelle-horizon", tmp_path, runtime, name="Mutuelle du Littoral"
    )
    file = folder / "tenant.yaml"
    text = file.read_text(encoding="utf-8")
    for before, after in (
        ("teleconsultations_per_calendar_year: 5", "teleconsultations_per_calendar_year: 3"),
        ("call_back_minutes: 30", "call_back_minutes: 60"),
        ('to: "22:00"', 'to: "18:00"'),
    ):
        assert before in text
        text = text.replace(before, after)
    file.write_text(text, encoding="utf-8")
    loaded = load_folder(folder, runtime)
    assert loaded.bundle is not None, [str(p) for p in loaded.problems]
    made = service.store(loaded.bundle, "tests")
    return current.view_by_id(made.tenant_id)


@pytest.mark.rule("IA-040", "IA-032", "IA-033")
def test_its_own_figures_hold(second: current.TenantView, clock: Any) -> None:
    clock.set(dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC))
    with current.entered(second.id) as view:
        assert view.name == "Mutuelle du Littoral"
        assert quota.allowed_units() == 3
        assert cases.settings("access")["call_back_minutes"] == 60
        last = max(s.astimezone(cases.zone()).time() for s in requesting.free_steps(dt.date(2026, 11, 26)))
        assert last == dt.time(18, 0)
        asked = members.Asked("Moreau", "Léa", dt.date(1986, 4, 12), "MH-1001")
        assert members.in_list(asked).code == "not_listed", "the other insurer's members are its own"
