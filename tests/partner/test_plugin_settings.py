"""What a plugin opens of its own section: forms from its schema, checked by its schema, nothing else of it reachable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import RAISE, Schema, fields, validate

from core.messages import Message
from core.partner.editable import editables
from core.plugin_api import hookimpl
from core.tenancy import current, service
from core.tenancy.loader import load_folder
from core.tenancy.scaffold import new_tenant
from core.tenancy.schema_fields import TIME, Words

FORM = "/partner/settings"
QUOTA, CALL_BACK = "config/plugins/cover/quota", "config/plugins/cover/call_back_minutes"


class _Hours(Schema):
    class Meta:
        unknown = RAISE

    opens = fields.String(validate=TIME, metadata={"description": "The nurse begins at", "example": "09:00"})
    closes = fields.String(validate=TIME, metadata={"description": "The nurse ends at", "example": "18:00"})


class _Config(Schema):
    class Meta:
        unknown = RAISE

    quota = fields.Integer(
        strict=True, load_default=5, validate=validate.Range(1, 20),
        metadata={"description": Message("Teleconsultations a year"), "example": 5, "partner_edits": True},
    )  # fmt: skip
    call_back_minutes = fields.Integer(
        strict=True, load_default=30, validate=validate.Range(10, 240),
        metadata={"description": "Call-back within, minutes", "example": 30, "partner_edits": True},
    )  # fmt: skip
    nurse = fields.Nested(_Hours, load_default=dict, metadata={"description": "Nurse", "partner_edits": True})
    by_phone = fields.Boolean(load_default=True, metadata={"description": "By telephone", "partner_edits": True})
    order = fields.String(
        load_default="first",
        validate=validate.OneOf(["first", "last"]),
        metadata={"description": "Order", "partner_edits": True},
    )
    reminders = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 90)), load_default=lambda: [30, 7],
        metadata={"description": "Reminders, days before", "example": [30, 7], "partner_edits": True},
    )  # fmt: skip
    welcome = Words(metadata={"description": "Words of welcome", "example": "Hello", "partner_edits": True})
    secret = fields.String(load_default="hidden", metadata={"description": "Key of the register"})
    weights = fields.Dict(load_default=dict, metadata={"description": "Weights", "partner_edits": True})


class Cover:
    version = "1.0"
    portico_api = ">=1.0,<2"

    @hookimpl
    def config_schema(self) -> type[Schema]:
        return _Config


@pytest.fixture
def covered(app, runtime, tmp_path) -> Iterator[current.TenantView]:
    """A draft portal with the plugin on; the application knows the plugin for the time of the test."""
    plugin = Cover()
    runtime.register(plugin, "cover")
    folder = new_tenant("cover-portal", tmp_path, plugins=["cover"])
    file = folder / "tenant.yaml"
    file.write_text(file.read_text().replace("  cover: {}", "  cover: {welcome: {fr: Bonjour, en: Hello}}"))
    loaded = load_folder(folder, runtime)
    assert loaded.problems == [] and loaded.bundle is not None
    yield current.view_by_id(service.store(loaded.bundle, "tests").tenant_id)
    runtime._pm.unregister(plugin)
    del runtime.modules["cover"]
    runtime._callers.clear()


@pytest.fixture
def cover(covered, editor_on) -> Any:
    return editor_on(covered)


def section(view: current.TenantView) -> Any:
    return current.view_by_id(view.id).config["plugins"]["cover"]


def test_only_what_the_plugin_opened_is_in_the_form(cover, covered, runtime):
    page = cover.page(FORM)
    for words in (
        "Teleconsultations a year",
        "A whole number from 1 to 20",
        "The nurse begins at",
        "Words of welcome (fr)",
    ):
        assert words in page, words
    assert "Key of the register" not in page and "plugins/cover/secret" not in page
    keys = {k.removeprefix("config/plugins/cover/") for k in editables(covered.bundle, runtime) if "/cover/" in k}
    assert keys == {
        "quota", "call_back_minutes", "nurse/opens", "nurse/closes", "by_phone", "order", "reminders", "welcome/fr", "welcome/en",
    }  # fmt: skip


def test_quota_hours_and_delays_are_edited_and_published(cover, covered):
    changes = {
        QUOTA: "6", CALL_BACK: "20", "config/plugins/cover/nurse/opens": "08:30", "config/plugins/cover/nurse/closes": "19:00",
        "config/plugins/cover/order": "last", "config/plugins/cover/reminders": "14, 3", "config/plugins/cover/welcome/fr": "Bienvenue",
        "config/plugins/cover/secret": "stolen",
    }  # fmt: skip
    data = cover.fields(FORM)
    for key, value in changes.items():
        data[key] = value
    data.pop("config/plugins/cover/by_phone", None)
    assert cover.post(FORM, data).status_code == 302
    assert cover.post("/partner/draft/publish", {}).status_code == 302
    now = section(covered)
    assert (now["quota"], now["call_back_minutes"], now["by_phone"], now["order"]) == (6, 20, False, "last")
    assert now["nurse"] == {"opens": "08:30", "closes": "19:00"}
    assert (now["reminders"], now["welcome"]) == ([14, 3], {"fr": "Bienvenue", "en": "Hello"})
    assert now["secret"] == "hidden"


@pytest.mark.parametrize(
    ("key", "typed", "said"),
    [
        (QUOTA, "21", "A whole number from 1 to 20 is expected; “21” was typed"),
        (QUOTA, "five", "“five” was typed"),
        (QUOTA, "-1", "A whole number from 1 to 20"),
        (QUOTA, "1.5", "“1.5” was typed"),
        ("config/plugins/cover/nurse/opens", "9", "Something such as 09:00"),
        ("config/plugins/cover/reminders", "7, 100", "7, 100"),
        ("config/plugins/cover/order", "middle", "is not one of the choices"),
    ],
)
def test_a_value_outside_of_what_the_plugin_allows_is_refused_at_its_field(cover, covered, key, typed, said):
    answer = cover.form(FORM, {key: typed, "config/plugins/cover/welcome/en": "Kept as typed"})
    body = cover.text(answer)
    assert answer.status_code == 422
    assert said in body and f'href="#f-{key}"' in body
    assert "Kept as typed" in body
    assert section(covered)["quota"] == 5


def test_emptying_every_value_gives_the_defaults_and_never_switches_the_plugin_off(cover, covered):
    data = {k: "" for k in cover.fields(FORM) if k.startswith("config/") and "welcome" not in k}
    cover.form(FORM, data)
    cover.post("/partner/draft/publish", {})
    assert section(covered)["quota"] == 5
    assert section(covered)["welcome"] == {"fr": "Bonjour", "en": "Hello"}


def test_a_revision_from_before_the_plugin_leaves_its_settings_as_they_are(cover, covered):
    cover.form(FORM, {QUOTA: "9"})
    cover.post("/partner/draft/publish", {})
    bundle = dict(current.view_by_id(covered.id).bundle)
    without = {**bundle, "config": {**bundle["config"], "plugins": {}, "contact": {"phone": "01 99 00 00 01"}}}
    old = service.store(without, "operator").revision
    service.store(bundle, "operator")
    assert cover.post(f"/partner/revisions/{old}/put-back", {"confirmed": "yes"}).status_code == 302
    assert section(covered)["quota"] == 9
    assert current.view_by_id(covered.id).config["contact"] == {"phone": "01 99 00 00 01"}
