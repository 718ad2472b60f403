"""The command says what it did, or what is wrong and how to mend it; never a traceback."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.cli import environment
from core.cli.errors import explain
from core.testing.servers import TestDatabase


@pytest.mark.parametrize(
    "command", [["tenant", "list"], ["audit", "verify"], ["db", "status"], ["worker"], ["scheduler"], ["serve"]]
)
def test_without_settings_each_one_is_named_with_its_remedy(portico: Callable[..., Any], command: list[str]) -> None:
    done = portico(*command)
    assert done.status == 1
    for name in ("PORTICO_DATABASE_URL", "PORTICO_REDIS_URL", "PORTICO_SECRET_KEY", "PORTICO_MASTER_KEY"):
        assert f"{name} is not set" in done.err
    assert "Traceback" not in done.err


def test_a_database_that_is_away_is_said_so(portico: Callable[..., Any], connected: dict[str, str]) -> None:
    done = portico(
        "tenant", "list", **{**connected, "PORTICO_DATABASE_URL": "postgresql+psycopg://a:secret@/x?host=/nonexistent"}
    )
    assert done.status == 1
    assert "the database does not answer" in done.err
    assert "secret" not in done.err
    assert "Traceback" not in done.err


def test_doctor_says_what_is_wrong_and_how_to_mend_it(portico: Callable[..., Any], connected: dict[str, str]) -> None:
    alone = portico("doctor")
    assert alone.status == 1
    assert "BAD  settings" in alone.out
    without_valkey = portico("doctor", **connected)
    assert without_valkey.status == 1
    assert "ok   database" in without_valkey.out
    assert "ok   migrations of core" in without_valkey.out
    assert "BAD  valkey" in without_valkey.out


def test_doctor_misses_mail_in_production(portico: Callable[..., Any], connected: dict[str, str]) -> None:
    here = {**connected, "PORTICO_ENV": "production"}
    assert "BAD  e-mail" in portico("doctor", **here).out
    assert (
        "ok   e-mail: by mail.example" in portico("doctor", **here, PORTICO_SMTP_URL="smtp://a:secret@mail.example").out
    )
    assert "ok   e-mail" in portico("doctor", **connected).out


def test_doctor_refuses_a_role_that_row_security_does_not_bind(
    portico: Callable[..., Any], connected: dict[str, str], test_database: TestDatabase
) -> None:
    done = portico("doctor", **{**connected, "PORTICO_DATABASE_URL": test_database.admin_url})
    assert "BAD  database" in done.out
    assert "portico_app" in done.out


def test_a_third_portal_from_nothing(portico: Callable[..., Any], connected: dict[str, str], tmp_path: Path) -> None:
    root = tmp_path / "tenants"
    here = {**connected, "PORTICO_TENANTS_DIR": str(root)}
    assert portico("tenant", "new", "demo-clinic", "--into", str(root), **here).status == 0
    folder = str(root / "demo-clinic")
    assert portico("tenant", "check", folder).status == 0, "checking needs no database"
    assert (
        "demo-clinic" in portico("tenant", "diff", folder, **here).out
        or portico("tenant", "diff", folder, **here).status == 0
    )
    applied = portico("tenant", "apply", folder, **here)
    assert applied.status == 0, applied.err
    assert "http://demo-clinic.localhost:8000/" in applied.out
    listed = portico("tenant", "list", **here)
    assert "demo-clinic" in listed.out
    assert "draft" in listed.out


def test_going_live_tells_everything_that_is_missing(
    portico: Callable[..., Any], connected: dict[str, str], tmp_path: Path
) -> None:
    assert portico("tenant", "new", "demo-clinic", "--into", str(tmp_path)).status == 0
    assert portico("tenant", "apply", str(tmp_path / "demo-clinic"), **connected).status == 0
    done = portico("tenant", "live", "demo-clinic", **connected)
    assert done.status == 1
    assert "publisher.register_number" in done.err
    assert "data_protection.email" in done.err


@pytest.mark.rule("CB-069")
def test_a_portal_is_suspended_and_resumed(
    portico: Callable[..., Any], connected: dict[str, str], portals: dict[str, Any]
) -> None:
    done = portico("tenant", "suspend", "frontalia", "--reason", "technical", "--notice", "Back at noon", **connected)
    assert done.status == 0, done.err
    assert "suspended" in portico("tenant", "list", **connected).out
    assert portico("tenant", "suspend", "frontalia", "--reason", "a whim", **connected).status == 2
    assert portico("tenant", "resume", "frontalia", **connected).status == 0


def test_a_revision_is_taken_back(portico: Callable[..., Any], connected: dict[str, str], tmp_path: Path) -> None:
    assert portico("tenant", "new", "demo-clinic", "--into", str(tmp_path)).status == 0
    folder = tmp_path / "demo-clinic"
    assert portico("tenant", "apply", str(folder), **connected).status == 0
    file = folder / "tenant.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("Demo Clinic", "Other Clinic"), encoding="utf-8")
    assert "revision 2" in portico("tenant", "apply", str(folder), **connected).out
    assert "revision 3" in portico("tenant", "rollback", "demo-clinic", **connected).out
    refused = portico("tenant", "rollback", "demo-clinic", "--to", "99", **connected)
    assert refused.status == 1
    assert "99" in refused.err


def test_a_bad_folder_is_refused_with_file_and_line(
    portico: Callable[..., Any], connected: dict[str, str], tmp_path: Path
) -> None:
    assert portico("tenant", "new", "demo-clinic", "--into", str(tmp_path)).status == 0
    file = tmp_path / "demo-clinic" / "tenant.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "\nlanguagse: [fr]\n", encoding="utf-8")
    for command in ("check", "apply"):
        done = portico("tenant", command, str(file.parent), **connected)
        assert done.status == 1
        assert f"{file}:" in done.err
        assert "did you mean `languages`?" in done.err


def test_the_trail_is_verified(portico: Callable[..., Any], connected: dict[str, str], portals: dict[str, Any]) -> None:
    done = portico("audit", "verify", **connected)
    assert done.status == 0
    assert "frontalia" in done.out
    assert "whole" in done.out
    unknown = portico("audit", "verify", "--tenant", "nobody", **connected)
    assert unknown.status == 1
    assert "nobody" in unknown.err


def test_a_trail_that_no_longer_fits_its_anchors_is_told(
    portico: Callable[..., Any], connected: dict[str, str], portals: dict[str, Any], tmp_path: Path
) -> None:
    from core.audit import anchors

    anchors.write(tmp_path / "var", "frontalia", 1, "00" * 32)
    done = portico("audit", "verify", "--tenant", "frontalia", **connected)
    assert done.status == 1
    assert "differs from the anchored head" in done.out


def test_plugins_are_listed_and_checked(portico: Callable[..., Any]) -> None:
    assert "jurisdiction_lu 1.0" in portico("plugin", "list").out
    assert portico("plugin", "check").status == 0


def test_secrets_are_good_and_never_the_same(portico: Callable[..., Any], connected: dict[str, str]) -> None:
    one, other = portico("secrets").out, portico("secrets").out
    assert one != other
    made = dict(line.split("=", 1) for line in one.splitlines())
    assert portico("tenant", "list", **{**connected, **made}).status == 0


def test_an_operator_is_added_once_with_a_good_password(portico: Callable[..., Any], connected: dict[str, str]) -> None:
    who = [
        "operator",
        "add",
        "op@example.org",
        "--first-name",
        "Olga",
        "--last-name",
        "Marten",
        "--phone",
        "+33639980000",
    ]
    weak = portico(*who, "--password", "password1234", **connected)
    assert weak.status == 1
    assert portico(*who, "--password", "tramway velours jardin 47", **connected).status == 0
    again = portico(*who, "--password", "tramway velours jardin 47", **connected)
    assert again.status == 1
    assert "already" in again.err


def test_what_a_running_installation_left_is_found(
    portico: Callable[..., Any], connected: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "var" / environment.RUN_FILE
    environment.write_env(path, connected)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for name in connected:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    assert portico("tenant", "list").status == 0


def test_secrets_of_an_installation_are_made_once(tmp_path: Path) -> None:
    made = environment.kept_secrets(tmp_path)
    assert environment.kept_secrets(tmp_path) == made
    assert stat.S_IMODE((tmp_path / environment.SECRETS_FILE).stat().st_mode) == 0o600


def test_what_nobody_foresaw_says_how_to_look_closer() -> None:
    assert explain(KeyError("x")) == [
        "KeyError: 'x'",
        "this was not foreseen; with PORTICO_DEBUG=1 the same command says where it happened",
    ]


def test_a_missing_file_is_named() -> None:
    with pytest.raises(OSError, match="nowhere") as caught:
        Path("/nowhere/at/all").read_text(encoding="utf-8")
    assert explain(caught.value) == ["/nowhere/at/all: No such file or directory"]
