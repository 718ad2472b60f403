"""A paper drawn as PDF: A4, the tenant's colours and logo, text in every language that the font has.

Made in memory and never written to disk: papers hold health data. The same paper gives the same bytes.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping
from typing import Any

import segno
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos
from fpdf.prefs import ViewerPreferences

from core.care.papers.blocks import (
    Block,
    Brand,
    Facts,
    Gap,
    Grid,
    Heading,
    Notice,
    Paper,
    Paragraph,
    Points,
    Ticket,
)
from core.care.papers.drawings import prepared
from core.care.papers.text import BOLD, REGULAR, drawable, has_right_to_left, in_order, joined, runs_right_to_left

FAMILY = "Portico"
MARGIN, TOP, BOTTOM = 18.0, 16.0, 24.0  # millimetres
WIDTH, HEIGHT = 210.0, 297.0
INNER = WIDTH - 2 * MARGIN
BODY, SMALL, TITLE = 10.5, 8.5, 20.0  # points
LEADING = 5.3  # millimetres to a line of body text
LABEL_SHARE = 0.32
LOGO_HEIGHT, LOGO_WIDTH = 12.0, 62.0
QR_SIDE = 38.0
PAGES = "{nb}"

# What the kit has to say of a drawing or a font is no concern of an operator's log.
for _noisy in ("fpdf", "fontTools"):
    logging.getLogger(_noisy).setLevel(logging.ERROR)


def render(paper: Paper) -> bytes:
    """The paper as PDF bytes: titled, with its language, an outline, page numbers and the publisher's line."""
    sheet = _Sheet(paper)
    sheet.add_page()
    sheet.title_block()
    for block in paper.blocks:
        sheet.block(block)
    return bytes(sheet.output())


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mixed(colour: str, share: float) -> tuple[int, int, int]:
    """A colour thinned with white."""
    red, green, blue = (round(c * share + 255 * (1 - share)) for c in _rgb(colour))
    return red, green, blue


