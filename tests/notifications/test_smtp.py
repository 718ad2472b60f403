"""E-mail over a real SMTP server: what arrives, over which line, and what is made of a refusal."""

from __future__ import annotations

import dataclasses
import smtplib
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from core.events import Undeliverable
from core.hooks.types import Delivery
from core.notifications import smtp
from core.settings import Settings, SettingsError
from tests.notifications.conftest import Post

CALENDAR = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Rendez-vous \xc3\xa0 neuf heures\r\nEND:VCALENDAR\r\n"
LETTER = Delivery(
    "email", "anna@example.org", "Votre rendez-vous est confirmé", "Bonjour Anna,\n…à bientôt\n", "<p>Bonjour Anna…</p>",
    smtp.sender_of("Frontalia, santé", "messages@frontalia.example"), "aide@frontalia.example",
    (("rendez-vous.ics", "text/calendar", CALENDAR),), "6f1c2a",
)  # fmt: skip


def plain(server: Any) -> str:
    return f"smtp+plain://127.0.0.1:{server.port}"


def read(part: Any) -> str:
    """A part's text; lines end with CR LF on the way."""
    return str(part.get_content()).replace("\r\n", "\n")


def test_text_html_and_calendar_arrive_whole(serve: Callable[..., Any], post: Post) -> None:
    smtp.smtp_sender(plain(serve()))(LETTER)
    (mail,) = post.taken
    assert mail["Subject"] == "Votre rendez-vous est confirmé"
    assert [(a.display_name, a.addr_spec) for a in mail["From"].addresses] == [
        ("Frontalia, santé", "messages@frontalia.example")
    ]
    assert (mail["To"], mail["Reply-To"]) == ("anna@example.org", "aide@frontalia.example")
    assert mail["Message-ID"] == "<6f1c2a@frontalia.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert read(text) == LETTER.body_text
    assert read(html).strip() == LETTER.body_html
    (calendar,) = mail.iter_attachments()
    assert calendar.get_content_type() == "text/calendar"
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_filename() == "rendez-vous.ics"
    assert calendar.get_payload(decode=True) == CALENDAR
    assert post.envelopes == [("messages@frontalia.example", ["anna@example.org"])]


def test_every_try_has_the_same_id(serve: Callable[..., Any], post: Post) -> None:
    send = smtp.smtp_sender(plain(serve()))
    send(LETTER)
    send(LETTER)
    assert len({mail["Message-ID"] for mail in post.taken}) == 1


def test_starttls_with_a_password(serve: Callable[..., Any], post: Post, certificates: Any) -> None:
    theirs, ours = certificates
    server = serve(password=b"p:ss w", tls_context=theirs, require_starttls=True)
    smtp.smtp_sender(f"smtp://portico:p%3Ass%20w@127.0.0.1:{server.port}", context=ours)(LETTER)
    assert post.logins == [(b"portico", b"p:ss w")]
    assert len(post.taken) == 1


def test_tls_from_the_first_byte(serve: Callable[..., Any], post: Post, certificates: Any) -> None:
    theirs, ours = certificates
    server = serve(implicit=theirs)
    smtp.smtp_sender(f"smtps://127.0.0.1:{server.port}", context=ours)(LETTER)
    assert len(post.taken) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(
    serve: Callable[..., Any], post: Post, certificates: Any
) -> None:
    server = serve(tls_context=certificates[0])
    with pytest.raises(ssl.SSLCertVerificationError):
        smtp.smtp_sender(f"smtp://127.0.0.1:{server.port}")(LETTER)
    assert post.taken == []


def test_nothing_is_said_in_the_clear_where_tls_was_asked_for(serve: Callable[..., Any], post: Post) -> None:
    with pytest.raises(smtplib.SMTPNotSupportedError):
        smtp.smtp_sender(f"smtp://portico:secret@127.0.0.1:{serve().port}")(LETTER)
    assert post.taken == []
    assert post.logins == []


