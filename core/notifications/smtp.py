"""E-mail over SMTP: text, HTML and attachments, TLS unless told otherwise, refused for good told from "not now"."""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable
from email.errors import MessageError
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, make_msgid, parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

from core.events import Undeliverable
from core.hooks.types import Delivery
from core.settings import SMTP_PORTS, wrong_smtp_url

TIMEOUT_SECONDS = 15.0
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_METHOD = re.compile(rb"^METHOD:([A-Z]+)\r?$", re.MULTILINE)


def smtp_sender(url: str, *, context: ssl.SSLContext | None = None) -> Callable[[Delivery], None]:
    """A sender: `smtp://` asks for STARTTLS and goes no further without, `smtps://` is TLS from the first byte.

    `smtp+plain://` is for a relay on this machine or network, without a password. A certificate must be valid for the
    host. The sender raises Undeliverable when the server will never take the message, else what smtplib raises.
    """
    wrong = wrong_smtp_url(url)
    if wrong is not None:
        raise ValueError(wrong)
    parts = urlsplit(url)
    tls = context or ssl.create_default_context()

    def send(delivery: Delivery) -> None:
        message = to_email(delivery)
        server = _session(parts, tls)
        try:
            server.send_message(message, to_addrs=[delivery.to.strip()])
        except smtplib.SMTPRecipientsRefused as refused:
            ((code, _said),) = refused.recipients.values()
            if code >= 500:
                raise Undeliverable(f"the mail server refuses the address ({code})") from None
            raise
        except smtplib.SMTPDataError as refused:
            if refused.smtp_code >= 500:
                raise Undeliverable(f"the mail server refuses the message ({refused.smtp_code})") from None
            raise
        finally:
            # The server has answered: a connection that breaks while parting must not have the message sent again.
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    return send


def _session(parts: SplitResult, tls: ssl.SSLContext) -> smtplib.SMTP:
    host, port = parts.hostname or "", parts.port or SMTP_PORTS[parts.scheme]
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=tls)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    try:
        if parts.scheme == "smtp":
            server.starttls(context=tls)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def to_email(delivery: Delivery) -> EmailMessage:
    """The delivery as a message: text first, HTML beside it, attachments after; the id is the same at every try.

    Raises Undeliverable for an address that is not exactly one address.
    """
    name, address = parseaddr(delivery.sender)
    # Decoded first: a comma inside an encoded name would be read as one between two senders.
    sender = _address(address or delivery.sender, str(make_header(decode_header(name))))
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _line(delivery.subject)
    message["From"] = sender
    message["To"] = _address(delivery.to)
    if delivery.reply_to:
        message["Reply-To"] = _address(delivery.reply_to)
    key = re.sub(r"[^\w.-]", "", delivery.idempotency_key, flags=re.ASCII)
    message["Message-ID"] = f"<{key}@{sender.domain}>" if key else make_msgid(domain=sender.domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(delivery.body_text)
    if delivery.body_html:
        message.add_alternative(delivery.body_html, subtype="html")
    for filename, mimetype, data in delivery.attachments:
        main, _slash, sub = mimetype.partition("/")
        # Mail programs show a calendar file as an invitation only where its method is told outside of it too.
        found = _METHOD.search(data) if mimetype == "text/calendar" else None
        params = {"charset": "utf-8", "method": found[1].decode()} if found else {}
        message.add_attachment(data, maintype=main, subtype=sub, filename=_line(filename), params=params)
    return message


def _line(text: str) -> str:
    """One line, whatever was typed: what follows a line break in a header would be a header of its own."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _address(text: str, name: str = "") -> Address:
    try:
        if _CONTROL.search(text.strip()):
            raise ValueError("control characters")
        return Address(_line(name), addr_spec=text.strip())
    except (ValueError, IndexError, MessageError) as error:
        raise Undeliverable(f"not one e-mail address: {type(error).__name__}") from None


def sender_of(name: str, address: str) -> str:
    """`Name <address>` with the name quoted as it must be."""
    return formataddr((_line(name), address))
