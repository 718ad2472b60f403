"""The transactional outbox, RQ workers and periodic work: what was announced happens at least once."""

from core.jobs.outbox import announce, consumer

__all__ = ["announce", "consumer"]
