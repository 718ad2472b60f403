"""The development inbox: a provider that keeps messages where a developer can read them."""

from __future__ import annotations

from sqlalchemy import select

from core import clock
from core.db import db
from core.hooks.types import Delivery
from core.notifications.models import InboxMessage


def keep(delivery: Delivery) -> None:
    """Keep a message in the present tenant's inbox."""
    db.session.add(
        InboxMessage(
            channel=delivery.channel,
            recipient=delivery.to,
            subject=delivery.subject,
            body_text=delivery.body_text,
            body_html=delivery.body_html,
            attachments=len(delivery.attachments),
            received_at=clock.now(),
        )
    )


def latest(limit: int = 100) -> list[InboxMessage]:
    """The newest messages of the present tenant."""
    return list(
        db.session.execute(
            select(InboxMessage).order_by(InboxMessage.received_at.desc(), InboxMessage.id).limit(limit)
        ).scalars()
    )
