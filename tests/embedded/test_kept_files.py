"""What a start keeps for the next one: the same pages and words, made once, and nothing fails where nothing can be kept."""

import os
from pathlib import Path

import pytest

from core import i18n
from core.kept_files import KeptFiles
from core.web import compiled


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A folder for catalogues, as the application gives one."""
    monkeypatch.setattr(i18n, "COMPILED", KeptFiles())
    i18n.COMPILED.keep_in(tmp_path / "words")
    i18n.catalogue.cache_clear()
    i18n._translated.cache_clear()
    yield tmp_path / "words"
    i18n.catalogue.cache_clear()
    i18n._translated.cache_clear()


def test_a_catalogue_is_read_once_from_its_source_and_says_the_same(kept, monkeypatch):
    before = i18n.catalogue("core", "fr")._catalog
    (file,) = kept.iterdir()
    assert oct(kept.stat().st_mode & 0o777) == "0o700"
    i18n.catalogue.cache_clear()

    def unread(*_a, **_k):
        raise AssertionError("the source was parsed again")

    monkeypatch.setattr(i18n.pofile, "read_po", unread)
    assert i18n.catalogue("core", "fr")._catalog == before
    assert [file] == list(kept.iterdir())


def test_a_changed_source_is_read_anew(kept, tmp_path, monkeypatch):
    source = tmp_path / "own" / "fr" / "LC_MESSAGES" / "own.po"
    source.parent.mkdir(parents=True)
    monkeypatch.setitem(i18n._folders, "own", tmp_path / "own")
    for word in ("Bonjour", "Salut"):
        source.write_text(
            f'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8"\n\nmsgid "Hi"\nmsgstr "{word}"\n'
        )
        i18n.catalogue.cache_clear()
        i18n._translated.cache_clear()
        assert i18n.lookup("Hi", "fr", "own") == word


def test_where_nothing_can_be_kept_all_is_made_each_time(tmp_path):
    nowhere = KeptFiles()
    nowhere.write("a", b"1")
    assert nowhere.read("a") is None
    (tmp_path / "file").write_text("in the way")
    nowhere.keep_in(tmp_path / "file" / "below")
    assert nowhere.folder is None
    nowhere.keep_in(tmp_path / "gone")
    os.rmdir(tmp_path / "gone")
    nowhere.write("a", b"1")
    assert nowhere.read("a") is None


def test_pages_are_compiled_once_for_all_processes(app, tmp_path):
    env = app.jinja_env.overlay(bytecode_cache=None, cache_size=50)
    compiled.install(_Has(env), tmp_path)
    assert env.bytecode_cache is not None
    folder = Path(env.bytecode_cache.directory)
    env.get_template("layout/base.html")
    files = {f: f.read_bytes() for f in folder.iterdir()}
    assert files
    again = app.jinja_env.overlay(bytecode_cache=env.bytecode_cache, cache_size=50)

    def compiles(*_a, **_k):
        raise AssertionError("compiled again")

    again.compile = compiles
    again.get_template("layout/base.html")
    for f in files:
        f.unlink()
    folder.rmdir()
    third = app.jinja_env.overlay(bytecode_cache=env.bytecode_cache, cache_size=50)
    assert third.get_template("layout/base.html").name == "layout/base.html", "shown though it cannot be kept"


class _Has:
    """An application as far as its templates."""

    def __init__(self, env):
        self.jinja_env = env
