"""Contrast by WCAG 2.2, the nearest colour that passes, and the stylesheet of a revision."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tenancy import theme
from core.tenancy.loader import LoadResult, Problem

colours = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")

LIGHT = {
    "brand": "#0b5fa5",
    "accent": "#f2b705",
    "surface": "#ffffff",
    "surface_2": "#f1f6fb",
    "ink": "#10202f",
    "ink_soft": "#465a6c",
    "line": "#d2dfea",
    "danger": "#b3261e",
}
DARK = {
    "brand": "#74b8f2",
    "accent": "#f5c83a",
    "surface": "#0c151d",
    "surface_2": "#131f2a",
    "ink": "#e7eff6",
    "ink_soft": "#a3b6c7",
    "line": "#28394a",
    "danger": "#f4968f",
}
DESIGN = {"light": LIGHT, "dark": DARK, "radius": "0.5rem", "space": "1rem", "font": "system", "heading_font": "serif"}


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert theme.contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert theme.contrast(other, one) == theme.contrast(one, other)


@given(colours)
def test_an_ink_that_is_left_out_always_reads(ground: str) -> None:
    assert theme.contrast(theme.ink_on(ground), ground) >= 4.5


@given(colours, colours, st.sampled_from([3.0, 4.5]))
def test_the_suggestion_always_passes(colour: str, ground: str, least: float) -> None:
    assert theme.contrast(theme.nearest(colour, ground, least), ground) >= least


def test_the_suggestion_keeps_the_hue_and_moves_little() -> None:
    hint = theme.nearest("#3f8fd0", "#ffffff", 4.5)
    before, after = (colorsys.rgb_to_hls(*(int(c[i : i + 2], 16) / 255 for i in (1, 3, 5))) for c in ("#3f8fd0", hint))
    assert after[0] == pytest.approx(before[0], abs=0.01)
    assert 0 < before[1] - after[1] < 0.15


def test_a_good_palette_has_no_problem() -> None:
    assert theme.problems(DESIGN) == []


@pytest.mark.parametrize(
    ("mode", "token", "value", "background", "least"),
    [
        ("light", "ink", "#9aa5b0", "surface", 4.5),
        ("light", "ink_soft", "#8a97a5", "surface_2", 4.5),
        ("light", "brand_ink", "#10202f", "brand", 4.5),
        ("light", "accent_ink", "#ffffff", "accent", 4.5),
        ("light", "danger_ink", "#10202f", "danger", 4.5),
        ("light", "brand", "#6fb0e6", "surface", 4.5),
        ("light", "danger", "#f08a80", "surface", 4.5),
        ("light", "line", "#fafcfe", "surface", 1.2),
        ("dark", "ink", "#3a4a5a", "surface", 4.5),
        ("dark", "brand", "#0b3f75", "surface", 4.5),
        ("dark", "danger", "#7a1a14", "surface_2", 4.5),
    ],
)
def test_every_pair_of_both_modes_is_checked(mode: str, token: str, value: str, background: str, least: float) -> None:
    design = {**DESIGN, mode: {**DESIGN[mode], token: value}}  # type: ignore[dict-item]
    found = [p for p in theme.problems(design) if (p.mode, p.foreground, p.background) == (mode, token, background)]
    assert len(found) == 1
    assert found[0].least == least
    assert found[0].found < least
    ground = theme.complete(design[mode])[background]  # type: ignore[arg-type]
    assert theme.contrast(found[0].suggestion, ground) >= least


def test_a_ratio_just_below_is_never_shown_as_one_that_passes() -> None:
    (problem,) = [p for p in theme.problems_of("light", {**LIGHT, "ink": "#777777"}) if p.background == "surface"]
    assert problem.found == 4.47


def test_unreadable_contrast_names_line_key_ratio_and_a_colour_that_passes(
    edit: Callable[..., int], only: Callable[[], Problem], load: Callable[[], LoadResult]
) -> None:
    line = edit('ink_soft: "#4a6166"', 'ink_soft: "#70888d"')
    problems = load().problems
    assert {(p.line, p.key) for p in problems} == {(line, "theme.light.ink_soft")}
    first = problems[0]
    assert re.fullmatch(r"contrast of ink_soft on surface is 3\.\d+:1", first.message)
    assert (first.found, first.allowed) == ("'#70888d'", "at least 4.5:1")
    hints = [p.nearest for p in problems]
    edit('ink_soft: "#70888d"', f'ink_soft: "{min(hints, key=theme.luminance)}"')
    assert load().problems == []


def test_a_given_ink_is_the_one_to_change(edit: Callable[..., int], only: Callable[[], Problem]) -> None:
    line = edit('    brand: "#14616b"', '    brand_ink: "#12262a"\n    brand: "#14616b"')
    assert (only().line, only().key) == (line, "theme.light.brand_ink")


def test_a_missing_colour_is_told_once_and_the_other_mode_is_still_checked(
    edit: Callable[..., int], load: Callable[[], LoadResult]
) -> None:
    edit('    line: "#d3e0e2"\n', "")
    edit('ink: "#e8f1f2"', 'ink: "#2a3d41"')
    told = [(p.key, p.message.partition(" is ")[0]) for p in load().problems]
    assert ("theme.light.line", "this key") in told
    assert ("theme.dark.ink", "contrast of ink on surface") in told


def test_a_broken_colour_does_not_hide_what_else_cannot_be_read(
    edit: Callable[..., int], load: Callable[[], LoadResult]
) -> None:
    line = edit('line: "#d3e0e2"', 'line: "#d3e0"')
    other = edit('ink_soft: "#4a6166"', 'ink_soft: "#70888d"')
    told = {(p.line, p.key, p.message.partition(" is ")[0]) for p in load().problems}
    assert any((n, key) == (line, "theme.light.line") for n, key, _message in told)
    assert (other, "theme.light.ink_soft", "contrast of ink_soft on surface") in told


def test_an_ink_that_is_no_colour_is_not_judged_by_the_one_computed_for_it(
    edit: Callable[..., int], load: Callable[[], LoadResult]
) -> None:
    line = edit('    brand: "#14616b"', '    brand_ink: "white"\n    brand: "#14616b"')
    assert [(p.line, p.key) for p in load().problems] == [(line, "theme.light.brand_ink")]


def blocks(sheet: str) -> dict[str, dict[str, str]]:
    """selector -> tokens; the dark one inside @media is `@dark`."""
    sheet = sheet.replace("@media (prefers-color-scheme: dark){:root{", "@dark{").replace("}}", "}")
    return {
        name.strip(): dict(rule.split(":", 1) for rule in body.split(";") if rule)
        for name, body in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet)
    }


TOKENS = {
    "--brand",
    "--brand-ink",
    "--accent",
    "--accent-ink",
    "--surface",
    "--surface-2",
    "--ink",
    "--ink-soft",
    "--line",
    "--danger",
    "--danger-ink",
    "--control",
}


def test_the_stylesheet_defines_every_token_in_every_mode() -> None:
    found = blocks(theme.stylesheet(DESIGN))
    assert list(found) == [":root", "@dark", "[data-bs-theme=light]", "[data-bs-theme=dark]"]
    for name, tokens in found.items():
        assert set(tokens) >= TOKENS, name
    assert set(found[":root"]) - TOKENS == {"--radius", "--space", "--font", "--heading-font", "color-scheme"}
    assert found[":root"]["--brand"] == found["[data-bs-theme=light]"]["--brand"] == "#0b5fa5"
    assert found["@dark"] == found["[data-bs-theme=dark]"]
    assert found["@dark"]["--brand"] == "#74b8f2"
    assert found[":root"]["--brand-ink"] == "#ffffff"
    assert "Charter" in found[":root"]["--heading-font"]
    assert (found[":root"]["color-scheme"], found["@dark"]["color-scheme"]) == ("light", "dark")


def _can_be_seen_on_both(one: str, other: str) -> bool:
    """Whether the two grounds are alike enough, as a palette's are, for one line to be told from both."""
    return theme.contrast(one, other) < 2.0


@given(colours, colours, colours)
def test_what_outlines_a_control_is_seen(line: str, surface: str, surface_2: str) -> None:
    palette: dict[str, Any] = {**LIGHT, "line": line, "surface": surface, "surface_2": surface_2}
    control = blocks(theme.stylesheet({**DESIGN, "light": palette}))[":root"]["--control"]
    weakest = min(theme.contrast(control, ground) for ground in (surface, surface_2))
    assert weakest >= 3.0 or not _can_be_seen_on_both(surface, surface_2)


def test_the_fonts_of_a_heading_are_those_of_the_text_unless_told() -> None:
    found = blocks(theme.stylesheet({**DESIGN, "font": "humanist", "heading_font": None}))[":root"]
    assert found["--heading-font"] == found["--font"]
    assert "http" not in "".join(theme.FONTS.values())
