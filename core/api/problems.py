"""Problem details (RFC 9457): a refusal that a program can read, in the visitor's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response

from core.db import db
from core.messages import Message, _
from core.web import frame
from core.web.language import say


class Problem(Exception):
    """An operation that cannot be done. `code` is stable; `more` holds further JSON-ready members of the answer."""

    def __init__(
        self, status: int, code: str, message: Message, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.more = more


def answer(problem: Problem) -> Response:
    """The problem as a response."""
    response = frame.problem(problem.status, problem.code, say(problem.message), **problem.more)
    response.headers.update(problem.headers)
    return response


def _handle(problem: Problem) -> Response:
    db.session.rollback()
    return answer(problem)


def invalid(errors: list[dict[str, str]]) -> Problem:
    """The input that is wrong, each place with what is wrong about it."""
    return Problem(
        422, "invalid_input", _("Some values are missing or wrong. Each is named under “errors”."), errors=errors
    )


def flatten(messages: Any, location: str) -> list[dict[str, str]]:
    """marshmallow's nested messages as a list: `pointer` (JSON pointer) for a body, `parameter` for the others."""
    found: list[dict[str, str]] = []

    def walk(value: Any, path: tuple[str, ...]) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                walk(inner, path if key == "_schema" else (*path, str(key)))
        elif isinstance(value, list) and value and all(isinstance(v, str) for v in value):
            for text in value:
                place = "#/" + "/".join(p.replace("~", "~0").replace("/", "~1") for p in path) if path else "#"
                where = {"pointer": place} if location == "json" else {"parameter": ".".join(path)}
                found.append({**where, "detail": text})
        elif isinstance(value, list):
            for inner in value:
                walk(inner, path)
        else:
            walk([str(value)], path)

    walk(messages, ())
    return sorted(found, key=lambda e: sorted(e.items()))


def install(app: Flask) -> None:
    """Answer every `Problem` raised in the application."""
    app.register_error_handler(Problem, _handle)
