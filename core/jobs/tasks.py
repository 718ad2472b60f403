"""What RQ runs: functions with plain arguments, inside the application that the worker made."""

from __future__ import annotations

import uuid

from core.jobs import outbox


def deliver(tenant_id: int, message_id: str, consumer: str) -> bool:
    """Deliver one outbox message to one consumer."""
    return outbox.deliver(tenant_id, uuid.UUID(message_id), consumer)