@pytest.mark.parametrize(
    ("answers", "failure"),
    [
        ({"to_rcpt": "550 no such mailbox"}, Undeliverable),
        ({"to_rcpt": "450 later"}, smtplib.SMTPRecipientsRefused),
        ({"to_data": "554 not wanted"}, Undeliverable),
        ({"to_data": "451 later"}, smtplib.SMTPDataError),
    ],
)
def test_never_is_told_from_not_now(
    serve: Callable[..., Any], post: Post, answers: dict[str, str], failure: type[Exception]
) -> None:
    vars(post).update(answers)
    with pytest.raises(failure) as told:
        smtp.smtp_sender(plain(serve()))(LETTER)
    assert "anna" not in str(told.value) or failure is smtplib.SMTPRecipientsRefused


def test_a_wrong_password_is_tried_again_after_it_was_mended(
    serve: Callable[..., Any], post: Post, certificates: Any
) -> None:
    theirs, ours = certificates
    server = serve(password=b"right", tls_context=theirs)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        smtp.smtp_sender(f"smtp://portico:wrong@127.0.0.1:{server.port}", context=ours)(LETTER)
    assert post.taken == []


def test_a_line_that_breaks_after_the_yes_is_no_failure(
    serve: Callable[..., Any], post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: smtplib.SMTP) -> None:
        raise TimeoutError

    monkeypatch.setattr(smtplib.SMTP, "quit", broken)
    smtp.smtp_sender(plain(serve()))(LETTER)
    assert len(post.taken) == 1


def test_a_server_that_is_away_raises(serve: Callable[..., Any]) -> None:
    server = serve()
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        smtp.smtp_sender(plain(server))(LETTER)


EVIL = "X\r\nBcc: thief@evil.example\r\n\r\nbody"


def test_a_line_break_in_a_header_stays_in_it(serve: Callable[..., Any], post: Post) -> None:
    evil = dataclasses.replace(
        LETTER,
        subject=f"Hello {EVIL}",
        sender=smtp.sender_of(f"Frontalia {EVIL}", "messages@frontalia.example"),
        attachments=((f"a {EVIL}.ics", "text/calendar", CALENDAR),),
        idempotency_key=f"1{EVIL}",
    )
    smtp.smtp_sender(plain(serve()))(evil)
    (mail,) = post.taken
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hello X Bcc: thief@evil.example body"
    assert post.envelopes == [("messages@frontalia.example", ["anna@example.org"])]
    assert read(mail.get_body(("plain",))) == LETTER.body_text


@pytest.mark.parametrize(
    "address",
    [
        "anna@example.org, thief@evil.example",
        "anna@example.org\r\nBcc: thief@evil.example",
        "anna@example.org\nRCPT TO:<thief@evil.example>",
        "Anna <anna@example.org>, thief@evil.example",
        "anna@example.org\x00",
        "anna",
        "",
    ],
)
@pytest.mark.parametrize("field", ["to", "reply_to"])
def test_what_is_not_one_address_is_never_sent(serve: Callable[..., Any], post: Post, address: str, field: str) -> None:
    if field == "reply_to" and not address:
        return
    send = smtp.smtp_sender(plain(serve()))
    with pytest.raises(Undeliverable) as told:
        send(dataclasses.replace(LETTER, **{field: address}))
    assert "anna" not in str(told.value)
    assert post.envelopes == []


@pytest.mark.parametrize(
    "url",
    ["mail.example", "http://mail.example", "smtp://", "smtp://host:99999", "smtp+plain://user:secret@host", "smtps://host:x"],
)  # fmt: skip
def test_a_url_that_cannot_be_used_is_named_without_its_password(url: str) -> None:
    environ = {
        "PORTICO_DATABASE_URL": "x", "PORTICO_REDIS_URL": "x", "PORTICO_SECRET_KEY": "s" * 32, "PORTICO_MASTER_KEY": "6d" * 32,
        "PORTICO_SMTP_URL": url,
    }  # fmt: skip
    with pytest.raises(SettingsError, match="PORTICO_SMTP_URL") as told:
        Settings.from_environment(environ)
    assert "secret" not in str(told.value)
    assert Settings.from_environment(environ | {"PORTICO_SMTP_URL": "smtp://mail.example"}).smtp_url
    with pytest.raises(ValueError, match="PORTICO_SMTP_URL"):
        smtp.smtp_sender(url)
