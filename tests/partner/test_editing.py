"""Editing a portal: what may be edited, what is refused and how, nothing typed lost, nothing in force before it is published."""

from __future__ import annotations

import concurrent.futures
import io
import json

import pytest
from marshmallow import fields

from core.db import db
from core.partner import drafts
from core.partner.editable import Closed, editables
from core.partner.models import PortalDraft
from core.tenancy import current, service
from core.tenancy.schemas import TenantConfig

BRAND, CONTACT = "/partner/brand", "/partner/contact"
LIGHT = "config/theme/light/brand"
EMAIL = "config/contact/support_email"
HOURS = "config/contact/support_hours/"
# Everything of tenant.yaml that stays the operator's, whole; `theme` and `contact` and opened fields of plugins are not.
CLOSED = {
    "slug", "name", "hosts", "languages", "time_zone", "country", "partner", "operator", "publisher", "host",
    "data_protection", "identity", "services", "booking", "money", "care", "record", "prescriptions", "notifications", "retention",
    "legal", "cookies", "emergency",
}  # fmt: skip


def test_what_a_partner_may_not_edit_is_a_closed_list(frontalia, runtime):
    tops = {f.data_key or name for name, f in TenantConfig().fields.items()}
    assert tops == CLOSED | {"theme", "contact", "plugins"}
    found = [e.path for e in editables(frontalia.bundle, runtime).values()]
    assert {p[0] for p in found} <= {"config", "content", "branding"}
    assert {p[1] for p in found if p[0] == "config"} <= {"theme", "contact", "plugins"}
    assert {p[2] for p in found if p[:2] == ("config", "contact")} == {
        "support_email", "phone", "postal_address", "support_hours",
    }  # fmt: skip


@pytest.mark.parametrize(
    "key",
    [
        "config/hosts", "config/plugins", "config/identity/password/min_length", "config/identity/providers",
        "config/notifications/providers", "config/legal/documents", "config/contact/incident_email", "config/slug",
        "legal/terms_of_use_and_sale/texts/fr", "catalogue/fr/Home", "content/new_page/fr", "branding/../../x",
    ],
)  # fmt: skip
def test_a_key_that_is_not_open_is_refused_by_form_and_by_service(editor, frontalia, config_now, key):
    editor.form(BRAND, {key: "x", LIGHT: "#123a70"})
    with current.entered(frontalia.id) as view:
        assert list(db.session.query(PortalDraft).one().edits) == [LIGHT]
        with pytest.raises(Closed):
            drafts.save(view, editor.account_id, {key: "x"})


def test_a_change_waits_in_the_draft_and_visitors_see_nothing_of_it(editor, browse, frontalia, config_now):
    answer = editor.form(CONTACT, {EMAIL: "bonjour@frontalia.example"})
    assert answer.status_code == 302
    page = editor.page("/partner/draft")
    assert "bonjour@frontalia.example" in page and "aide@frontalia.example" in page
    assert "contact.support_email" in page
    assert config_now()["contact"]["support_email"] == "aide@frontalia.example"
    assert "bonjour@" not in browse().text(browse().get("/pages/help"))


def test_putting_a_value_back_takes_it_out_of_the_draft(editor, frontalia):
    editor.form(CONTACT, {EMAIL: "bonjour@frontalia.example"})
    editor.form(CONTACT, {EMAIL: "aide@frontalia.example"})
    with current.entered(frontalia.id):
        assert db.session.query(PortalDraft).one().edits == {}


