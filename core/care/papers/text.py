"""Text as a page can draw it: signs that the font lacks made visible, right-to-left writing joined and put in order."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

from fpdf.bidi import BidiParagraph

FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD = FONTS / "DejaVuSans.ttf", FONTS / "DejaVuSans-Bold.ttf"
PLACEHOLDER = "\u25a1"
"""What stands where the font has no sign: a reader sees that something is missing, and nothing breaks."""

# Joiners, marks of direction (category C), variation selectors and skin tones draw nothing by themselves. A mark of
# direction could moreover show a text otherwise than it is.
_SELECTORS = range(0xFE00, 0xFE10)
_SKIN_TONES = range(0x1F3FB, 0x1F400)


@lru_cache(maxsize=1)
def _known() -> frozenset[int]:
    """The signs that both weights of the font have."""
    from fontTools.ttLib import TTFont

    found: set[int] | None = None
    for path in (REGULAR, BOLD):
        with TTFont(path, lazy=True) as font:
            signs = set(font.getBestCmap())
        found = signs if found is None else found & signs
    return frozenset(found or ())


def drawable(text: str) -> str:
    """The text with every sign drawable: composed, tabs as spaces, control signs dropped, unknown ones as a box."""
    composed = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    if composed.isascii() and composed.isprintable():
        return composed
    known = _known()
    drawn = []
    for sign in composed:
        code = ord(sign)
        if sign == "\n":
            drawn.append(sign)
        elif code not in _SELECTORS and code not in _SKIN_TONES and unicodedata.category(sign)[0] != "C":
            drawn.append(sign if code in known else PLACEHOLDER)
    return "".join(drawn)


def runs_right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction is Hebrew, Arabic or of another such writing."""
    for sign in text:
        direction = unicodedata.bidirectional(sign)
        if direction in ("R", "AL"):
            return True
        if direction == "L":
            return False
    return False


def has_right_to_left(text: str) -> bool:
    """Whether any sign is written from right to left."""
    return not text.isascii() and any(unicodedata.bidirectional(s) in ("R", "AL", "AN") for s in text)


def in_order(line: str) -> str:
    """One line as it is drawn from left to right. The line is already broken: order is a matter of each line."""
    return BidiParagraph(text=line).get_reordered_string() if has_right_to_left(line) else line


@lru_cache(maxsize=1)
def _forms() -> dict[str, dict[str, str]]:
    """Arabic letters and their shapes (isolated, initial, medial, final), from the characters' own data."""
    found: dict[str, dict[str, str]] = {}
    for code in range(0xFE80, 0xFEFD):
        kind, *parts = unicodedata.decomposition(chr(code)).split()
        letters = "".join(chr(int(p, 16)) for p in parts)
        found.setdefault(letters, {})[kind.strip("<>")] = chr(code)
    return found


def joined(text: str) -> str:
    """Arabic letters in the shape that their neighbours ask for; the font kit does not do this by itself."""
    forms = _forms()
    if not any(sign in forms for sign in text):
        return text
    letters = _ligatures(text, forms)
    drawn = []
    for place, letter in enumerate(letters):
        shapes = forms.get(letter)
        if shapes is None:
            drawn.append(letter)
            continue
        before = _neighbour(letters, place, -1)
        after = _neighbour(letters, place, 1)
        from_before = before is not None and "initial" in forms.get(before, {}) and "final" in shapes
        to_after = after is not None and after in forms and "final" in forms[after] and "initial" in shapes
        wanted = ("medial" if to_after else "final") if from_before else ("initial" if to_after else "isolated")
        drawn.append(shapes.get(wanted) or shapes.get("isolated") or letter)
    return "".join(drawn)


def _ligatures(text: str, forms: dict[str, dict[str, str]]) -> list[str]:
    """Letters, with lam and alef as the one sign that they always become."""
    found: list[str] = []
    for sign in text:
        if found and found[-1] == "\u0644" and found[-1] + sign in forms:
            found[-1] += sign
        else:
            found.append(sign)
    return found


def _neighbour(letters: list[str], place: int, step: int) -> str | None:
    """The next letter in a direction; marks above and below letters do not part them."""
    place += step
    while 0 <= place < len(letters):
        if not (len(letters[place]) == 1 and unicodedata.combining(letters[place])):
            return letters[place]
        place += step
    return None
