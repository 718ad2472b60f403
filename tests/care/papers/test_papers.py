"""Papers: they open, say what they are, hold every language, and bear drawings and signs that they cannot draw."""

import io
import re
import zlib

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from core.care.papers import text
from core.care.papers.blocks import (
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
from core.care.papers.brand import brand_of
from core.care.papers.drawings import prepared
from core.care.papers.pdf import render
from core.care.papers.reports import report_pdf


def paper(brand, made, *blocks, **more):
    return Paper("Preuve", brand, "fr", made, blocks, page_words="Page {page} sur {pages}", **more)


def reader(data):
    return PdfFileReader(io.BytesIO(data))


def words(data):
    """The text of a PDF: the hexadecimal of each string, through the font's own table."""
    maps = {}
    for body in streams(data):
        for chars in re.findall(rb"beginbfchar\s+(.*?)endbfchar", body, re.DOTALL):
            for code, sign in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", chars):
                maps[int(code, 16)] = bytes.fromhex(sign.decode()).decode("utf-16-be")
    return maps


def streams(data):
    for raw in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        try:
            yield zlib.decompress(raw)
        except zlib.error:
            yield raw


def pages(data):
    return int(reader(data).root["/Pages"]["/Count"])


def test_a_paper_names_itself_and_its_language(brand, made):
    data = render(paper(brand, made, Heading("Un"), Paragraph("Deux")))
    found = reader(data)
    assert data.startswith(b"%PDF-")
    assert str(found.root["/Lang"]) == "fr"
    assert str(found.trailer_view["/Info"]["/Title"]) == "Preuve"
    assert found.root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert found.root["/Outlines"]["/First"]["/Title"] == "Un"


def test_the_same_paper_gives_the_same_bytes(brand, made):
    blocks = (Heading("Un"), Facts((("a", "b"),)), Ticket("Code", "ABC", "aide", "https://x#ABC", "symbole"))
    assert render(paper(brand, made, *blocks)) == render(paper(brand, made, *blocks))


def test_every_kind_of_block_over_several_pages(brand, made):
    long = "Une phrase qui ne finit pas. " * 60
    rows = tuple((str(i), "Quelqu’un", long[:120]) for i in range(60))
    data = render(
        paper(
            brand, made, Heading("A"), Heading("B", 3), Paragraph(long), Paragraph("petit", soft=True), Points((long, "b")),
            Facts((("Nom", long), ("Rien", ""))), Grid(("Un", "Deux", "Trois"), rows, (1, 2, 4)), Notice(long, "Titre", "warning"),
            Notice("kurz"), Ticket("Code", "7KQMW2-9XPTA4-HJ2RCV", long[:200], "https://x/#7KQ", "QR"), Gap(8),
            reference="REF",
        )
    )  # fmt: skip
    assert pages(data) >= 4


@pytest.mark.parametrize("odd", [
    "", "\x00\x01", "a" * 3000, "日本語の文章", "😀🧬👩🏽‍⚕️", "\u202eabc", "a\tb\r\nc", "\ud7ff\ufffe", "\U0010ffff", "e\u0301",
    "السلام عليكم", "שלום עולם 123", "%PDF", "{nb}", "<b>**x**</b>",
])  # fmt: skip
def test_odd_text_is_drawn_and_breaks_nothing(brand, made, odd):
    blocks = (
        Heading(odd),
        Paragraph(odd),
        Facts(((odd, odd),)),
        Notice(odd, odd),
        Points((odd,)),
        Grid((odd,), ((odd,),)),
    )
    data = render(Paper(odd or "x", brand, "de", made, blocks, subtitle=odd, reference=odd[:20]))
    assert pages(data) >= 1


def test_signs_without_a_drawing_are_seen_as_missing():
    assert text.drawable("日a") == text.PLACEHOLDER + "a"
    assert text.drawable("a\u200db\ufe0f\x07") == "ab"
    assert text.drawable("e\u0301") == "é"
    assert text.drawable("l’été – 5\u202f€") == "l’été – 5\u202f€"


def test_text_from_right_to_left_is_joined_and_turned():
    assert text.runs_right_to_left("  12 שלום")
    assert not text.runs_right_to_left("a שלום")
    assert text.in_order("אב 12") == "12 בא"
    shaped = text.joined("سلام")
    assert shaped != "سلام"
    assert "\ufefc" in shaped or "\ufefb" in shaped  # lam and alef became one
    assert text.joined("abc é") == "abc é"
    assert not any("\u0600" <= c <= "\u06ff" for c in text.joined("كتاب"))


@pytest.mark.parametrize("logo", [
    "",
    "<svg",
    '<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 0"><rect/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><filter/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M what"/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="url(#none)"/></svg>',
    '<!DOCTYPE x [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>',
])  # fmt: skip
def test_a_logo_that_cannot_be_drawn_leaves_the_name(made, logo):
    from core.care.papers.blocks import Brand

    assert pages(render(Paper("T", Brand("Nom du portail", logo=logo), "fr", made, ()))) == 1


def test_clips_of_groups_are_kept():
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 4"><defs><clipPath id="a-b"><circle r="2"/></clipPath></defs>'
        '<g clip-path="url(#a-b)"><path d="M0 0H8"/></g><title>x</title></svg>'
    )
    ready, shape = prepared(drawing)
    assert shape == 2
    assert b'clip-path="url(#a_b)" ' in ready or b'clip-path="url(#a_b)"/' in ready or ready.count(b"url(#a_b)") == 2
    assert b"title" not in ready


def test_the_brand_is_the_portals(inside):
    found = brand_of(inside, "fr")
    assert found.name == "Frontalia"
    assert found.brand == inside.config["theme"]["light"]["brand"]
    assert found.legal_line.startswith("Frontalia, société par actions simplifiée")
    assert "company" in brand_of(inside, "en").legal_line
    assert prepared(found.logo) is not None


def test_a_report_on_paper(inside, made):
    import datetime as dt

    facts = {
        "language": "fr", "title": "Compte rendu", "patient_name": "Anna Müster", "birth_date": dt.date(1980, 5, 1),
        "professional_name": "Dr Éloïse Châtelet", "register_number": "10000000017", "practice": "Cabinet, Metz",
        "consulted_at": made, "saved_at": made, "sections": [("Motif", "Toux"), ("Vide", "  "), ("Conduite", "Repos\n\nEau")],
    }  # fmt: skip
    first = report_pdf(inside, **facts)
    assert pages(first) == 1
    assert report_pdf(inside, **facts) == first
    second = report_pdf(inside, **{**facts, "birth_date": None, "consulted_at": None, "version": 2})
    assert second != first
    drawn = set(words(first).values())
    assert {"ü", "É", "â"} <= drawn
