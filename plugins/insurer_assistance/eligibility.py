"""Is somebody covered? The portal's list first; then, where the contract says so, the insurer's own service."""

from __future__ import annotations

from plugins.insurer_assistance import members
from plugins.insurer_assistance.members import Answer, Asked


def check(asked: Asked) -> Answer:
    """Whether the insurer covers somebody today. Never raises: what cannot be known is `unknown`, with the way to go on."""
    return members.in_list(asked)
