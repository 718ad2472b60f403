"""From a draft to a revision and back: refused with what is missing, two editors, rollback, folder and console as one."""

from __future__ import annotations

import concurrent.futures
import html
import re
import shutil

import pytest

from core.audit.models import AuditEntry
from core.db import db
from core.partner import drafts
from core.partner.models import PortalDraft
from core.tenancy import current, service
from core.tenancy.export import check_bundle
from core.tenancy.loader import load_folder
from core.tenancy.service import Overtaken, TenantRefused
from core.testing.plugin import TENANTS

BRAND, CONTACT, DRAFT = "/partner/brand", "/partner/contact", "/partner/draft"
LIGHT = "config/theme/light/brand"
EMAIL, PHONE = "config/contact/support_email", "config/contact/phone"


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))))


def publish(editor, note: str = ""):
    return editor.post("/partner/draft/publish", {"note": note})


def test_publishing_makes_a_revision_with_who_when_and_what_in_force_at_once(editor, browse, frontalia, config_now):
    editor.form(CONTACT, {EMAIL: "bonjour@frontalia.example"})
    assert publish(editor, "New address").status_code == 302
    assert config_now()["contact"]["support_email"] == "bonjour@frontalia.example"
    assert "bonjour@frontalia.example" in browse().text(browse().get("/pages/help"))
    view = current.view_by_id(frontalia.id)
    row = drafts.revisions(view)[0]
    assert (row.author, row.note, row.edits, row.others) == (f"partner:{editor.account_id}", "New address", 1, 0)
    with current.entered(frontalia.id):
        assert db.session.query(PortalDraft).count() == 0
        last = db.session.query(AuditEntry).filter_by(action="tenant.applied").order_by(AuditEntry.seq.desc()).first()
        assert last.actor_id == str(editor.account_id)
        assert "contact.support_email" in last.details
    page = text_of(editor.get("/partner/revisions"))
    assert "New address" in page and "Canary" not in page.split("New address")[0].split("Sign out")[-1]
    shown = text_of(editor.get(f"/partner/revisions/{view.revision}"))
    assert "aide@frontalia.example" in shown and "bonjour@frontalia.example" in shown


def test_an_empty_draft_publishes_nothing(editor, frontalia):
    answer = publish(editor)
    assert answer.status_code == 409
    assert "changes nothing" in text_of(answer)
    assert current.view_by_id(frontalia.id).revision == frontalia.revision


@pytest.mark.parametrize(
    ("path", "edits", "said"),
    [
        (BRAND, {LIGHT: "#ffee88"}, "Too little contrast"),
        (CONTACT, {EMAIL: ""}, "contact.support_email is missing"),
        (CONTACT, {"config/contact/postal_address": ""}, "contact.postal_address is missing"),
        (CONTACT, {f"config/contact/support_hours/{k}": "" for k in ("from", "to", "days", "time_zone")}, "contact.support_hours is missing"),
    ],
)  # fmt: skip
def test_publishing_is_refused_with_what_is_missing_and_the_draft_stays(editor, frontalia, path, edits, said):
    assert editor.form(path, edits).status_code == 302
    assert said in text_of(editor.get(DRAFT))
    answer = publish(editor)
    assert answer.status_code == 409
    assert said in text_of(answer)
    assert "disabled>Publish now" in editor.text(answer)
    assert current.view_by_id(frontalia.id).revision == frontalia.revision
    with current.entered(frontalia.id):
        assert set(db.session.query(PortalDraft).one().edits) == set(edits)


def test_a_colour_that_reads_badly_is_kept_with_one_that_reads_well_beside_it(editor):
    editor.form(BRAND, {LIGHT: "#ffee88"})
    page = text_of(editor.get(BRAND))
    nearest = re.search(r"close by that reads well: (#[0-9a-f]{6})", page)
    assert nearest
    editor.form(BRAND, {LIGHT: nearest.group(1)})
    assert publish(editor).status_code == 302


def test_a_draft_portal_may_lack_what_a_live_one_may_not_but_loses_nothing(app, runtime, editor_on, portal_with):
    view = portal_with()
    editor = editor_on(view)
    editor.form(CONTACT, {EMAIL: "help@own-portal.example"})
    page = text_of(editor.get(DRAFT))
    assert "Before it opens to the public" in page and "publisher.name" in page
    assert publish(editor).status_code == 302
    editor.form(CONTACT, {EMAIL: ""})
    answer = publish(editor)
    assert answer.status_code == 409
    assert "contact.support_email is missing" in text_of(answer)


