"""What a portal must have before it goes live; each missing thing is named with what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.hooks.manager import PluginRuntime
from core.hooks.types import GoLiveCheck
from core.messages import _

REQUIRED = (
    ("publisher.name", "CB-002"),
    ("publisher.legal_form", "CB-002"),
    ("publisher.register_city", "CB-002"),
    ("publisher.register_number", "CB-002"),
    ("publisher.registered_office", "CB-002"),
    ("publisher.contact_email", "CB-002"),
    ("publisher.director", "CB-002"),
    ("publisher.director_function", "CB-002"),
    ("host.name", "CB-003"),
    ("host.register_city", "CB-003"),
    ("host.register_number", "CB-003"),
    ("host.address", "CB-003"),
    ("host.certification", "CB-003"),
    ("host.certified_hosts_list_url", "CB-003"),
    ("data_protection.officer_name", "CB-005"),
    ("data_protection.email", "CB-005"),
    ("data_protection.authority", "CB-005"),
    ("contact.support_email", "CB-007"),
    ("contact.postal_address", "CB-007"),
    ("contact.support_hours", "CB-271"),
    ("contact.incident_email", "CB-118"),
    ("legal.insurance.professionals", "CB-268"),
    ("legal.insurance.operator", "CB-268"),
)


def _value(config: Mapping[str, Any], dotted: str) -> Any:
    value: Any = config
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def missing_for_live(bundle: Mapping[str, Any], runtime: PluginRuntime) -> list[GoLiveCheck]:
    """Everything that is missing, core's list and the enabled plugins'; empty when the portal may open."""
    config = bundle["config"]
    missing = [
        GoLiveCheck(key, _("{key} is missing in tenant.yaml: the law wants it shown or in place.", key=key), rule)
        for key, rule in REQUIRED
        if not _value(config, key)
    ]
    emergency = config.get("emergency", {})
    if not emergency.get("notice") or not emergency.get("countries"):
        missing.append(
            GoLiveCheck("emergency.notice", _("The emergency notice is off or names no country: set emergency.notice and emergency.countries."), "CB-009")
        )
    for code, document in bundle.get("legal", {}).items():
        for language in config["languages"]:
            if not document.get("texts", {}).get(language):
                missing.append(
                    GoLiveCheck(f"legal.{code}.{language}", _("The document {code} has no text in {language}.", code=code, language=language), "CB-060")
                )
    sections = config.get("plugins", {})
    for plugin in sorted(sections):
        view = runtime.dispatcher([plugin], sections)
        answers = dict(view.by_plugin("go_live_checks", config=config))
        if plugin in answers:
            missing += answers[plugin] or []
        elif plugin in runtime.names() and "go_live_checks" in runtime.hooks_of(plugin):
            missing.append(GoLiveCheck(f"plugins.{plugin}", _("The checks of the plugin {plugin} failed; see the log.", plugin=plugin)))
    return missing
