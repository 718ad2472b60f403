"""The project's name and markers for pluggy, and the version of the plugin API."""

from __future__ import annotations

import pluggy

PROJECT = "portico"
API_VERSION = "1.3"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
