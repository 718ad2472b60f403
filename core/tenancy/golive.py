"""What a portal must have before it goes live; each missing thing is named with what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.hooks.manager import PluginRuntime
from core.hooks.types import GoLiveCheck
from core.messages import Message, _
from core.tenancy.content import unresolved
from core.tenancy.schema_privacy import CATEGORIES, REQUIRED_TASKS
from core.tenancy.schemas import DOCUMENTS

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
    ("data_protection.postal_address", "IA-100"),
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
    missing += _entrusted(config) + _periods(config)
    missing += _distinct(config) + _documents(bundle) + _texts(bundle) + _test_sites(config)
    sections = config.get("plugins", {})
    for plugin in sorted(sections):
        view = runtime.dispatcher([plugin], sections)
        answers = dict(view.by_plugin("go_live_checks", config=config))
        if plugin in answers:
            missing += answers[plugin] or []
        elif plugin in runtime.names() and "go_live_checks" in runtime.hooks_of(plugin):
            missing.append(
                GoLiveCheck(
                    f"plugins.{plugin}", _("The checks of the plugin {plugin} failed; see the log.", plugin=plugin)
                )
            )
        elif plugin not in runtime.names():
            missing.append(
                GoLiveCheck(f"plugins.{plugin}", _("The plugin {plugin} is not installed here.", plugin=plugin))
            )
    return missing + _emergency(config, runtime)


def advice_for_live(config: Mapping[str, Any]) -> list[Message]:
    """What does not keep a portal from going live, and is better mended before real people come."""
    scanner = (config.get("care") or {}).get("scanner")
    if scanner == "basic":
        return [
            _(
                "care.scanner is “basic”, which is no virus scanner: for real people, set it to “clamd” and PORTICO_CLAMD "
                "to the address of a ClamAV daemon."
            )
        ]
    if scanner == "none":
        return [_("care.scanner is “none”: files that people send wait, and nobody can open them.")]
    return []


def _distinct(config: Mapping[str, Any]) -> list[GoLiveCheck]:
    officer = str(_value(config, "data_protection.email") or "").lower()
    if officer and officer == str(_value(config, "contact.support_email") or "").lower():
        return [
            GoLiveCheck(
                "data_protection.email",
                _("The data-protection officer needs an address of their own, not that of support."),
                "CB-005",
            )
        ]
    return []


def _entrusted(config: Mapping[str, Any]) -> list[GoLiveCheck]:
    """Users are told who hosts and who runs the portal (CB-274)."""
    told = {s.get("task") for s in _value(config, "data_protection.subcontractors") or ()}
    return [
        GoLiveCheck(
            "data_protection.subcontractors",
            _("data_protection.subcontractors names nobody for “{task}”: users are told who is entrusted with it.", task=task),
            "CB-274",
        )
        for task in REQUIRED_TASKS
        if task not in told
    ]  # fmt: skip


def _periods(config: Mapping[str, Any]) -> list[GoLiveCheck]:
    """Nothing personal is kept without an end (IA-095)."""
    set_ = config.get("retention") or {}
    return [
        GoLiveCheck(
            f"retention.{code}",
            _("retention.{code} is missing in tenant.yaml: every category of personal data has a period.", code=code),
            "IA-095",
        )
        for code in CATEGORIES
        if code not in set_
    ]


def _test_sites(config: Mapping[str, Any]) -> list[GoLiveCheck]:
    """Anybody gets an identity at a provider's test site: it opens no portal to the public."""
    return [
        GoLiveCheck(
            f"identity.providers.{entry['code']}",
            _(
                "The identity provider {code} is set to its test site: set environment to production.",
                code=entry["code"],
            ),
        )
        for entry in config.get("identity", {}).get("providers") or ()
        if entry.get("environment") == "test"
    ]


def _emergency(config: Mapping[str, Any], runtime: PluginRuntime) -> list[GoLiveCheck]:
    wanted = config.get("emergency", {})
    if not wanted.get("notice") or not wanted.get("countries"):
        text = _("The emergency notice is off or names no country: set emergency.notice and emergency.countries.")
        return [GoLiveCheck("emergency.notice", text, "CB-009")]
    sections = {p: s for p, s in config.get("plugins", {}).items() if p in runtime.names()}
    known = {n.country for n in runtime.dispatcher(sections, sections).collect("emergency_numbers")}
    return [
        GoLiveCheck(
            "emergency.countries",
            _("No enabled plugin gives emergency numbers for {country}.", country=country),
            "CB-009",
        )
        for country in wanted["countries"]
        if country not in known
    ]


def _documents(bundle: Mapping[str, Any]) -> list[GoLiveCheck]:
    legal = bundle.get("legal", {})
    there = {*legal, *(d.get("stands_for") for d in legal.values())}
    missing = [
        GoLiveCheck(f"legal.{code}", _("The document {code} is missing.", code=code), "CB-060")
        for code in DOCUMENTS
        if code not in there
    ]
    for code, document in legal.items():
        for language in bundle["config"]["languages"]:
            if not document.get("texts", {}).get(language):
                text = _("The document {code} has no text in {language}.", code=code, language=language)
                missing.append(GoLiveCheck(f"legal.{code}.{language}", text, "CB-060"))
    return missing


def _texts(bundle: Mapping[str, Any]) -> list[GoLiveCheck]:
    """Values that a text shows and that tenant.yaml leaves empty: a draft may, the public may not see the gap."""
    config = bundle["config"]
    gaps: dict[str, str] = {}
    for folder, texts in (
        ("legal", {c: d.get("texts", {}) for c, d in bundle.get("legal", {}).items()}),
        ("content", bundle.get("content", {})),
    ):
        for name, by_language in texts.items():
            for language, text in by_language.items():
                for key in unresolved(text, config):
                    gaps.setdefault(key, f"{folder}/{name} ({language})")
    told = {key for key, _rule in REQUIRED}
    return [
        GoLiveCheck(key, _("{place} shows {key}, and tenant.yaml leaves it empty.", place=place, key=key))
        for key, place in sorted(gaps.items())
        if key not in told
    ]
