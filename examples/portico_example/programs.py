"""An operation for programs, mounted by core under /api/v1/x/example; it exists on portals that have the plugin on."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from core.plugin_api import ApiTopic, Domain, settings_of
from core.plugin_api.programs import Output, operation, told, topic

_ = Domain("example")
SCOPE = "example"
greeting_topic = topic("example", "greeting", "A greeting, for programs.")


class Greeting(Output):
    """What the portal says to programs."""

    welcome = fields.String(metadata=told("The words of the portal's configuration"))


@operation(greeting_topic, "GET", "/greeting", roles=("client",), scope=SCOPE, answer=Greeting)
def greeting() -> dict[str, Any]:
    """What the portal says to programs."""
    return {"welcome": settings_of("example").get("welcome", "")}


TOPICS = (ApiTopic("greeting", greeting_topic, {SCOPE: _("Be greeted")}),)
