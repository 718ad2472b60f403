"""How an operation is declared: one call says path, access, input, answer and what it needs of the portal."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import marshmallow as ma
from flask import Flask, Request, abort, g
from flask_smorest import Api, Blueprint
from webargs import ValidationError
from webargs.flaskparser import FlaskParser

from core.api import idempotency
from core.api.fields import ProblemAnswer
from core.api.problems import Problem, flatten, invalid
from core.messages import _
from core.web.access import access

V = TypeVar("V", bound=Callable[..., Any])
PROBLEM = "application/problem+json"
PREFIX = "/api/v1"


class Parser(FlaskParser):
    """Unknown members and parameters are refused; what is wrong is told as a problem."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": ma.RAISE, "json": ma.RAISE}

    def handle_error(
        self,
        error: ValidationError,
        req: Request,
        schema: ma.Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        """Tell each wrong value with its place."""
        messages = error.messages if isinstance(error.messages, Mapping) else {"json": error.messages}
        raise invalid([e for location, found in messages.items() for e in flatten(found, str(location))])

    def _handle_invalid_json_error(
        self, error: json.JSONDecodeError | UnicodeDecodeError, req: Request, *args: Any, **kwargs: Any
    ) -> NoReturn:
        raise Problem(400, "not_json", _("The body is not JSON."))


class PorticoApi(Api):
    """flask-smorest without its own error answers: the frame gives problem details everywhere."""

    ERROR_SCHEMA = ProblemAnswer

    def _register_error_handlers(self) -> None:
        return

    def _register_responses(self) -> None:
        content = {PROBLEM: {"schema": ProblemAnswer}}
        self.spec.components.response("PROBLEM", {"description": "A refusal, as problem details", "content": content})
        for name in ("UNPROCESSABLE_ENTITY", "UNPROCESSABLE_CONTENT", "DEFAULT_ERROR"):
            self.spec.components.response(name, {"description": "Problem details", "content": content}, lazy=True)


class Topic(Blueprint):
    """The operations of one topic; `plugin` is whose they are, "" for core's own."""

    ARGUMENTS_PARSER = Parser()
    plugin = ""


def plugin_topic(plugin: str, name: str, description: str) -> Topic:
    """A topic of a plugin, under /api/v1/x/<plugin>: its operations exist where the portal has the plugin on."""
    made = Topic(f"{plugin}_{name}", __name__, url_prefix=f"{PREFIX}/x/{plugin}", description=description)
    made.plugin = plugin
    NEEDS.setdefault(_plugin_need(plugin), lambda tenant: tenant.dispatcher.is_on(plugin))
    return made


def _plugin_need(plugin: str) -> str:
    return f"plugin {plugin}"


@dataclass(frozen=True, slots=True)
class Operation:
    """What was declared of an operation, for the OpenAPI document and its page."""

    endpoint: str
    roles: tuple[str, ...]
    needs: str | None
    idempotent: bool
    refusals: Mapping[int, str]
    scope: str | None = None


OPERATIONS: dict[str, Operation] = {}
NEEDS: dict[str, Callable[[Any], bool]] = {}


def need(name: str) -> Callable[[Callable[[Any], bool]], Callable[[Any], bool]]:
    """Register what an operation may need of a portal: a function of the tenant's view."""

    def register(test: Callable[[Any], bool]) -> Callable[[Any], bool]:
        NEEDS[name] = test
        return test

    return register


def operation(
    topic: Topic,
    method: str,
    rule: str,
    *,
    roles: tuple[str, ...],
    answer: type[ma.Schema] | None,
    body: type[ma.Schema] | None = None,
    query: type[ma.Schema] | None = None,
    status: int = 200,
    repeatable: bool = False,
    needs: str | None = None,
    scope: str | None = None,
    refusals: Mapping[int, str] | None = None,
) -> Callable[[V], V]:
    """Declare an operation; its docstring's first line is the summary, the rest the description.

    `roles` as in `core.web.access`; `repeatable` wants an Idempotency-Key, and then the view must not commit; `needs`
    names a test of the portal, and where it fails the operation is absent (404); `scope` is what a client's token must
    hold; `refusals` are documented statuses.
    """

    if topic.plugin:
        needs = _plugin_need(topic.plugin)

    def declare(view: V) -> V:
        handler: Callable[..., Any] = view
        handler = topic.response(status, answer)(handler)
        if body is not None:
            handler = topic.arguments(body, location="json")(handler)
        if query is not None:
            handler = topic.arguments(query, location="query")(handler)
        documented = getattr(handler, "_apidoc", {})
        if repeatable:
            handler = idempotency.idempotent(handler)
        handler = _guarded(handler, needs, scope)
        handler._apidoc = documented  # type: ignore[attr-defined]
        access(*roles)(handler)
        endpoint = view.__name__
        OPERATIONS[f"{topic.name}.{endpoint}"] = Operation(
            f"{topic.name}.{endpoint}", roles, needs, repeatable, dict(refusals or {}), scope
        )
        topic.add_url_rule(rule, endpoint, handler, methods=[method])
        return view

    return declare


def _guarded(view: Callable[..., Any], needs: str | None, scope: str | None) -> Callable[..., Any]:
    @functools.wraps(view)
    def asked(*args: Any, **kwargs: Any) -> Any:
        if needs is not None and not NEEDS[needs](g.tenant):
            abort(404)
        # The scope binds partners' programs; a person's own session has the person's rights.
        if scope is not None and g.client is not None and scope not in g.client.scopes:
            raise Problem(
                403,
                "insufficient_scope",
                _("This client's token is not for that: ask for the scope “{scope}”.", scope=scope),
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
            )
        return view(*args, **kwargs)

    return asked


def make_api(app: Flask) -> PorticoApi:
    """The API object of an application. Its document is served by `core.api.openapi`, per tenant."""
    return PorticoApi(app, spec_kwargs={"title": "Portico", "version": "1.0", "openapi_version": "3.1.0"})
