"""Telling people: written in the transaction of what happened, delivered after it, each way out on its own."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, g
from sqlalchemy import func, select, update

from core import clock, i18n
from core.db import db
from core.hooks.types import ChannelProvider, Delivery, Event, MessageTemplate
from core.jobs import announce, consumer
from core.messages import Message
from core.notifications import marketing
from core.notifications.catalogue import TEMPLATES
from core.notifications.models import Notification, NotificationDelivery
from core.notifications.smtp import sender_of
from core.tenancy import keys
from core.tenancy.current import TenantView, current_tenant
from core.web.language import gettext_of

Attachment = tuple[str, str, bytes]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a person is reached: addresses, language, and the zone in which times are told."""

    email: str = ""
    phone: str = ""
    language: str = "fr"
    zone: str = ""
    name: str = ""


def template_of(code: str) -> MessageTemplate:
    """The template of a code: core's, or one that an enabled plugin contributes. Raises KeyError."""
    found = TEMPLATES.get(code)
    if found is None:
        found = next((t for t in current_tenant().dispatcher.collect("message_templates") if t.code == code), None)
    if found is None:
        raise KeyError(code)
    return found


def notify(
    code: str,
    *,
    account_id: uuid.UUID,
    person_id: uuid.UUID,
    to: Recipient,
    params: Mapping[str, Any] | None = None,
    channels: Sequence[str] | None = None,
    link: str | None = None,
    ics: str | None = None,
) -> Notification:
    """Tell an account something, in the present transaction.

    `params` are JSON-ready; an instant is given as ISO text under a key ending in `_at` and shown in the reader's zone.
    `link` is a path on the portal. `channels` overrides the template's and the tenant's. `ics` is a calendar file.
    Raises marketing.Objected for marketing to somebody who wants none.
    """
    tenant = current_tenant()
    template = template_of(code)
    if template.purpose == marketing.PURPOSE and marketing.objection(account_id) is not None:
        raise marketing.Objected(code)
    wanted = list(channels or tenant.config["notifications"].get("channels", {}).get(code) or template.channels)
    row = Notification(
        account_id=account_id,
        code=code,
        language=to.language if to.language in tenant.languages else tenant.language,
        sealed=b"",
        link=link,
        in_app="in_app" in wanted,
        created_at=clock.now(),
    )
    body: dict[str, Any] = {
        "params": dict(params or {}),
        "to": {"email": to.email, "phone": to.phone, "zone": to.zone, "name": to.name},
    }
    if ics:
        body["ics"] = ics
    body["person"] = str(person_id)
    row.sealed = person_id.bytes + keys.seal_json(person_id, "notifications", "sealed", body)
    db.session.add(row)
    db.session.flush()
    for channel, address in (("email", to.email), ("sms", to.phone)):
        if channel in wanted and address:
            delivery = NotificationDelivery(notification_id=row.id, channel=channel, state="waiting")
            db.session.add(delivery)
            db.session.flush()
            announce("notification_due", {"delivery_id": str(delivery.id)})
    return row


def _open(row: Notification) -> dict[str, Any]:
    person_id = uuid.UUID(bytes=row.sealed[:16])
    opened: dict[str, Any] = keys.unseal_json(person_id, "notifications", "sealed", row.sealed[16:])
    return opened


@consumer("notification_due", "core.notifications")
def send(event: Event) -> None:
    """Send one way out. Sent once: the row is locked and its state is part of the same transaction."""
    delivery = db.session.execute(
        select(NotificationDelivery)
        .where(NotificationDelivery.id == uuid.UUID(event.payload["delivery_id"]))
        .with_for_update()
    ).scalar_one_or_none()
    if delivery is None or delivery.state != "waiting":
        return
    row = Notification.get(delivery.notification_id)
    if marketing.refuses(row, template_of(row.code).purpose):
        delivery.state = "dropped"
        return
    try:
        body = _open(row)
    except keys.Erased:
        delivery.state = "dropped"
        return
    provider = _provider(delivery.channel)
    message = compose(row, body, delivery.channel, str(delivery.id))
    provider.send(message)
    delivery.state, delivery.sent_at, delivery.provider = "sent", clock.now(), provider.code


def _provider(channel: str) -> ChannelProvider:
    tenant = current_tenant()
    offered = [p for p in tenant.dispatcher.collect("channel_providers") if p.channel == channel]
    chosen = tenant.config["notifications"].get("providers", {}).get(channel)
    for provider in offered:
        if provider.code == chosen or not chosen:
            return provider  # type: ignore[no-any-return]
    if offered:
        return offered[0]  # type: ignore[no-any-return]
    raise LookupError(f"no provider for {channel}")


