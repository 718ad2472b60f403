"""A real SMTP server for the mails of these tests; what it answers can be chosen."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Protocol
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Post:
    """What arrived, and what is answered to RCPT and DATA."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.to_rcpt = self.to_data = ""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if not self.to_rcpt:
            envelope.rcpt_tos.append(address)
        return self.to_rcpt or "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.to_data:
            return self.to_data
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        made = message_from_bytes(envelope.original_content, policy=policy.default)
        assert isinstance(made, EmailMessage)
        self.taken.append(made)
        return "250 OK"


class Server(Controller):
    """aiosmtpd on a port of 127.0.0.1 that stays the same over restarts."""

    def __init__(self, post: Post, **options: Any) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.post, self.options = post, options
        super().__init__(post, hostname="127.0.0.1", port=port, ssl_context=options.pop("implicit", None))

    def start(self) -> None:
        if self.loop.is_closed():
            self.loop = asyncio.new_event_loop()
        super().start()

    def factory(self) -> Protocol:
        return Protocol(self.post, **self.options)


@pytest.fixture
def post() -> Post:
    """What arrives."""
    return Post()


@pytest.fixture
def serve(post: Post) -> Iterator[Callable[..., Server]]:
    """Start a server: `serve()`, `serve(tls_context=…)`, `serve(implicit=…)`, `serve(password=…)`."""
    made: list[Server] = []

    def start(password: bytes | None = None, **options: Any) -> Server:
        if password is not None:

            def login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
                assert isinstance(given, LoginPassword)
                post.logins.append((given.login, given.password))
                return AuthResult(success=given.password == password, handled=False)

            options |= {"authenticator": login, "auth_required": True}
        server = Server(post, **options)
        server.start()
        made.append(server)
        return server

    yield start
    for server in made:
        if server.server is not None:
            server.stop()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's context, and that of a client who knows its certificate."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")]), dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    both, certificate = folder / "both.pem", folder / "certificate.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    both.write_bytes(key.private_bytes(*plain) + certificate.read_bytes())
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(both)
    return server, ssl.create_default_context(cafile=str(certificate))
