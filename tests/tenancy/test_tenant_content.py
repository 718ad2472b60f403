"""A tenant's Markdown: values as plain text, no markup from outside, external links marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tenancy import content

CONFIG = {
    "slug": "demo",
    "hosts": ["portal.example"],
    "languages": ["fr", "en"],
    "name": "Demo",
    "publisher": {
        "name": "A <b>& *C* [x](https://evil.example)",
        "director_function": {"fr": "gérante", "en": "manager"},
    },
    "contact": {"support_email": "a_b@c.example"},
    "host": {"certified_hosts_list_url": "https://hosts.example/a_b?c=1&d=2", "country": "FR"},
    "legal": {"governing_law": "FR"},
}


def html(text: str, **more: object) -> str:
    return str(content.render_markdown(text, CONFIG, **more)).strip()  # type: ignore[arg-type]


def test_a_value_is_plain_text_whatever_it_holds() -> None:
    assert html("**{{ publisher.name }}**") == "<p><strong>A &lt;b&gt;&amp; *C* [x](https://evil.example)</strong></p>"


@given(st.text(min_size=1, max_size=60).filter(str.strip))
def test_no_value_becomes_markup(value: str) -> None:
    drawn = str(content.render_markdown("# T\n\nA {{ v }} b [l]({{ v }}) <{{ v }}>\n", {"v": value}))
    names = {part.split(">")[0].split(" ")[0].strip("/") for part in drawn.split("<")[1:]}
    assert names <= {"h1", "p", "a"}


def test_addresses_and_links_from_values() -> None:
    assert html("<{{ contact.support_email }}>") == '<p><a href="mailto:a_b@c.example">a_b@c.example</a></p>'
    assert html("[Write](mailto:{{ contact.support_email }})") == '<p><a href="mailto:a_b@c.example">Write</a></p>'
    found = html("[list]({{ host.certified_hosts_list_url }})")
    assert 'href="https://hosts.example/a_b?c=1&amp;d=2"' in found
    assert 'class="external"' in found


def test_a_value_by_language_and_the_name_of_a_country() -> None:
    text = "{{ publisher.director_function }}, {{ legal.governing_law }}"
    assert html(text, language="en") == "<p>manager, France</p>"
    assert html(text) == "<p>gérante, France</p>"
    assert content.look_up({"legal": {"courts": "LU"}}, "legal.courts", "de") == "Luxemburg"


def test_a_value_that_is_not_set_is_an_ellipsis() -> None:
    assert html("Tel. {{ contact.phone }}") == "<p>Tel. …</p>"
    assert content.unresolved("{{ contact.phone }} {{ name }} {{ publisher }}", CONFIG) == [
        "contact.phone",
        "publisher",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,AAAA)",
        "[x](vbscript:x)",
        "![x](https://evil.example/pixel.png)",
        "<iframe src='//evil.example'></iframe>",
        "[x](<java\nscript:alert(1)>)",
        "<style>*{}</style>",
        "<p style='color:red' onclick='x()'>a</p>",
    ],
)
def test_hostile_text_stays_text(text: str) -> None:
    drawn = html(text)
    for word in (
        "<script",
        "<img",
        "<iframe",
        "<style",
        "<p style",
        'href="javascript',
        'href="data',
        'href="vbscript',
    ):
        assert word not in drawn


@pytest.mark.rule("CB-273")
@pytest.mark.parametrize(
    ("target", "external"),
    [
        ("https://elsewhere.example/x", True),
        ("http://elsewhere.example", True),
        ("//elsewhere.example/x", True),
        ("https://portal.example.elsewhere.example/", True),
        ("https://portal.example/help", False),
        ("https://PORTAL.example/help", False),
        ("http://demo.localhost:8000/", False),
        ("/help", False),
        ("#top", False),
        ("mailto:a@b.example", False),
        ("tel:112", False),
    ],
)
def test_links_to_other_sites_are_marked(target: str, external: bool) -> None:
    drawn = html(f"[x]({target})")
    assert "<a " in drawn
    assert ('class="external"' in drawn) is external
    assert ('rel="external noopener noreferrer"' in drawn) is external


def test_headings_go_down_by_the_shift() -> None:
    text = "# A\n\n## B\n\n###### C\n"
    assert [f"h{n}" in html(text) for n in (1, 2, 6)] == [True, True, True]
    assert html(text, shift=1) == "<h2>A</h2>\n<h3>B</h3>\n<h6>C</h6>"


def test_tables_and_lists_are_drawn() -> None:
    drawn = html("| a | b |\n|---|---|\n| 1 | {{ name }} |\n\n1. x\n2. y\n")
    assert "<td>Demo</td>" in drawn
    assert "<ol>" in drawn


def test_title_body_and_sections() -> None:
    text = "# Welcome to {{ name }}\n\nIntro.\n\n## One\n\na\n\n## Two\n\nb\n"
    assert content.title_of(text) == "Welcome to {{ name }}"
    assert content.title_of(text, CONFIG) == "Welcome to Demo"
    assert content.title_of("no title") == ""
    assert content.body_of(text).startswith("\nIntro.")
    assert {k: v.strip() for k, v in content.sections(text).items()} == {"": "Intro.", "One": "a", "Two": "b"}


def test_sections_of_the_same_name_keep_both_texts() -> None:
    assert "a" in content.sections("# T\n## X\na\n## X\nb\n")["X"]