@pytest.mark.parametrize(
    ("path", "key", "typed", "said"),
    [
        (CONTACT, EMAIL, "nobody", "An address such as"),
        (CONTACT, EMAIL, "dpo@frontalia.example", "another address than the data-protection officer"),
        (CONTACT, HOURS + "from", "25:00", "such as"),
        (CONTACT, HOURS + "to", "", "Please fill this in"),
        (CONTACT, HOURS + "days", "sundays", "is not one of the choices"),
        (CONTACT, HOURS + "time_zone", "Mars/Base", "is not"),
        (BRAND, LIGHT, "blue", "A colour such as"),
        (BRAND, LIGHT, "", "Please fill this in"),
        (BRAND, "config/theme/radius", "1 mile", "such as 0.5rem"),
        (BRAND, "config/theme/layout", "<b>", "is not one of the choices"),
        (BRAND, "config/theme/font", "url(https://evil.example)", "is not one of the choices"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(editor, frontalia, path, key, typed, said):
    also = ("config/contact/phone", "01 99 00 12 34") if path == CONTACT else ("config/theme/dark/brand", "#74b8f3")
    answer = editor.form(path, {key: typed, also[0]: also[1]})
    body = editor.text(answer)
    assert answer.status_code == 422
    assert said in body and f'href="#f-{key}"' in body
    assert also[1] in body
    if typed and "select" not in body[body.index(f'id="f-{key}"') - 40 : body.index(f'id="f-{key}"')]:
        from markupsafe import escape

        assert f'value="{escape(typed)}"' in body
    with current.entered(frontalia.id):
        assert db.session.query(PortalDraft).count() == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("No title here\n\nText", "The first line must be a title"),
        ("# Title\n", "There is no text under the title"),
        ("", "Please fill this in"),
        ("# Title\n\n{{ contact.suport_email }}", "is no value of this portal"),
        ("# Title\n\n{{ Contact | x }}", "is not a placeholder"),
    ],
)
def test_a_text_that_cannot_stand_is_refused_with_what_was_typed(editor, typed, said):
    answer = editor.form("/partner/texts/help/fr", {"content/help/fr": typed})
    body = editor.text(answer)
    assert answer.status_code == 422
    assert said in body
    assert typed.split("\n")[0].replace("{", "{") in body


def test_a_text_is_sanitised_wherever_it_is_shown(editor, browse):
    editor.form(
        "/partner/texts/help/en",
        {"content/help/en": "# Help\n\n<script>alert(1)</script> [x](javascript:alert(1)) **bold**"},
    )
    shown = editor.page("/partner/preview/page/help?lang=en")
    assert "<script>alert" not in shown and 'href="javascript' not in shown
    assert "<strong>bold</strong>" in shown
    editor.post("/partner/draft/publish", {"note": ""})
    public = browse().text(browse().get("/pages/help"))
    assert "<strong>bold</strong>" in public and "<script>alert" not in public


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="10" height="10" fill="#123a70"/></svg>'


def sent(editor, data: bytes, name: str = "logo.svg"):
    return editor.form(BRAND, {"branding/logo": (io.BytesIO(data), name)}, content_type="multipart/form-data")


def test_a_drawing_is_kept_in_the_draft_and_shown_from_there(editor, browse, frontalia):
    assert sent(editor, SVG.encode()).status_code == 302
    assert editor.page("/partner/preview/brand/logo.svg") == SVG
    assert SVG not in browse().text(browse().get(f"/brand/{frontalia.revision}/logo.svg"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "scripts and media are not allowed"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "may react to nothing"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><image href='https://evil.example/x.png'/></svg>", "points outside itself"),
        (b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'/>", "document type"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "no SVG drawing"),
        (b"<html></html>", "no SVG drawing"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>" + b" " * 200_001 + b"</svg>", "at most 200 kB"),
    ],
)  # fmt: skip
def test_a_drawing_that_could_run_or_call_is_refused(editor, data, said):
    answer = sent(editor, data)
    assert answer.status_code == 422
    assert said in editor.text(answer)


def test_the_draft_is_kept_while_one_goes_on(editor, frontalia):
    data = editor.fields(CONTACT)
    data[EMAIL] = "bonjour@frontalia.example"
    answer = editor.post(CONTACT, data, headers={"Accept": "application/json"})
    assert answer.get_json() == {"saved": True}
    data[EMAIL] = "nobody"
    answer = editor.post(CONTACT, data, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()) == (422, {"saved": False})
    assert "bonjour@frontalia.example" in editor.page(CONTACT)


@pytest.mark.parametrize("_round", range(3))
def test_two_forms_kept_at_the_same_instant_are_both_in_the_draft(app, editor, frontalia, _round):
    wanted = {EMAIL: "one@frontalia.example", "config/contact/phone": "01 99 00 12 34"}

    def keep(item):
        with app.app_context(), current.entered(frontalia.id) as view:
            bad = drafts.save(view, editor.account_id, dict([item]))
            db.session.commit()
            return bad

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert list(pool.map(keep, wanted.items())) == [[], []]
    with current.entered(frontalia.id):
        assert db.session.query(PortalDraft).one().edits == wanted


def test_a_draft_without_a_change_is_not_overtaken(editor, frontalia):
    editor.form(CONTACT, {EMAIL: "one@frontalia.example"})
    editor.form(CONTACT, {EMAIL: "aide@frontalia.example"})
    bundle = dict(current.view_by_id(frontalia.id).bundle)
    service.store({**bundle, "config": {**bundle["config"], "name": "Frontalia neuf"}}, "operator")
    assert "was published" not in editor.page("/partner/")
    editor.form(CONTACT, {EMAIL: "two@frontalia.example"})
    assert editor.post("/partner/draft/publish", {}).status_code == 302
    assert current.view_by_id(frontalia.id).name == "Frontalia neuf"


def test_each_person_has_a_draft_of_their_own(editor, editor_on, frontalia, portals):
    editor.form(CONTACT, {EMAIL: "bonjour@frontalia.example"})
    other = editor_on(frontalia, party="publisher", last_name="Zweite")
    assert "bonjour@" not in other.page(CONTACT)
    assert "has a draft too" in other.page("/partner/")
    elsewhere = editor_on(portals["rdv-confiance"])
    assert "bonjour@" not in elsewhere.page(CONTACT)
    assert "has a draft too" not in elsewhere.page("/partner/")


def test_a_text_that_does_not_exist_is_absent(editor):
    for path in ("nothing/fr", "help/it", "../x/fr"):
        assert editor.get(f"/partner/texts/{path}").status_code == 404


def test_a_hostile_form_crashes_nothing(editor):
    for value in ("\x00", "x" * 100_000, "'; --", "{{ 7*7 }}", "\u202e"):
        for key in (EMAIL, "config/contact/postal_address", HOURS + "from"):
            answer = editor.form(CONTACT, {key: value})
            assert answer.status_code in (302, 422), (key, value[:10])


def test_no_field_of_the_editor_is_without_its_label(editor):
    for path in (BRAND, CONTACT, "/partner/settings", "/partner/texts/help/fr"):
        body = editor.page(path)
        assert " style=" not in body and "<script>" not in body
        import re

        for name in re.findall(r'<(?:input|select|textarea)[^>]* id="(f-[^"]+)"', body):
            assert f'for="{name}"' in body, (path, name)


# -- what a plugin opens -----------------------------------------------------------------------------------------------


def test_every_field_that_a_plugin_opens_can_be_typed(frontalia, runtime):
    """A field that no form can hold may not be opened: it would never be seen."""
    from core.partner.editable import OPEN, by_key, kind_of

    for plugin, schema in runtime.installed().by_plugin("config_schema"):
        stack = [(plugin, schema())]
        while stack:
            where, one = stack.pop()
            for key, f in by_key(one).items():
                if isinstance(f, fields.Nested):
                    assert not (f.metadata.get(OPEN) and f.many), (where, key)
                    stack.append((f"{where}.{key}", f.schema))
                elif f.metadata.get(OPEN):
                    assert kind_of(f) is not None, (where, key)
    assert json.dumps(sorted(editables(frontalia.bundle, runtime)))
