"""A plugin among others: their order changes no answer, and where it is off it is as if it were not there."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from core.hooks import specs
from core.hooks.decisions import Decision
from core.hooks.manager import PluginProblem
from core.testing.subject import COMPARED, Finding, Subject, answers, contributed_to, runtime_of


def order(subject: Subject) -> Iterator[Finding]:
    """Registered first, last or in the middle, all answers are the same. A few orders tell: answers are sorted, not raced."""
    own = (subject.name, subject.module)
    rest = list(subject.others.modules.items())
    enabled = [*subject.others.modules, subject.name]
    straight, first = None, None
    for named in ([*rest, own], [own, *reversed(rest)], [*rest[: len(rest) // 2], own, *rest[len(rest) // 2 :]]):
        try:
            runtime = runtime_of(named)
        except PluginProblem as problem:
            yield Finding(
                "order", "registration", "; ".join(problem.problems), "contribute nothing that another plugin has"
            )
            return
        said = list(answers(runtime, subject, enabled))
        added = contributed_to(runtime.dispatcher(enabled))
        if straight is None:
            straight, first = said, added
            continue
        for case, one, other in zip(subject.sample(), straight, said, strict=True):
            if one != other:
                yield Finding(
                    "order",
                    f"{subject.inside(case.path)}:{case.line} {case.name}",
                    f"{_short(one)} or {_short(other)}, as plugins are registered",
                    "keep no state between questions: decide by the question alone",
                )
                return
        for hook in COMPARED:
            if first is not None and first[hook] != added[hook]:
                yield Finding(
                    "order",
                    hook,
                    "what is contributed depends on the order of plugins",
                    "give items a `weight` and codes of their own",
                )


def off(subject: Subject) -> Iterator[Finding]:
    """Installed and not enabled, the plugin adds nothing, hears nothing, decides nothing, and changes nobody's answer."""
    others = list(subject.others.modules)
    dispatcher = subject.loaded.dispatcher(others)
    added = contributed_to(dispatcher)
    for hook in COMPARED:
        if added[hook] != subject.added_before[hook]:
            yield Finding("off", hook, "what is contributed changes where it is installed and off", _OWN)
    for name in sorted(specs.EVENTS):
        if subject.name in dispatcher.listeners(name):
            yield Finding("off", name, "it is told of events where it is not enabled", _OWN)
    now = answers(subject.loaded, subject, others)
    for case, before, after in itertools.zip_longest(subject.sample(), subject.before, now):
        where = f"{subject.inside(case.path)}:{case.line} {case.name}"
        if before != after:
            yield Finding(
                "off",
                where,
                f"{_short(before)} without the plugin, {_short(after)} where it is installed and off",
                _OWN,
            )
            return
        if subject.name in {r.source for r in after.reasons}:
            yield Finding("off", where, "it decides where it is not enabled", _OWN)
            return


_OWN = "change nothing outside of the plugin: no module of core, no other plugin, nothing at import"


def _short(decision: Decision | None) -> str:
    return f"{decision.effect} ({', '.join(r.code for r in decision.reasons)})" if decision is not None else "nothing"
