"""The page of the figures has every row, and says of each missed goal why."""

from tests.bench.goals import GOALS, Goal, Measured, Verdict
from tests.bench.report import PAGE, REASONS, number

TABLE = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]


def test_every_goal_has_its_row():
    codes = [line.split(" | ")[0].removeprefix("| ") for line in TABLE]
    for goal in GOALS:
        assert codes.count(goal.code) == 1, goal.code


def test_a_missed_goal_has_a_reason():
    assert set(REASONS) == {g.code for g in GOALS}
    text = PAGE.read_text(encoding="utf-8")
    for line in TABLE:
        cells = [c.strip() for c in line.strip("|").split(" | ")]
        if "**missed**" in cells:
            assert f"- **{cells[0]}** " in text, cells[0]


def test_the_growth_of_free_slots_is_shown_in_all_three_directions():
    for kind in ("practitioners", "days", "bookings"):
        assert sum(line.startswith(f"| {kind} |") for line in TABLE) >= 3, kind


def test_verdicts():
    high, low = Goal("X", "", "", 0.4, 0.6, at_least=True), Goal("Y", "", "", 4, 2)
    assert [high.verdict(v) for v in (0.39, 0.4, 0.6)] == [Verdict.MISSED, Verdict.MET, Verdict.STRETCH]
    assert [low.verdict(v) for v in (5, 4, 2)] == [Verdict.MISSED, Verdict.MET, Verdict.STRETCH]
    assert number(0) == "0" and number(0.0312) == "0.031" and number(158.4) == "158"
    assert Measured("X", 1, 5).cpu == ""
