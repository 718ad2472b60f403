"""All checks of the kit, by name: one list for `portico plugin check` and for a plugin's own tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from core.testing import contract, contributions, independence, law, sources
from core.testing.subject import Finding, NoSuchPlugin, Place, Subject, load, places

__all__ = ["CHECKS", "WITHOUT_LOADING", "Finding", "NoSuchPlugin", "Place", "Subject", "check", "load", "places", "run"]

Check = Callable[[Subject], Iterator[Finding]]
CHECKS: Mapping[str, Check] = {
    "loads": contract.loads,
    "hooks": contract.hooks,
    "config": contract.config,
    "contributions": contributions.contributions,
    "parameters": law.parameters,
    "dates": law.dates,
    "cases": law.cases,
    "boundaries": law.boundaries,
    "refusals": law.refusals,
    "decisions": law.decisions,
    "order": independence.order,
    "off": independence.off,
    "imports": sources.imports,
    "pure": sources.pure,
    "translations": sources.translations,
}
WITHOUT_LOADING = frozenset({"loads", "parameters", "cases", "imports", "pure", "translations"})


def run(subject: Subject, names: Iterable[str] = CHECKS) -> list[Finding]:
    """What these checks find, in their order. A plugin that does not load is asked what its files can tell."""
    return [
        finding
        for name in names
        if subject.runtime is not None or name in WITHOUT_LOADING
        for finding in CHECKS[name](subject)
    ]


def check(target: str | Path) -> list[Finding]:
    """All that is wrong with the plugin of that name or folder. Raises NoSuchPlugin."""
    return [finding for place in places(target) for finding in run(load(place))]
