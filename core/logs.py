"""Structured logs: one JSON object a line, with the request number, without personal data."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
import traceback
from typing import Any

from flask import g, has_app_context

# Only these extras are written: a name or an address passed by mistake never reaches the log.
ALLOWED = (
    "attempts", "consumer", "endpoint", "error", "hook", "job", "message_id", "method", "ms", "plugin", "status", "tenant_id", "what",
)  # fmt: skip


class JsonFormatter(logging.Formatter):
    """Time, level, logger, event, request number, tenant, and the allowed extras."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage() if record.name.startswith("portico") else _clean(record.getMessage()),
        }
        if has_app_context():
            line["request"] = g.get("request_number", "-")
            tenant = g.get("tenant")
            if tenant is not None:
                line["tenant"] = tenant.slug
        line.update({k: record.__dict__[k] for k in ALLOWED if k in record.__dict__})
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            # The text of an exception may quote what a person typed: type and places only.
            line["exception"] = type(error).__name__
            line["where"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)][
                -12:
            ]
        return json.dumps(line, ensure_ascii=True, default=str)


def _clean(text: str) -> str:
    return text.replace("\n", " ").replace("\r", " ")[:500]


def install(level: str) -> None:
    """Send all logs to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("werkzeug").setLevel("WARNING")
    logging.getLogger("alembic").setLevel("WARNING")