# -- two editors -------------------------------------------------------------------------------------------------------


@pytest.fixture
def second(editor_on, frontalia):
    return editor_on(frontalia, party="publisher", last_name="Zweite")


def test_two_editors_the_later_one_is_told_sees_both_and_loses_nothing(editor, second, config_now):
    editor.form(CONTACT, {EMAIL: "one@frontalia.example", PHONE: "01 99 00 11 11"})
    second.form(CONTACT, {EMAIL: "two@frontalia.example"})
    second.form(BRAND, {LIGHT: "#123a70"})
    assert publish(second, "second").status_code == 302
    answer = publish(editor)
    page = text_of(answer)
    assert answer.status_code == 409
    assert "was published meanwhile" in page
    assert "one@frontalia.example" in page and "two@frontalia.example" in page
    assert "Changed by both" in page and "#123a70" in page
    assert config_now()["contact"]["support_email"] == "two@frontalia.example"
    assert editor.post("/partner/draft/rebase", {f"keep/{EMAIL}": "theirs"}).status_code == 302
    assert publish(editor).status_code == 302
    now = config_now()
    assert (now["contact"]["support_email"], now["contact"]["phone"]) == ("two@frontalia.example", "01 99 00 11 11")
    assert now["theme"]["light"]["brand"] == "#123a70"


def test_one_s_own_value_can_win_over_what_was_published(editor, second, config_now):
    editor.form(CONTACT, {EMAIL: "one@frontalia.example"})
    second.form(CONTACT, {EMAIL: "two@frontalia.example"})
    publish(second)
    editor.post("/partner/draft/rebase", {f"keep/{EMAIL}": "own"})
    publish(editor)
    assert config_now()["contact"]["support_email"] == "one@frontalia.example"


def test_a_folder_applied_meanwhile_counts_as_an_editor(editor, frontalia, runtime, tmp_path, config_now):
    editor.form(CONTACT, {EMAIL: "one@frontalia.example"})
    folder = tmp_path / "frontalia"
    shutil.copytree(TENANTS / "frontalia", folder)
    file = folder / "tenant.yaml"
    file.write_text(file.read_text().replace("hold_minutes: 10", "hold_minutes: 15"))
    service.apply(folder, "operator")
    assert publish(editor).status_code == 409
    editor.post("/partner/draft/rebase")
    assert publish(editor).status_code == 302
    now = config_now()
    assert (now["booking"]["hold_minutes"], now["contact"]["support_email"]) == (15, "one@frontalia.example")


@pytest.mark.parametrize("_round", range(3))
def test_two_who_publish_at_the_same_instant_make_one_revision(app, editor, second, frontalia, _round):
    editor.form(CONTACT, {EMAIL: "one@frontalia.example"})
    second.form(CONTACT, {EMAIL: "two@frontalia.example"})

    def go(who):
        with app.app_context():
            try:
                with current.entered(frontalia.id) as view:
                    return drafts.publish(view, who.account_id, "").revision
            except Overtaken:
                return None

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        made = list(pool.map(go, (editor, second)))
    assert sorted(made, key=str) == [frontalia.revision + 1, None]
    assert current.view_by_id(frontalia.id).revision == frontalia.revision + 1


# -- history -----------------------------------------------------------------------------------------------------------


def test_putting_an_earlier_revision_back_is_a_new_revision_and_keeps_what_the_operator_set(
    editor, frontalia, tmp_path, config_now
):
    editor.form(CONTACT, {EMAIL: "one@frontalia.example"})
    publish(editor)
    folder = tmp_path / "frontalia"
    service.export("frontalia", folder)
    file = folder / "tenant.yaml"
    file.write_text(
        file.read_text().replace("- www.frontalia.example", "- autre.example").replace("attempts: 5", "attempts: 4")
    )
    service.apply(folder, "operator")
    asked = editor.post(f"/partner/revisions/{frontalia.revision}/put-back")
    assert "Put revision 1 back?" in text_of(asked)
    assert config_now()["contact"]["support_email"] == "one@frontalia.example"
    answer = editor.post(f"/partner/revisions/{frontalia.revision}/put-back", {"confirmed": "yes"})
    assert answer.status_code == 302
    now = config_now()
    assert now["contact"]["support_email"] == "aide@frontalia.example"
    assert now["hosts"] == ["frontalia.example", "autre.example"]
    assert now["identity"]["lockout"]["attempts"] == 4
    page = text_of(editor.get("/partner/revisions"))
    assert "rollback to 1" in page and "by the operator" in page
    # What the operator changed is counted, not shown.
    assert "autre.example" not in text_of(editor.get(f"/partner/revisions/{frontalia.revision + 2}"))


