"""The audit trail: hash-chained per tenant, written in the transaction of the act, verifiable end to end."""

from core.audit.service import Actor, acting_as, current_actor, record, verify

__all__ = ["Actor", "acting_as", "current_actor", "record", "verify"]
