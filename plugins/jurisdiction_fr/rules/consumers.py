"""What French consumer law wants shown before a service opens to consumers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from core.plugin_api import Domain, GoLiveCheck, NoRuleInForce, Parameters

_ = Domain("jurisdiction_fr")


def mediator_problems(config: Mapping[str, Any], parameters: Parameters, day: dt.date) -> tuple[GoLiveCheck, ...]:
    """The mediator that consumers can turn to is named, with address and site; empty when it is, or before the duty began.

    `config` is the whole configuration of the portal; the articles are those of the parameter `consumer_mediator_article`.
    """
    try:
        citation = parameters.citation("consumer_mediator_article", day)
    except NoRuleInForce:
        return ()
    if (config.get("legal") or {}).get("consumer_mediator"):
        return ()
    message = _(
        "The consumer mediator is not named ({citation}): set legal.consumer_mediator with name, address and website.",
        citation=citation,
    )
    return (GoLiveCheck("legal.consumer_mediator", message, "CB-240"),)
