"""Theme tokens: contrast of every pair (WCAG 2.2), the nearest colour that passes, the stylesheet of a revision."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PALETTE = (
    "brand", "brand_ink", "accent", "accent_ink", "surface", "surface_2", "ink", "ink_soft", "line", "danger", "danger_ink",
)  # fmt: skip
LAYOUTS = ("lines", "rounded", "editorial", "search", "conversation")
TEXT, CONTROL = 4.5, 3.0
# (foreground, background, least ratio): text on what it stands on; acting colours against the page.
PAIRS = (
    ("ink", "surface", TEXT),
    ("ink", "surface_2", TEXT),
    ("ink_soft", "surface", TEXT),
    ("ink_soft", "surface_2", TEXT),
    ("brand_ink", "brand", TEXT),
    ("accent_ink", "accent", TEXT),
    ("danger_ink", "danger", TEXT),
    ("brand", "surface", CONTROL),
    ("danger", "surface", CONTROL),
    ("line", "surface", 1.2),
)
FONTS = {
    "system": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif",
    "humanist": "Seravek, 'Gill Sans Nova', Ubuntu, Calibri, 'DejaVu Sans', source-sans-pro, sans-serif",
    "serif": "Charter, 'Bitstream Charter', 'Sitka Text', Cambria, Georgia, 'DejaVu Serif', serif",
    "rounded": "ui-rounded, 'Hiragino Maru Gothic ProN', Quicksand, Comfortaa, Manjari, 'Arial Rounded MT Bold', system-ui, sans-serif",
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
    """Black or white, whichever reads better."""
    return "#ffffff" if contrast("#ffffff", colour) >= contrast("#111111", colour) else "#111111"


def nearest(colour: str, against: str, least: float) -> str:
    """The colour of the same hue, nearest in lightness, that reaches the ratio; black or white where none does."""
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(r, g, b)
    for step in range(1, 101):
        for sign in (-1, 1):
            shade = light + sign * step / 100
            if 0 <= shade <= 1:
                candidate = "#" + "".join(f"{round(c * 255):02x}" for c in colorsys.hls_to_rgb(hue, shade, saturation))
                if contrast(candidate, against) >= least:
                    return candidate
    return ink_on(against)


def complete(palette: Mapping[str, str]) -> dict[str, str]:
    """The palette with the inks that were left out."""
    result = dict(palette)
    for ink, ground in (("brand_ink", "brand"), ("accent_ink", "accent"), ("danger_ink", "danger")):
        if not result.get(ink):
            result[ink] = ink_on(result[ground])
    return result


def problems(theme: Mapping[str, Any]) -> list[ContrastProblem]:
    """Every pair of both modes that cannot be read."""
    found = []
    for mode in ("light", "dark"):
        palette = complete(theme[mode])
        for foreground, background, least in PAIRS:
            ratio = contrast(palette[foreground], palette[background])
            if ratio < least:
                hint = nearest(palette[foreground], palette[background], least)
                found.append(ContrastProblem(mode, foreground, background, round(ratio, 2), least, hint))
    return found


def stylesheet(theme: Mapping[str, Any]) -> str:
    """The tokens as CSS custom properties, light, dark and chosen."""
    light = _tokens(theme["light"], "light")
    dark = _tokens(theme["dark"], "dark")
    body = FONTS[theme.get("font") or "system"]
    heading = FONTS[theme.get("heading_font") or theme.get("font") or "system"]
    shape = f"--radius:{theme['radius']};--space:{theme['space']};--font:{body};--heading-font:{heading};"
    return (
        f":root{{{shape}{light}}}\n"
        f"@media (prefers-color-scheme: dark){{:root:not([data-bs-theme=light]){{{dark}}}}}\n"
        f":root[data-bs-theme=dark]{{{dark}}}\n"
    )


def _tokens(palette: Mapping[str, str], scheme: str) -> str:
    values = complete(palette)
    return f"color-scheme:{scheme};" + "".join(f"--{name.replace('_', '-')}:{values[name]};" for name in PALETTE)
