"""A tenant's SVG may draw and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.tenancy import svg
from core.tenancy.loader import LoadResult, Problem

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 1 1">\n'


def drawing(inside: str) -> str:
    return f"{HEAD}{inside}\n</svg>"


@pytest.mark.parametrize(
    "inside",
    [
        '<defs><linearGradient id="g"><stop stop-color="#fff"/></linearGradient></defs><rect fill="url(#g)"/>',
        "<rect fill=\"url( '#g' )\"/>",
        '<use href="#a"/><use xlink:href="#a"/>',
        "<style>.a{fill:#fff}</style><title>Scripted by hand, once on paper</title>",
        '<image href="data:image/png;base64,AAAA"/>',
        '<animate attributeName="opacity" from="0" to="1"/>',
        '<text font-family="system-ui">önce &amp; again</text>',
    ],
)
def test_what_only_draws_is_accepted(inside: str) -> None:
    assert svg.problems(drawing(inside)) == []


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<script href="#x"/>',
        '<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>',
        "<foreignObject><p/></foreignObject>",
        "<FOREIGNOBJECT/>",
        '<iframe src="#"/>',
        '<rect onclick="alert(1)"/>',
        '<rect ONLOAD="alert(1)"/>',
        '<rect\nonload="alert(1)"/>',
        '<use href="https://evil.example/a.svg#x"/>',
        '<use xlink:href="//evil.example/a.svg#x"/>',
        '<use xmlns:z="http://www.w3.org/1999/xlink" z:href="other.svg#x"/>',
        '<a href="javascript:alert(1)"><rect/></a>',
        '<a href=" java&#10;script:alert(1)"><rect/></a>',
        '<image href="data:image/svg+xml;base64,AAAA"/>',
        '<use href="data:image/png;base64,AAAA"/>',
        '<rect fill="url(https://evil.example/x)"/>',
        "<rect style=\"fill:url( '//evil.example/x' )\"/>",
        "<style>@import 'https://evil.example/x.css';</style>",
        "<style>.a{fill:u\\72l(https://evil.example)}</style>",
        "<style><![CDATA[.a{background:url(https://evil.example)}]]></style>",
        '<set attributeName="href" to="javascript:alert(1)"/>',
        '<animate attributeName="xlink:href" values="javascript:alert(1)"/>',
        '<?xml-stylesheet href="https://evil.example/x.css"?>',
    ],
)
def test_what_runs_or_reaches_outside_is_refused_with_its_line(inside: str) -> None:
    found = svg.problems(drawing(inside))
    assert found
    assert {p.line for p in found} <= {2, 3}
    assert all(p.message for p in found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not well-formed"),
        ("<svg", "not well-formed"),
        ("<svg/>", "no SVG drawing"),
        ("<html xmlns='http://www.w3.org/1999/xhtml'/>", "no SVG drawing"),
        ("just words", "not well-formed"),
        ("<!DOCTYPE svg [<!ENTITY a 'x'>]>\n" + drawing("&a;"), "no document type"),
        (drawing("&nbsp;"), "not well-formed"),
        (drawing("<rect/>" * 40_000), "at most 200 kB"),
    ],
)
def test_what_is_no_drawing_is_refused(text: str, words: str) -> None:
    found = svg.problems(text)
    assert len(found) == 1
    assert words in found[0].message


def test_entities_that_multiply_are_never_expanded() -> None:
    bomb = (
        "<!DOCTYPE svg [<!ENTITY a0 'x'>"
        + "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(20))
        + "]>"
        + drawing("&a20;")
    )
    assert [p.message for p in svg.problems(bomb)] == ["a drawing has no document type: it could define entities"]


def test_an_unsafe_drawing_in_a_folder_names_file_line_and_finding(
    folder: Path, only: Callable[[], Problem], load: Callable[[], LoadResult]
) -> None:
    path = folder / "branding" / "logo.svg"
    path.write_text(drawing('<rect/>\n<rect onclick="go()"/>'))
    problem = only()
    assert (problem.file, problem.line, problem.found) == (str(path), 3, "onclick")
    bundle = load().bundle
    assert bundle is not None
    assert "logo" not in bundle["branding"]


@pytest.mark.parametrize("name", ["logo", "favicon", "icon", "hero", "mail-header"])
def test_a_missing_drawing_is_told(folder: Path, only: Callable[[], Problem], name: str) -> None:
    path = folder / "branding" / f"{name}.svg"
    path.unlink()
    assert (only().file, only().message) == (str(path), "this drawing is missing")


def test_the_dark_logo_is_optional(folder: Path, load: Callable[[], LoadResult]) -> None:
    (folder / "branding" / "logo-dark.svg").unlink()
    assert load().problems == []
