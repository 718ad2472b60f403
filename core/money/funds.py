"""Who pays in units instead of the patient. Core only says when a unit is spent or goes back; the plugin keeps the account."""

from __future__ import annotations

import uuid

from flask import Flask, current_app

from core.hooks.manager import PluginRuntime
from core.hooks.types import Fund
from core.messages import Message

_FUNDS = "portico_funds"


def install(app: Flask, runtime: PluginRuntime) -> None:
    """Collect the funds of all installed plugins: what was reserved is settled also where a plugin was switched off since.

    Raises ValueError for two funds of one code.
    """
    found: dict[str, Fund] = {}
    for plugin, funds in runtime.installed().by_plugin("funds"):
        for fund in funds:
            if fund.code in found:
                raise ValueError(f"plugin {plugin}: there is a fund of the code {fund.code} already")
            found[fund.code] = fund
    app.extensions[_FUNDS] = found


def _fund(code: str) -> Fund:
    fund: Fund = current_app.extensions[_FUNDS][code]
    return fund


def exists(code: str) -> bool:
    """Whether an installed plugin has a fund of this code."""
    return code in current_app.extensions[_FUNDS]


def label(code: str) -> Message:
    """The fund's name. Raises KeyError where its plugin is no longer installed."""
    return _fund(code).label


def spend(code: str | None, act_id: uuid.UUID) -> None:
    """An act that a fund pays was delivered. Raises KeyError where the plugin is no longer installed: nothing is settled."""
    if code is not None:
        _fund(code).spend(act_id)


def give_back(code: str | None, act_id: uuid.UUID) -> None:
    """An act that a fund pays ended without a delivery: its unit goes back."""
    if code is not None:
        _fund(code).give_back(act_id)