def base_url(tenant: TenantView) -> str:
    """The portal's own address: from its configuration, never from a request's Host header."""
    settings = current_app.extensions["portico"].settings
    hosts = tenant.config.get("hosts") or []
    if settings.env == "production" and hosts:
        return f"https://{hosts[0]}"
    return f"http://{tenant.slug}.localhost:{settings.public_port}"


def compose(row: Notification, body: Mapping[str, Any], channel: str, key: str) -> Delivery:
    """The message in the reader's language and the tenant's brand."""
    tenant = current_tenant()
    words = _readable(body["params"], row.language, body["to"].get("zone") or tenant.time_zone)
    words |= {"portal": tenant.name, "link": base_url(tenant) + (row.link or "/"), "name": body["to"].get("name", "")}
    config = tenant.config["notifications"]
    sender = sender_of(
        config.get("sender_name") or tenant.name, config.get("sender_email") or f"noreply@{tenant.slug}.example"
    )
    if channel == "sms":
        template = template_of(row.code)
        subject = _subject(tenant, row.code, words, row.language)
        source = template.sms or Message("{portal}: {subject}. {link}")
        text = i18n.render(
            Message(source.msgid, {**words, "subject": subject}, source.domain),
            row.language,
            tenant.words(row.language),
        )
        return Delivery("sms", body["to"]["phone"], subject, text, idempotency_key=key)
    subject, text, html = mail_of(tenant, row.code, words, row.language)
    attachments: tuple[Attachment, ...] = ()
    if body.get("ics"):
        attachments = (
            ("rendez-vous.ics" if row.language == "fr" else "appointment.ics", "text/calendar", body["ics"].encode()),
        )
    reply_to = (tenant.config.get("contact") or {}).get("support_email") or ""
    return Delivery("email", body["to"]["email"], subject, text, html, sender, reply_to, attachments, key)


def _subject(tenant: TenantView, code: str, words: Mapping[str, Any], language: str) -> str:
    subject = template_of(code).subject
    return i18n.render(Message(subject.msgid, words, subject.domain), language, tenant.words(language))


def mail_of(tenant: TenantView, code: str, words: Mapping[str, Any], language: str) -> tuple[str, str, str]:
    """(subject, text, HTML) of a message in a language and a portal's brand; `words` has `portal`, `link` and `name`."""
    before = g.get("language")
    g.language = language
    try:
        subject = _subject(tenant, code, words, language)
        context = {**words, "subject": subject, "tenant": tenant, "code_name": code, "base": base_url(tenant)}
        # A worker has no request: the page's context processors are left out, the environment's words are there.
        environment = current_app.jinja_env
        domain = template_of(code).subject.domain
        if domain != "core":
            context["_"] = gettext_of(domain)
        text = environment.get_template(f"mail/{code}.txt").render(**context)
        return subject, text, environment.get_template(f"mail/{code}.html").render(**context)
    finally:
        if before is None:
            g.pop("language", None)
        else:
            g.language = before


def _readable(params: Mapping[str, Any], language: str, zone: str) -> dict[str, Any]:
    result = dict(params)
    for name, value in params.items():
        if name.endswith("_at") and isinstance(value, str):
            instant = dt.datetime.fromisoformat(value)
            result[name.removesuffix("_at")] = i18n.moment(instant, language, ZoneInfo(zone), "full")
    return result


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the account's list of notifications."""

    id: uuid.UUID
    subject: str
    when: dt.datetime
    link: str | None
    unread: bool
    detail: str = ""


def listed(account_id: uuid.UUID, language: str, limit: int = 100) -> list[Told]:
    """The account's notifications, newest first (CB-097)."""
    tenant = current_tenant()
    rows = db.session.execute(
        select(Notification)
        .where(Notification.account_id == account_id, Notification.in_app)
        .order_by(Notification.created_at.desc())
        .limit(limit)
    ).scalars()
    result = []
    for row in rows:
        body = _open(row)
        words = _readable(body["params"], language, body["to"].get("zone") or tenant.time_zone)
        words |= {"portal": tenant.name}
        subject = template_of(row.code).subject
        said = i18n.render(Message(subject.msgid, words, subject.domain), language, tenant.words(language))
        detail = " · ".join(str(words[k]) for k in ("when", "professional", "patient") if words.get(k))
        result.append(Told(row.id, said, row.created_at, row.link, row.read_at is None, detail))
    return result


def unread(account_id: uuid.UUID) -> int:
    """How many notifications the account has not read."""
    return int(
        db.session.execute(
            select(func.count())
            .select_from(Notification)
            .where(Notification.account_id == account_id, Notification.in_app, Notification.read_at.is_(None))
        ).scalar_one()
    )


def mark_read(account_id: uuid.UUID) -> None:
    """All of the account's notifications are read."""
    db.session.execute(
        update(Notification)
        .where(Notification.account_id == account_id, Notification.read_at.is_(None))
        .values(read_at=clock.now())
    )
