"""Where health data may be kept: by a certified host, in a country that the certificate and the portal allow."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from core.plugin_api import Domain, GoLiveCheck, Parameters

_ = Domain("jurisdiction_fr")


def host_problems(config: Mapping[str, Any], parameters: Parameters, day: dt.date) -> tuple[GoLiveCheck, ...]:
    """What the declared host lacks on a day (CB-270, SO-003, IA-090, BC-052, CM-053); empty when nothing.

    `config` is the whole configuration of the portal. Raises NoRuleInForce before the certification existed.
    """
    host = config.get("host") or {}
    section = (config.get("plugins") or {}).get("jurisdiction_fr") or {}
    wanted = str(parameters.at("health_data_host_certification", day).value)
    allowed = tuple(parameters.at("health_data_host_countries", day).value)
    own = section.get("host_countries") or ()
    if own:
        allowed = tuple(c for c in allowed if c in own)
    found = []
    if not host.get("name"):
        message = _("The host of the health data is not named: set host.name.")
        found.append(GoLiveCheck("host.name", message, "IA-090"))
    if not re.search(rf"\b{re.escape(wanted)}\b", str(host.get("certification") or ""), re.IGNORECASE):
        message = _(
            "The host of the health data must be certified {certification}: choose one and set host.certification.",
            certification=wanted,
        )
        found.append(GoLiveCheck("host.certification", message, "CB-270"))
    if host.get("country") not in allowed:
        message = _(
            "The health data must be kept in one of these countries: {countries}. Set host.country.",
            countries=", ".join(allowed),
        )
        found.append(GoLiveCheck("host.country", message, "SO-003"))
    return tuple(found)
