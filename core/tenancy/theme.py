"""Theme tokens: contrast of every pair (WCAG 2.2), the nearest colour that passes, the stylesheet of a revision."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PALETTE = (
    "brand", "brand_ink", "accent", "accent_ink", "surface", "surface_2", "ink", "ink_soft", "line", "danger",
    "danger_ink",
)  # fmt: skip
COMPUTED = {"brand_ink": "brand", "accent_ink": "accent", "danger_ink": "danger"}  # left out: black or white
REQUIRED = frozenset(PALETTE) - set(COMPUTED)
LAYOUTS = ("lines", "rounded", "editorial", "search", "conversation")
TEXT, CONTROL = 4.5, 3.0
# (foreground, background, least ratio). Brand and danger are text too: links and error messages. `line` only divides;
# what outlines a control is the token `--control`, computed from it.
PAIRS = (
    ("ink", "surface", TEXT),
    ("ink", "surface_2", TEXT),
    ("ink_soft", "surface", TEXT),
    ("ink_soft", "surface_2", TEXT),
    ("brand_ink", "brand", TEXT),
    ("accent_ink", "accent", TEXT),
    ("danger_ink", "danger", TEXT),
    ("brand", "surface", TEXT),
    ("brand", "surface_2", TEXT),
    ("danger", "surface", TEXT),
    ("danger", "surface_2", TEXT),
    ("line", "surface", 1.2),
)
FONTS = {
    "system": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif",
    "humanist": "Seravek, 'Gill Sans Nova', Ubuntu, Calibri, 'DejaVu Sans', source-sans-pro, sans-serif",
    "serif": "Charter, 'Bitstream Charter', 'Sitka Text', Cambria, Georgia, 'DejaVu Serif', serif",
    "rounded": "ui-rounded, 'Hiragino Maru Gothic ProN', Quicksand, Comfortaa, Manjari, system-ui, sans-serif",
}


@dataclass(frozen=True, slots=True)
class ContrastProblem:
    """A pair that cannot be read: the ratio found, the least allowed, and a colour close by that passes."""

    mode: str
    foreground: str
    background: str
    found: float
    least: float
    suggestion: str


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def ink_on(colour: str) -> str:
    """White, a soft black or black: the first that reads well on a colour. One of them always does."""
    return next(ink for ink in ("#ffffff", "#111111", "#000000") if contrast(ink, colour) >= TEXT)


def nearest(colour: str, against: str, least: float) -> str:
    """The colour of the same hue, nearest in lightness, that reaches the ratio; black or white where none does."""
    return next((shade for shade in _shades(colour) if contrast(shade, against) >= least), ink_on(against))


def _shades(colour: str) -> Iterator[str]:
    """The colours of one hue, those nearest in lightness first."""
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(r, g, b)
    for step in range(1, 101):
        for sign in (-1, 1):
            lightness = min(1.0, max(0.0, light + sign * step / 100))
            yield "#" + "".join(f"{round(c * 255):02x}" for c in colorsys.hls_to_rgb(hue, lightness, saturation))


def complete(palette: Mapping[str, str]) -> dict[str, str]:
    """The palette with the inks that were left out."""
    result = dict(palette)
    for ink, ground in COMPUTED.items():
        if not result.get(ink) and ground in result:
            result[ink] = ink_on(result[ground])
    return result


def problems(theme: Mapping[str, Any]) -> list[ContrastProblem]:
    """Every pair of both modes that cannot be read. `theme` holds the whole palettes `light` and `dark`."""
    return [p for mode in ("light", "dark") for p in problems_of(mode, theme[mode])]


def problems_of(mode: str, palette: Mapping[str, str]) -> list[ContrastProblem]:
    """Every pair of one mode that cannot be read; a colour that is not given is in no pair."""
    whole = complete(palette)
    found = []
    for foreground, background, least in PAIRS:
        if foreground not in whole or background not in whole:
            continue
        ratio = contrast(whole[foreground], whole[background])
        if ratio < least:
            # Rounded down: a ratio that fails is never shown as one that passes.
            shown = math.floor(ratio * 100) / 100
            hint = nearest(whole[foreground], whole[background], least)
            found.append(ContrastProblem(mode, foreground, background, shown, least, hint))
    return found


def stylesheet(theme: Mapping[str, Any]) -> str:
    """The tokens as CSS custom properties: `:root` light, dark where the device asks for it, and either one by choice.

    The two choices hold for any element, so that a page can show both side by side.
    """
    light = _tokens(theme["light"], "light")
    dark = _tokens(theme["dark"], "dark")
    body = FONTS[theme.get("font") or "system"]
    heading = FONTS[theme.get("heading_font") or theme.get("font") or "system"]
    shape = f"--radius:{theme['radius']};--space:{theme['space']};--font:{body};--heading-font:{heading};"
    return (
        f":root{{{shape}{light}}}\n"
        f"@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"
        f"[data-bs-theme=light]{{{light}}}\n"
        f"[data-bs-theme=dark]{{{dark}}}\n"
    )


def _tokens(palette: Mapping[str, str], scheme: str) -> str:
    values = complete(palette)
    values["control"] = _strong(values["line"], values["surface"], values["surface_2"])
    return f"color-scheme:{scheme};" + "".join(
        f"--{name.replace('_', '-')}:{values[name]};" for name in (*PALETTE, "control")
    )


def _strong(line: str, *grounds: str) -> str:
    """The line colour, strong enough to outline a control on each ground (3:1); as strong as can be where none is."""

    def weakest(colour: str) -> float:
        return min(contrast(colour, ground) for ground in grounds)

    passing = (shade for shade in (line, *_shades(line)) if weakest(shade) >= CONTROL)
    return next(passing, max(("#000000", "#ffffff"), key=weakest))
