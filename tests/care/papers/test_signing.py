"""The seal: whole when nothing changed, broken by any byte; a key per portal, sealed; the installation's own certificate."""

import dataclasses
import datetime as dt
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from sqlalchemy import text

from core import clock
from core.care.papers.blocks import Paper, Paragraph
from core.care.papers.models import SigningKey
from core.care.papers.pdf import render
from core.care.papers.signing import _made, seal_pdf, verify
from core.db import db
from core.settings import Settings, SettingsError
from core.tenancy.current import entered


@pytest.fixture
def plain(brand, made):
    return render(Paper("T", brand, "fr", made, (Paragraph("Texte à sceller"),)))


@pytest.mark.rule("CB-184")
def test_a_sealed_paper_is_whole_and_says_by_whom(inside, plain):
    found = verify(seal_pdf(plain))
    assert found.intact
    assert found.signer == "Frontalia"
    assert abs(found.when - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)


def test_what_was_never_sealed_is_not_whole(inside, plain):
    assert not verify(plain).intact
    for rubbish in (b"", b"%PDF-1.4", b"x" * 100, plain[:500]):
        assert not verify(rubbish).intact


@pytest.mark.rule("CB-184")
def test_any_changed_byte_is_detected(inside, plain):
    sealed = seal_pdf(plain)
    # Upper and lower case of the signature's own hexadecimal mean the same; every other byte counts.
    chance = random.Random(7)
    body = [i for i in range(len(sealed)) if sealed[i] not in b"abcdefABCDEF"]
    for place in [*chance.sample(body, 40), 20, len(plain) - 30, len(sealed) - 3, len(sealed) // 2]:
        changed = bytearray(sealed)
        changed[place] ^= 0x11
        assert not verify(bytes(changed)).intact, place


@pytest.mark.rule("CB-184")
def test_what_is_added_behind_the_seal_is_detected(inside, plain):
    import io

    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    sealed = seal_pdf(plain)
    assert not verify(sealed + b"\n%more\n").intact
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed))
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()
    more = io.BytesIO()
    writer.write(more)
    assert not verify(more.getvalue()).intact


def test_each_portal_has_a_key_of_its_own_that_lies_sealed(portals, plain):
    for view in portals.values():
        with entered(view.id):
            assert verify(seal_pdf(plain)).signer == view.name
            seal_pdf(plain)
            db.session.commit()
            (row,) = db.session.query(SigningKey).all()
            assert b"portico" not in row.sealed
            stored = db.session.execute(text("SELECT count(*) FROM signing_keys")).scalar_one()
            assert stored == 1


def test_a_certificate_that_ran_out_is_followed_by_another(inside, plain):
    seal_pdf(plain)
    with clock.at(dt.datetime.now(dt.UTC) + dt.timedelta(days=3651)):
        seal_pdf(plain)
    assert [k.number for k in db.session.query(SigningKey).order_by(SigningKey.number)] == [1, 2]


@pytest.fixture
def p12(tmp_path) -> Path:
    now = dt.datetime.now(dt.UTC)
    data, _certificate = _made("Sceau de l’exploitant", now, now + dt.timedelta(days=30))
    key, certificate, _chain = pkcs12.load_key_and_certificates(data, None)
    path = tmp_path / "seal.p12"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, BestAvailableEncryption(b"geheim"))
    )
    return path


def test_the_installations_certificate_goes_first(app, inside, plain, p12, monkeypatch):
    portico = app.extensions["portico"]
    changed = dataclasses.replace(portico.settings, signing_p12=p12, signing_password="geheim")
    monkeypatch.setattr(portico, "settings", changed)
    found = verify(seal_pdf(plain))
    assert found.intact
    assert found.signer == "Sceau de l’exploitant"
    assert db.session.query(SigningKey).count() == 0


BASE = {
    "PORTICO_ENV": "test", "PORTICO_DATABASE_URL": "x", "PORTICO_REDIS_URL": "x", "PORTICO_SECRET_KEY": "s" * 32,
    "PORTICO_MASTER_KEY": "00" * 32,
}  # fmt: skip


def test_a_bad_certificate_file_is_told_at_the_start(p12, tmp_path):
    good = {**BASE, "PORTICO_SIGNING_P12": str(p12), "PORTICO_SIGNING_PASSWORD": "geheim"}
    assert Settings.from_environment(good).signing_p12 == p12
    assert "geheim" not in repr(Settings.from_environment(good))
    assert Settings.from_environment(BASE).signing_p12 is None
    no_file = tmp_path / "none.p12"
    rubbish = tmp_path / "rubbish.p12"
    rubbish.write_bytes(b"no")
    for path, password, says in (
        (no_file, "", "cannot be read"),
        (rubbish, "", "no PKCS#12"),
        (p12, "wrong", "does not fit"),
    ):
        with pytest.raises(SettingsError, match=says):
            Settings.from_environment({**BASE, "PORTICO_SIGNING_P12": str(path), "PORTICO_SIGNING_PASSWORD": password})