class _Sheet(FPDF):
    """The pages of one paper."""

    def __init__(self, paper: Paper) -> None:
        super().__init__(unit="mm", format="A4")
        self.paper, self.brand = paper, paper.brand
        self.add_font(FAMILY, "", REGULAR)
        self.add_font(FAMILY, "B", BOLD)
        self.set_margins(MARGIN, TOP, MARGIN)
        self.set_auto_page_break(True, BOTTOM)
        self.c_margin = 0.0
        self.set_title(drawable(paper.title))
        self.set_author(drawable(paper.brand.name))
        self.set_creator("Portico")
        self.set_producer("Portico")
        self.set_lang(paper.language)
        self.set_creation_date(paper.made_at)
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self.alias_nb_pages(PAGES)
        self.opening = True

    # -- frame --------------------------------------------------------------------------------------------------

    def header(self) -> None:
        if self.opening:
            self.opening = False
            self._letterhead()
            return
        self._style(SMALL, soft=True)
        self.set_y(TOP - 4)
        self.cell(INNER, 5, in_order(joined(drawable(f"{self.brand.name} · {self.paper.title}"))))
        self._rule(TOP + 2)
        self.set_y(TOP + 7)

    def _letterhead(self) -> None:
        self.set_fill_color(*_rgb(self.brand.brand))
        self.rect(0, 0, WIDTH, 3, style="F")
        if not self._logo():
            self._style(16, bold=True, colour=self.brand.brand)
            self.set_xy(MARGIN, TOP)
            self.cell(INNER, LOGO_HEIGHT, in_order(joined(drawable(self.brand.name))))
        self._rule(TOP + LOGO_HEIGHT + 5)
        self.set_xy(MARGIN, TOP + LOGO_HEIGHT + 11)

    def _logo(self) -> bool:
        """Draw the logo; False where there is none that can be drawn (the name stands there in letters then)."""
        ready = prepared(self.brand.logo)
        if ready is None:
            return False
        drawing, shape = ready
        height = min(LOGO_HEIGHT, LOGO_WIDTH / shape)
        contents: Any = self.pages[self.page].contents
        before = len(contents)
        try:
            self.image(
                io.BytesIO(drawing), x=MARGIN, y=TOP + (LOGO_HEIGHT - height) / 2, w=height * shape, h=height,
                alt_text=drawable(self.brand.name),
            )  # fmt: skip
        except Exception:
            # A tenant's drawing may still use what this kit cannot draw; a half-drawn one is taken back.
            del contents[before:]
            return False
        return True

    def footer(self) -> None:
        self.set_y(-BOTTOM + 6)
        self._rule(self.get_y())
        self.ln(2)
        self._style(7.5, soft=True)
        words = self.paper.page_words.replace("{page}", str(self.page_no())).replace("{pages}", PAGES)
        left = " · ".join(t for t in (self.paper.reference, words) if t)
        lines = [t for t in (self.brand.legal_line, self.brand.about) if t]
        top = self.get_y()
        self.multi_cell(INNER - 52, 3.6, in_order(joined(drawable("\n".join(lines)))), align="L")
        # The number of pages is filled in at the end: the place is measured with one digit for it.
        right = drawable(left)
        measured = self.get_string_width(right.replace(PAGES, "9")) + 2 * self.c_margin
        self.set_xy(WIDTH - MARGIN - measured, top)
        self.cell(measured, 3.6, right)

    def _rule(self, y: float) -> None:
        self.set_draw_color(*_rgb(self.brand.line))
        self.set_line_width(0.25)
        self.line(MARGIN, y, WIDTH - MARGIN, y)

    def title_block(self) -> None:
        """The title and what stands under it."""
        self._style(TITLE, bold=True)
        self._write(self.paper.title, INNER, 8.6)
        if self.paper.subtitle:
            self._style(BODY, soft=True)
            self.ln(1)
            self._write(self.paper.subtitle, INNER, LEADING)
        self.ln(5)

    # -- text ---------------------------------------------------------------------------------------------------

    def _style(self, size: float, *, bold: bool = False, soft: bool = False, colour: str = "") -> None:
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(*_rgb(colour or (self.brand.ink_soft if soft else self.brand.ink)))

    def _lines(self, text: str, width: float) -> list[tuple[str, str]]:
        """(line, L or R): broken at the width, each line in the order in which it is drawn."""
        found = []
        for paragraph in drawable(text).split("\n"):
            side = "R" if runs_right_to_left(paragraph) else "L"
            shaped = joined(paragraph)
            broken: Any = self.multi_cell(width, LEADING, shaped, dry_run=True, output=MethodReturnValue.LINES)
            for line in broken or [""]:
                found.append((in_order(line) if has_right_to_left(line) else line, side))
        return found

    def _write(self, text: str, width: float, leading: float, x: float | None = None) -> None:
        """Text at a place, over as many lines and pages as it needs."""
        left = self.get_x() if x is None else x
        for line, side in self._lines(text, width):
            self.set_x(left)
            self.cell(width, leading, line, align=side, new_x=XPos.LEFT, new_y=YPos.NEXT)
        self.set_x(self.l_margin)

    def _height(self, text: str, width: float, leading: float) -> float:
        return len(self._lines(text, width)) * leading

    def _room(self, height: float) -> None:
        """Begin a new page where so much does not fit on this one and would on a whole one."""
        if self.will_page_break(height) and height < HEIGHT - TOP - BOTTOM - 10:
            self.add_page()

    # -- blocks -------------------------------------------------------------------------------------------------

    def block(self, block: Block) -> None:
        """Draw one block."""
        _DRAWN[type(block)](self, block)

    def _heading(self, block: Heading) -> None:
        size, space = (13.5, 4.0) if block.level == 2 else (11.0, 3.0)
        self.ln(space)
        self._room(22)
        self._style(size, bold=True, colour=self.brand.brand)
        self.start_section(drawable(block.text) or "–", level=max(0, block.level - 2), strict=False)
        self._write(block.text, INNER, size * 0.5)
        self.ln(1.6)

    def _paragraph(self, block: Paragraph) -> None:
        self._style(SMALL if block.soft else BODY, soft=block.soft)
        self._write(block.text, INNER, 4.4 if block.soft else LEADING)
        self.ln(2)

    def _points(self, block: Points) -> None:
        for item in block.items:
            self._style(BODY)
            self._room(LEADING * 2)
            self.set_x(MARGIN)
            self.set_text_color(*_rgb(self.brand.brand))
            self.cell(5, LEADING, "•")
            self._style(BODY)
            self._write(item, INNER - 5, LEADING, MARGIN + 5)
            self.ln(0.8)
        self.ln(1.2)

    def _facts(self, block: Facts) -> None:
        label_width = INNER * LABEL_SHARE
        for name, value in block.rows:
            self._style(BODY, bold=True)
            height = self._height(value or "–", INNER - label_width, LEADING)
            self._style(BODY)
            self._room(max(height, self._height(name, label_width - 4, LEADING)) + 2)
            top = self.get_y()
            page = self.page
            self._style(BODY, soft=True)
            self._write(name, label_width - 4, LEADING, MARGIN)
            below = self.get_y()
            self.set_y(top)
            self._style(BODY, bold=True)
            self._write(value or "–", INNER - label_width, LEADING, MARGIN + label_width)
            if self.page == page:
                self.set_y(max(below, self.get_y()))
            self.ln(0.7)
            self._rule(self.get_y())
            self.ln(1.1)
        self.ln(1.5)

    def _grid(self, block: Grid) -> None:
        shares = block.widths or (1,) * len(block.head)
        widths = [INNER * s / sum(shares) for s in shares]
        self._row(block.head, widths, head=True)
        for number, row in enumerate(block.rows):
            self._style(9.5)
            height = max(self._height(cell, w - 4, 4.6) for cell, w in zip(row, widths, strict=True)) + 3
            if self.will_page_break(height):
                self.add_page()
                self._row(block.head, widths, head=True)
            self._row(row, widths, shaded=number % 2 == 1)
        self.ln(3)

    def _row(self, cells: tuple[str, ...], widths: list[float], *, head: bool = False, shaded: bool = False) -> None:
        self._style(9.5, bold=head, colour=self.brand.brand_ink if head else "")
        height = max(self._height(cell, w - 4, 4.6) for cell, w in zip(cells, widths, strict=True)) + 3
        self._room(height * 2 if head else height)
        top, left = self.get_y(), MARGIN
        if head or shaded:
            self.set_fill_color(*_rgb(self.brand.brand if head else self.brand.surface_2))
            self.rect(MARGIN, top, INNER, height, style="F")
        for cell, width in zip(cells, widths, strict=True):
            self.set_y(top + 1.5)
            self._write(cell, width - 4, 4.6, left + 2)
            left += width
        self.set_y(top + height)
        self._rule(self.get_y())

    def _notice(self, block: Notice) -> None:
        colour = "#8a5a00" if block.tone == "warning" else self.brand.brand
        width = INNER - 10
        self._style(BODY, bold=True)
        height = (self._height(block.title, width, LEADING) + 0.8 if block.title else 0) + 6
        self._style(BODY)
        height += self._height(block.text, width, LEADING)
        self._room(height + 3)
        top = self.get_y()
        if not self.will_page_break(height):
            self.set_fill_color(*_mixed(colour, 0.08))
            self.rect(MARGIN, top, INNER, height, style="F")
            self.set_fill_color(*_rgb(colour))
            self.rect(MARGIN, top, 1.2, height, style="F")
        self.set_y(top + 3)
        if block.title:
            self._style(BODY, bold=True)
            self._write(block.title, width, LEADING, MARGIN + 6)
            self.ln(0.8)
        self._style(BODY)
        self._write(block.text, width, LEADING, MARGIN + 6)
        self.ln(6)

    def _ticket(self, block: Ticket) -> None:
        width = INNER - QR_SIDE - 22
        self._style(BODY)
        height = max(QR_SIDE + 7, self._height(block.help, width, LEADING) + 31)
        self._room(height + 4)
        top = self.get_y()
        self.set_fill_color(*_mixed(self.brand.brand, 0.07))
        self.set_draw_color(*_rgb(self.brand.brand))
        self.set_line_width(0.5)
        self.rect(MARGIN, top, INNER, height, style="DF", round_corners=True, corner_radius=2.5)
        self.set_y(top + 5)
        self._style(BODY, soft=True)
        self._write(block.label, width, LEADING, MARGIN + 7)
        self.ln(1.5)
        self._style(self._fitting(block.code, width, 20), bold=True)
        self._write(block.code, width, 10, MARGIN + 7)
        self.ln(2)
        self._style(BODY)
        self._write(block.help, width, LEADING, MARGIN + 7)
        self._symbol(block, WIDTH - MARGIN - QR_SIDE - 6, top + (height - QR_SIDE) / 2)
        self.set_y(top + height + 4)

    def _fitting(self, text: str, width: float, size: float) -> float:
        """The largest size, at most `size` points, at which a text fits on one line."""
        while size > 9:
            self.set_font(FAMILY, "B", size)
            if self.get_string_width(drawable(text)) < width - 2 * self.c_margin:
                break
            size -= 0.5
        return size

    def _symbol(self, block: Ticket, x: float, y: float) -> None:
        """The QR symbol as rectangles: sharp at every size, and no picture to store."""
        matrix = segno.make(block.data, error="m", micro=False).matrix
        quiet = 2
        module = QR_SIDE / (len(matrix) + 2 * quiet)
        self.set_fill_color(255, 255, 255)
        self.rect(x, y, QR_SIDE, QR_SIDE, style="F")
        self.set_fill_color(0, 0, 0)
        with self._marked_sequence(alt_text=drawable(block.alt)):
            for down, row in enumerate(matrix):
                across = 0
                while across < len(row):
                    start = across
                    while across < len(row) and row[across]:
                        across += 1
                    if across > start:
                        self.rect(
                            x + (start + quiet) * module, y + (down + quiet) * module, (across - start) * module, module,
                            style="F",
                        )  # fmt: skip
                    across += 1

    def _gap(self, block: Gap) -> None:
        self.ln(block.millimetres)


_DRAWN: Mapping[type, Callable[[_Sheet, Any], None]] = {
    Heading: _Sheet._heading,
    Paragraph: _Sheet._paragraph,
    Points: _Sheet._points,
    Facts: _Sheet._facts,
    Grid: _Sheet._grid,
    Notice: _Sheet._notice,
    Ticket: _Sheet._ticket,
    Gap: _Sheet._gap,
}

__all__ = ["Brand", "Paper", "render"]
