"""How the insurer's figures read: months and numbers in the visitor's language, bars to the scale of what they show."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from core.db import db
from core.testing import makers
from plugins.insurer_assistance import figures

PATH = "/x/insurer_assistance/figures"
NOON = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
LINES = {
    "activity": lambda month: {"month": month, "asked": 1200, "web": 900, "telephone": 300, "now": 1200, "appointment": 0, "delivered": None},
    "service_levels": lambda month: {"month": month, "kept": 46, "missed": 4, "share": 92},
    "satisfaction": lambda month: {"month": month, "answers": 20, "average": 4.5},
    "quota_use": lambda month: {"used": 0, "people": 50},
    "statements": lambda month: {"month": month, "units": 1200, "closed": False},
}  # fmt: skip
SECOND = {
    "activity": {"asked": 600},
    "service_levels": {"kept": 0, "missed": 0, "share": figures.NOTHING},
    "satisfaction": {"answers": 20, "average": 4.0},
    "quota_use": {"used": 1, "people": figures.HIDDEN},
    "statements": {"closed": True},
}


@pytest.fixture
def page(clock, mutual, visit, monkeypatch) -> Callable[[str], str]:
    """The answer to the insurer at an address, with two lines of each kind of figures."""
    clock.set(NOON)
    monkeypatch.setattr(
        figures, "lines_of", lambda name: [LINES[name]("2026-11"), {**LINES[name]("2026-10"), **SECOND[name]}]
    )
    insurer = makers.make_account("partner", party="insurer", rights=("see_figures",))
    db.session.commit()
    browser = visit(insurer)

    def get(path: str, language: str = "en") -> str:
        browser.client.set_cookie("portico_language", language, domain="mutuelle.localhost")
        answer = browser.get(path)
        assert answer.status_code == 200
        return browser.text(answer)

    return get


def chart(text: str, section: str) -> list[SimpleNamespace]:
    """The bars of a section: label, width, words."""
    part = text[text.index(f'aria-labelledby="{section}"') :]
    rows = re.findall(
        r'<div class="chart-row"><span>(.*?)</span>.*?class="chart-bar" width="(.*?)".*?<b>(.*?)</b>',
        part[: part.index("</figure>")],
    )
    return [SimpleNamespace(label=label, width=float(width), words=words) for label, width, words in rows]


@pytest.mark.parametrize(
    ("language", "month", "average", "whole", "share", "count"),
    [
        ("fr", "nov. 2026", "4,5", "4,0", "92\u00a0%", "1\u202f200"),
        ("en", "Nov 2026", "4.5", "4.0", "92%", "1,200"),
    ],
)
def test_months_and_numbers_are_in_the_language_of_the_visitor(page, language, month, average, whole, share, count):
    text = page(PATH, language)
    assert "2026-11" not in text
    assert [r.words for r in chart(text, "t-satisfaction")] == [average, whole]
    assert {chart(text, s)[0].label for s in ("t-activity", "t-levels", "t-satisfaction")} == {month}
    assert chart(text, "t-levels")[0].words == share
    assert chart(text, "t-activity")[0].words == count
    assert text.count(f">{month}</td>") == 6, "three charts as tables, and three tables"


def test_nothing_counted_is_a_dash_alone_and_a_small_group_is_told_as_one(page):
    text = page(PATH)
    assert chart(text, "t-levels")[1].words == "–"
    assert not re.search(r"–\s*%", text)
    assert chart(text, "t-quota")[1].words == f"fewer than {figures.limit()}"


def test_bars_fill_to_the_scale_of_what_they_show(page):
    text = page(PATH)
    widths = {s: [r.width for r in chart(text, s)] for s in ("t-activity", "t-levels", "t-satisfaction", "t-quota")}
    assert widths == {"t-activity": [100, 50], "t-levels": [92, 0], "t-satisfaction": [90, 80], "t-quota": [100, 0]}


def test_files_keep_figures_as_programs_read_them(page):
    found = {name: page(f"{PATH}/{name}.csv", "fr").splitlines()[1:] for name in figures.EXPORTS}
    assert found == {
        "activity": ["2026-11;1200;900;300;1200;0;", "2026-10;600;900;300;1200;0;"],
        "service_levels": ["2026-11;46;4;92", "2026-10;0;0;"],
        "satisfaction": ["2026-11;20;4.5", "2026-10;20;4.0"],
        "quota_use": ["0;50", "1;"],
        "statements": ["2026-11;1200;0", "2026-10;1200;1"],
    }
