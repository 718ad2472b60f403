"""The seal on a paper: a PDF signature by which every later change is detected.

With `PORTICO_SIGNING_P12` the installation's own certificate seals; a qualified one makes readers trust the name too.
Without it each portal seals with a certificate that it made for itself: the paper is proved whole, and that it comes from
this portal is proved to the portal itself and to whoever was given its certificate. No time-stamping service is asked.
"""

from __future__ import annotations

import datetime as dt
import io
import warnings
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs12
from cryptography.x509.oid import NameOID
from flask import current_app
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core import audit, clock, crypto
from core.care.papers.apart import apart
from core.care.papers.models import SigningKey
from core.db import current_tenant_id, db, new_id
from core.tenancy import keys
from core.tenancy.current import current_tenant

FIELD = "Portico"
YEARS = 10
"""How long a self-made certificate is good; the next one is made on first use after that."""
LONGEST_NAME = 64  # of a certificate's common name (RFC 5280)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a seal says. `intact`: sealed, and not one byte differs; `signer` as the certificate names them; `when` in UTC."""

    intact: bool
    signer: str = ""
    when: dt.datetime | None = None


def seal_pdf(pdf: bytes, *, reason: str = "") -> bytes:
    """The PDF with the portal's seal: a certifying signature that allows no change. Raises pyhanko's PdfError for no PDF.

    Made in memory; the caller commits the key that a first use makes.
    """
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD,
        name=current_tenant().name,
        reason=reason or None,
        certify=True,
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        signer = signers.PdfSigner(meta, signer=_signer())
        sealed = apart(lambda: signer.sign_pdf(writer))
    return bytes(sealed.getvalue())


def verify(pdf: bytes) -> Verified:
    """Whether a sealed PDF is as it was when it was sealed. Never raises: what cannot be read is not intact."""
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        found = reader.embedded_signatures
        if len(found) != 1:
            return Verified(False)
        embedded = found[0]
        certificate = embedded.signer_cert
        context = ValidationContext(trust_roots=[certificate], allow_fetching=False)
        status = apart(lambda: validate_pdf_signature(embedded, signer_validation_context=context))
        whole = (
            status.intact
            and status.valid
            and status.coverage is SignatureCoverageLevel.ENTIRE_FILE
            and status.modification_level is ModificationLevel.NONE
            and not _loose_bytes(embedded.pkcs7_content)
        )
        signer = str(certificate.subject.native.get("common_name", ""))
        when = embedded.self_reported_timestamp
        return Verified(bool(whole), signer, when.astimezone(dt.UTC) if when else None)
    except (PdfError, SignatureValidationError, PathError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return Verified(False)


def _loose_bytes(contents: bytes) -> bool:
    """Whether something stands behind the signature in the space kept for it: no digest covers that space."""
    if len(contents) < 4 or contents[0] != 0x30:
        return True
    first = contents[1]
    size, head = (first, 2) if first < 0x80 else (int.from_bytes(contents[2 : 2 + (first & 0x7F)]), 2 + (first & 0x7F))
    return any(contents[head + size :])


def _signer() -> signers.SimpleSigner:
    settings = current_app.extensions["portico"].settings
    if settings.signing_p12 is not None:
        data, password = settings.signing_p12.read_bytes(), settings.signing_password.encode() or None
        made = signers.SimpleSigner.load_pkcs12_data(data, [], passphrase=password)
    else:
        made = signers.SimpleSigner.load_pkcs12_data(_own_key(), [], passphrase=None)
    if made is None:
        raise RuntimeError("the certificate that seals papers cannot be read: see PORTICO_SIGNING_P12")
    signer: signers.SimpleSigner = made
    return signer


def _context(number: int) -> str:
    return f"{current_tenant_id()}|signing_keys|sealed|{number}"


def _newest() -> SigningKey | None:
    return db.session.execute(select(SigningKey).order_by(SigningKey.number.desc()).limit(1)).scalar_one_or_none()


def _own_key() -> bytes:
    """The portal's own key and certificate as PKCS#12; made on first use, and again when the certificate runs out."""
    row = _newest()
    now = clock.now()
    if row is None or row.valid_until <= now:
        number = row.number + 1 if row is not None else 1
        until = now + dt.timedelta(days=365 * YEARS)
        data, certificate = _made(current_tenant().name, now, until)
        # Two first uses at once: one of the two keys stays, and both transactions use that one.
        made = db.session.execute(
            insert(SigningKey)
            .values(
                tenant_id=current_tenant_id(),
                id=new_id(),
                number=number,
                sealed=crypto.seal(keys.tenant_key(), data, _context(number)),
                certificate=certificate,
                made_at=now,
                valid_until=until,
            )
            .on_conflict_do_nothing()
            .returning(SigningKey.id)
        ).first()
        if made is not None:
            audit.record("signing_key.made", "signing_key", made.id, {"number": number})
        row = _newest()
        assert row is not None
    return crypto.unseal(keys.tenant_key(), row.sealed, _context(row.number))


def _made(name: str, since: dt.datetime, until: dt.datetime) -> tuple[bytes, bytes]:
    """(PKCS#12, certificate in DER) of a fresh key that may sign documents and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:LONGEST_NAME])])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since - dt.timedelta(days=1))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    data = pkcs12.serialize_key_and_certificates(b"portico", key, certificate, None, NoEncryption())
    return data, certificate.public_bytes(Encoding.DER)