@pytest.mark.parametrize("number", [0, 1, 99, 10**30])
def test_there_must_be_something_to_put_back(editor, number):
    answer = editor.post(f"/partner/revisions/{number}/put-back", {"confirmed": "yes"})
    assert answer.status_code == 409
    assert "Nothing was put back" in text_of(answer)


def test_a_revision_that_would_not_pass_today_is_not_put_back(editor, frontalia, config_now):
    bundle = dict(current.view_by_id(frontalia.id).bundle)
    bundle["config"] = {**bundle["config"], "contact": {**bundle["config"]["contact"], "support_email": None}}
    service.store(bundle, "before the check existed")
    editor.form(CONTACT, {EMAIL: "one@frontalia.example"})
    publish(editor)
    answer = editor.post(f"/partner/revisions/{frontalia.revision + 1}/put-back", {"confirmed": "yes"})
    assert answer.status_code == 409
    assert "contact.support_email is missing" in text_of(answer)


def test_discarding_asks_once(editor, frontalia):
    editor.form(CONTACT, {EMAIL: "one@frontalia.example"})
    assert "is gone" in text_of(editor.post("/partner/draft/discard"))
    assert "one@" in editor.page(DRAFT)
    editor.post("/partner/draft/discard", {"confirmed": "yes"})
    assert "one@" not in editor.page(DRAFT)


# -- console and folder ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", ["frontalia", "rdv-confiance"])
def test_a_bundle_written_as_a_folder_reads_as_the_same_bundle(portals, runtime, tmp_path, slug):
    service.export(slug, tmp_path / slug)
    loaded = load_folder(tmp_path / slug, runtime)
    assert loaded.problems == []
    assert loaded.bundle == portals[slug].bundle
    assert service.export(slug, tmp_path / slug) == []
    assert check_bundle(portals[slug].bundle, runtime).bundle == portals[slug].bundle


def test_what_the_console_published_is_written_back_and_applying_it_changes_nothing(
    editor, frontalia, tmp_path, config_now
):
    folder = tmp_path / "frontalia"
    shutil.copytree(TENANTS / "frontalia", folder)
    assert service.export("frontalia", folder) == []
    assert "# for a demo" in (folder / "tenant.yaml").read_text()
    editor.form("/partner/texts/help/fr", {"content/help/fr": "# Aide\n\nNous répondons."})
    publish(editor)
    assert [p.relative_to(folder).as_posix() for p in service.export("frontalia", folder)] == ["content/help/fr.md"]
    assert service.apply(folder, "operator").changes == []
    editor.form(CONTACT, {PHONE: "01 99 00 12 34"})
    publish(editor)
    assert [p.name for p in service.export("frontalia", folder)] == ["tenant.yaml"]
    assert service.apply(folder, "operator").changes == []
    # The newest wins: an older folder put in force again undoes what the console published, as a revision.
    service.apply(TENANTS / "frontalia", "operator")
    assert "phone" not in config_now()["contact"]


def test_an_export_of_what_does_not_exist_is_refused(portals, tmp_path):
    for slug, number in (("nobody", None), ("frontalia", 99)):
        with pytest.raises(TenantRefused, match="There is no"):
            service.export(slug, tmp_path / slug, number)


def test_contents_that_are_gone_go_from_the_folder_and_old_documents_stay(portals, frontalia, tmp_path, runtime):
    folder = tmp_path / "frontalia"
    service.export("frontalia", folder)
    (folder / "content" / "old").mkdir()
    (folder / "content" / "old" / "fr.md").write_text("# Old\n\nText")
    (folder / "branding" / "old.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    archived = folder / "legal" / "legal_notice" / "2020-01" / "fr.md"
    archived.parent.mkdir()
    archived.write_text("# Old\n\nText")
    service.export("frontalia", folder)
    assert not (folder / "content" / "old").exists()
    assert not (folder / "branding" / "old.svg").exists()
    assert archived.is_file()
