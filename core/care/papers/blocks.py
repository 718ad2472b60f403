"""What a paper is made of: plain values, in the reader's language, that `pdf.render` draws."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Tone = Literal["info", "warning"]


@dataclass(frozen=True, slots=True)
class Brand:
    """A portal as its papers show it. Colours are #rrggbb of the light theme; `logo` is an SVG drawing, "" for none.

    `legal_line` says who publishes; `about` one more line under it.
    """

    name: str
    logo: str = ""
    brand: str = "#1f4e79"
    brand_ink: str = "#ffffff"
    ink: str = "#17212b"
    ink_soft: str = "#4b5a68"
    line: str = "#d5dee6"
    surface_2: str = "#f3f6f9"
    legal_line: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` 2 or 3 (the title of the paper is 1). It stands in the outline too."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; line ends are kept."""

    text: str
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """A list of short points."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values, one to a line."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with a head; `widths` are shares."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """A box that must not be missed."""

    text: str
    title: str = ""
    tone: Tone = "info"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A code to type or to scan: large, beside its QR symbol. `data` is what the symbol holds; `alt` describes it."""

    label: str
    code: str
    help: str
    data: str
    alt: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Air, in millimetres."""

    millimetres: float = 4


Block = Heading | Paragraph | Points | Facts | Grid | Notice | Ticket | Gap


@dataclass(frozen=True, slots=True)
class Paper:
    """A document: `language` as ISO code, `made_at` in UTC, `reference` and `page_words` ("Page {page} of {pages}") for the foot."""

    title: str
    brand: Brand
    language: str
    made_at: dt.datetime
    blocks: tuple[Block, ...]
    subtitle: str = ""
    reference: str = ""
    page_words: str = "{page} / {pages}"
