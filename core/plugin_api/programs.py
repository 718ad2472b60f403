"""For plugins with operations for programs: a topic under /api/v1/x/<plugin>, its operations, schemas and refusals."""

from __future__ import annotations

from core.api.fields import Input, Output, told
from core.api.operations import Topic, operation
from core.api.operations import plugin_topic as topic
from core.api.problems import Problem, flatten, invalid
from core.identity.clients import MOST_CASES
from core.identity.clients import take as take_from_minute

__all__ = [
    "MOST_CASES",
    "Input",
    "Output",
    "Problem",
    "Topic",
    "flatten",
    "invalid",
    "operation",
    "take_from_minute",
    "told",
    "topic",
]
