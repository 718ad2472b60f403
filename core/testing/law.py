"""The law of a plugin: its dated values, its cases, and what every answer of its rules must hold."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from core import clock
from core.hooks import case_files, rulebook, specs
from core.hooks.case_files import Case
from core.hooks.decisions import Decision, Effect, PatientFacts, ProfessionalFacts, Question, Reason
from core.testing.shapes import CODE, messages, wrong_words
from core.testing.subject import Finding, Subject

# What cannot rest on a text: a fact that is not there, a day before the law, facts that contradict the portal.
WITHOUT_TEXT = frozenset({"missing_fact", "no_rule_in_force", "category_unavailable"})
DAYS = 40  # dates at which the sampled cases are asked again
LONG_AGO = dt.date(1800, 1, 1)
ONE = dt.timedelta(days=1)
FOREVER = 1_000_000  # days


# -- dated values ----------------------------------------------------------------------------------------------------


def parameters(subject: Subject) -> Iterator[Finding]:
    """Every dated value can be read, has its reference, stands once, in order of date, and was checked by somebody.

    How long ago is told by `portico rules check`: what passes today passes tomorrow.
    """
    for line in rulebook.parameter_problems(subject.home, clock.now().date(), FOREVER):
        where, _colon, found = line.removeprefix(f"{subject.name}/").partition(": ")
        yield Finding("parameters", where, found, _mending(found))


def _mending(found: str) -> str:
    fixes = {
        "reference": "name the text and the article on which the value rests",
        "dates must ascend": "put the values in order of date; each holds until the next begins",
        "given twice": "one date, one value: keep the one that holds",
        "still to come": "`checked_on` is the day on which somebody looked",
        "before its newest value": "look at the new value too, then renew `checked_on`",
        "null": "a value holds until the next begins: give the value of the gap, false if nothing holds then",
        "Unknown field": "keys are label, unit, checked_on, notes, values; of a value: value, reference, published",
    }
    return next((fix for part, fix in fixes.items() if part in found), "see “A parameter” in docs/writing-a-plugin.md")


def dates(subject: Subject) -> Iterator[Finding]:
    """At each date and the day before, and long before the law, every rule answers: no gap opens between two values."""
    told: set[tuple[str, str]] = set()
    days = sorted({d for p in subject.read.items.values() for v in p.values for d in (v.since - ONE, v.since)})
    step = max(1, -(-len(days) // DAYS))
    for case in subject.sample():
        for day in (LONG_AGO, *days[::step], *days[-1:]):
            asked = dataclasses.replace(case.question, at=day)
            try:
                answer = subject.decide(asked)
            except Exception as error:
                key = (asked.name, type(error).__name__)
                if key not in told:
                    told.add(key)
                    yield Finding(
                        "dates",
                        f"{asked.name} on {day.isoformat()} (the facts of {_at(subject, case)})",
                        f"{type(error).__name__}: {error}",
                        "where no value holds yet, catch NoRuleInForce and deny with `no_rule_in_force`",
                    )
                continue
            for reason in getattr(answer, "reasons", ()):
                late = [p for p in reason.parameters if p.since > _last_day(asked)]
                if late and (asked.name, late[0].key) not in told:
                    told.add((asked.name, late[0].key))
                    yield Finding(
                        "dates",
                        f"{asked.name} on {day.isoformat()} (the facts of {_at(subject, case)})",
                        f"{late[0].key} of {late[0].since.isoformat()} decided before it held",
                        "take values by `parameters.at(key, question.at)`",
                    )


def _last_day(question: Question) -> dt.date:
    """The day of the act, or a later one among the facts: a contract is judged by the law of its own day."""
    given = [v for v in question.facts.values() if type(v) is dt.date]
    return max([question.at, *given])


# -- cases -----------------------------------------------------------------------------------------------------------


def _at(subject: Subject, case: Case) -> str:
    return f"{subject.inside(case.path)}:{case.line} {case.name}"


def cases(subject: Subject) -> Iterator[Finding]:
    """The case files can be read, every question that the plugin answers has a case, and every case is answered so."""
    for problem in subject.case_problems:
        yield Finding(
            "cases",
            f"{subject.inside(problem.path)}:{problem.line}",
            problem.message,
            "see “Cases” in docs/writing-a-plugin.md",
        )
    if subject.runtime is None:
        return
    asked = {c.question.name for c in subject.cases}
    for hook in subject.hooks(specs.DECISIONS):
        if hook not in asked:
            yield Finding(
                "cases",
                hook,
                "no case asks this question",
                f"write cases/{hook}.yaml: at each date that matters and the day before",
            )
    for case in subject.cases:
        if case.question.name not in subject.hooks(specs.DECISIONS):
            yield Finding(
                "cases",
                _at(subject, case),
                f"the plugin does not answer {case.question.name}",
                "implement the hook, or leave the case out",
            )
            continue
        try:
            answer = subject.decide(case.question)
            wrong = [str(d) for d in case_files.differences(case.expect, answer)]
        except Exception as error:
            wrong = [f"{type(error).__name__}: {error}"]
        for line in wrong:
            yield Finding("cases", _at(subject, case), line, "mend the rule, or the case if the law says otherwise")


def boundaries(subject: Subject) -> Iterator[Finding]:
    """Where a value on which answers rest is replaced by another, a case stands on that day and one on the day before."""
    rested: dict[str, set[str]] = {}
    standing: dict[str, set[dt.date]] = {}
    for case, answer in _answered(subject, subject.cases):
        standing.setdefault(case.question.name, set()).add(case.question.at)
        for reason in answer.reasons:
            for p in reason.parameters:
                rested.setdefault(p.key, set()).add(case.question.name)
    for key, questions in sorted(rested.items()):
        parameter = subject.read.items.get(key)
        days = set().union(*(standing[q] for q in questions))
        for value in parameter.values[1:] if parameter is not None else ():
            for day in (value.since - ONE, value.since):
                if day not in days:
                    path, line = subject.read.places[key]
                    yield Finding(
                        "boundaries",
                        f"{subject.inside(path)}:{line} {key}",
                        f"no case of {' or '.join(sorted(questions))} on {day.isoformat()}, "
                        f"{'the day' if day == value.since else 'the day before'} of a change",
                        f"add a case with `at: {day.isoformat()}` that the change decides",
                    )


def _answered(subject: Subject, cases: Iterable[Case]) -> Iterator[tuple[Case, Decision]]:
    """The cases that are answered with a decision; others are told by the check of cases."""
    for case in cases:
        try:
            answer = subject.decide(case.question)
        except Exception:
            continue
        if isinstance(answer, Decision):
            yield case, answer


# -- answers ---------------------------------------------------------------------------------------------------------


def refusals(subject: Subject) -> Iterator[Finding]:
    """Every refusal names its rule and cites the text of law or contract; what rests on a dated value cites it."""
    told: set[tuple[str, str]] = set()
    for case, answer in _answered(subject, subject.cases):
        lacks = case_files.unruled(case, answer)
        if lacks and "neither rules nor codes" in lacks:
            yield Finding(
                "refusals", _at(subject, case), lacks.partition(": ")[2], "say in `expect` which rules or codes refuse"
            )
        for reason in answer.reasons:
            for found, fix in _unfounded(subject, reason):
                if (reason.code, found) not in told:
                    told.add((reason.code, found))
                    yield Finding("refusals", f"{case.question.name} {reason.code} ({_at(subject, case)})", found, fix)


def _unfounded(subject: Subject, reason: Reason) -> Iterator[tuple[str, str]]:
    denies = reason.effect is Effect.DENY
    if denies and reason.code != "missing_fact" and not reason.rule:
        yield "a refusal without a rule", "give the Reason its `rule`, as the README or the catalogue names it"
    if reason.citation:
        return
    if reason.parameters:
        yield (
            f"it rests on {', '.join(p.key for p in reason.parameters)} and cites nothing",
            "pass `parameters.citation(key, question.at)` as the citation",
        )
    elif denies and reason.source == subject.name and reason.code not in WITHOUT_TEXT:
        yield (
            "a refusal without a citation",
            'name the article of law or contract; what the portal chose has the source "tenant"',
        )


def decisions(subject: Subject) -> Iterator[Finding]:
    """Answers are decisions, complete, the same for the same question, and change nothing of what they are given."""
    told: set[tuple[str, str]] = set()
    for question, where in asked_about(subject):
        for found, fix in _answer_problems(subject, question):
            if (question.name, found) not in told:
                told.add((question.name, found))
                yield Finding("decisions", f"{question.name} ({where})", found, fix)


def asked_about(subject: Subject) -> Iterator[tuple[Question, str]]:
    """The sampled cases, each also with every part left out, and a question about strangers for each hook."""
    for hook in subject.hooks(specs.DECISIONS):
        day = dt.date(2026, 11, 21)
        yield Question(hook, day), "a question without any fact"
        stranger = PatientFacts("no_such_category", frozenset({"no_such_status"}), dt.date(1980, 5, 1), "ZZ")
        yield (
            Question(hook, day, "no_such_service", stranger, ProfessionalFacts("ZZ", "physician")),
            "a stranger's question",
        )
    for case in subject.sample():
        question, where = case.question, _at(subject, case)
        if question.name not in subject.hooks(specs.DECISIONS):
            continue
        yield question, where
        yield dataclasses.replace(question, patient=PatientFacts()), f"{where}, without the patient"
        yield dataclasses.replace(question, professional=ProfessionalFacts()), f"{where}, without the professional"
        yield dataclasses.replace(question, service=None), f"{where}, without the service"
        for name in question.facts:
            less = {k: v for k, v in question.facts.items() if k != name}
            yield dataclasses.replace(question, facts=less), f"{where}, without {name}"


def _answer_problems(subject: Subject, question: Question) -> Iterator[tuple[str, str]]:
    facts, settings = copy.deepcopy(dict(question.facts)), copy.deepcopy(dict(question.settings))
    try:
        answer = subject.decide(question)
        again = subject.decide(dataclasses.replace(question, facts=dict(reversed(list(question.facts.items())))))
    except Exception as error:
        yield (
            f"it raises {type(error).__name__}: {error}",
            "a fact that matters and is absent: `missing_fact`; else NOT_APPLICABLE",
        )
        return
    if not isinstance(answer, Decision):
        yield f"it answers {answer!r}", "return permit(…), deny(…), missing_fact(…) or NOT_APPLICABLE"
        return
    if answer != again:
        yield (
            "asked twice, with the facts in another order, it answers otherwise",
            "decide by the facts and the date alone",
        )
    if facts != dict(question.facts) or settings != dict(question.settings):
        yield "it changes the facts or the settings", "only read what the question holds"
    if (answer.effect is Effect.NOT_APPLICABLE) != (not answer.reasons):
        yield (
            f"{answer.effect} with {len(answer.reasons)} reasons",
            "permit and deny say why; NOT_APPLICABLE says nothing",
        )
    if answer.effect is Effect.DENY and answer.values:
        yield "a refusal carries values", "leave the values to permits"
    if answer.effect is Effect.DENY and not any(r.effect is Effect.DENY for r in answer.reasons):
        yield "a refusal whose reasons all permit", "make it by deny(…), which marks them"
    for item in (*answer.reasons, *answer.obligations):
        yield from _item_problems(subject, item)


def _item_problems(subject: Subject, item: Any) -> Iterator[tuple[str, str]]:
    if not CODE.match(item.code):
        yield f"the code {item.code!r}", "small letters, digits, dots and underscores"
    if item.source not in (subject.name, "tenant"):
        yield (
            f"{item.code} comes from {item.source!r}",
            f"the source is {subject.name}, or tenant for what the portal chose",
        )
    for _where, message in messages(item.message):
        wrong = wrong_words(message, subject.name)
        if wrong:
            yield (
                f"{item.code}: {wrong}",
                f'make words by `_ = Domain("{subject.name}")`, with a value for each placeholder',
            )
