"""D1 to D3: what a decision costs in pure rule time, against the same answer written by hand, and with many values."""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
from collections.abc import Callable

from core.hooks.decisions import (
    Decision,
    Obligation,
    PatientFacts,
    ProfessionalFacts,
    Question,
    Reason,
    UsedParameter,
    deny,
    permit,
)
from core.hooks.manager import PluginRuntime
from core.hooks.parameters import DatedValue, Parameter, Parameters
from core.hooks.rulebook import homes, read_cases
from core.messages import Domain
from plugins import jurisdiction_fr
from plugins.jurisdiction_fr.rules.access import service_access
from tests.bench.goals import Measured
from tests.bench.measure import ROUNDS, interleaved

COUNTRIES = ("jurisdiction_fr", "jurisdiction_lu", "jurisdiction_be")
REPEATS = 2_000
FEW, MANY = 10, 5_000
_ = Domain("jurisdiction_fr")

CASE = Question(
    "service_access",
    dt.date(2026, 11, 21),
    "teleconsultation",
    PatientFacts(category="fr_resident"),
    ProfessionalFacts(country="FR", kind="physician"),
    {},
    frozenset(COUNTRIES),
    {},
)


def decisions() -> list[Measured]:
    """The three rows."""
    return [_each(), _by_hand(), _growth()]


def _each() -> Measured:
    """All questions of the case files, each asked of all three plugins: microseconds for each plugin asked."""
    runtime = PluginRuntime()
    runtime.discover()
    asked: list[tuple[Callable[[Question], object], Question]] = []
    for home in homes():
        if home.plugin in COUNTRIES:
            for case in read_cases(home, COUNTRIES)[0]:
                for plugin in COUNTRIES:
                    rule = getattr(runtime.modules[plugin], case.question.name, None)
                    if rule is not None:
                        asked.append((rule, dataclasses.replace(case.question, plugins=frozenset(COUNTRIES))))
    spent = []
    for _round in range(ROUNDS + 1):
        begun = time.process_time()
        for rule, question in asked:
            rule(question)
        spent.append((time.process_time() - begun) / len(asked) * 1e6)
    value = sorted(spent[1:])[ROUNDS // 2]
    return Measured(
        "D1", value, ROUNDS, "", "", f"{len(asked)} rules asked: every case of three countries, each by all three"
    )


def by_hand(question: Question) -> Decision:
    """The answer for a patient insured in France and a physician in France, as one would write it without a platform."""
    patient, professional, day = question.patient, question.professional, question.at
    refusals: list[Reason] = []
    if professional.country != "FR":
        refusals.append(Reason("professional_not_in_france", "jurisdiction_fr", _("Not in France."), "CB-046"))
    if professional.kind != "physician":
        refusals.append(Reason("not_a_physician", "jurisdiction_fr", _("Not a physician."), "CB-111"))
    if patient.category not in ("fr_resident", "fr_cross_border"):
        refusals.append(Reason("patient_not_insured_in_france", "jurisdiction_fr", _("Not insured here."), "CB-046"))
    if day < dt.date(2018, 9, 15):
        refusals.append(Reason("no_rule_in_force", "jurisdiction_fr", _("Not yet."), "CB-046"))
    if refusals:
        return deny(*refusals)
    if day < dt.date(2021, 9, 25):
        agreement, since = "Avenant 6", dt.date(2018, 9, 15)
    elif day < dt.date(2024, 12, 22):
        agreement, since = "Avenant 9", dt.date(2021, 9, 25)
    else:
        agreement, since = "Convention 2024", dt.date(2024, 12, 22)
    law = dt.date(2018, 9, 15)
    contract = Reason(
        "insured_in_france",
        "jurisdiction_fr",
        _("You are insured in France: teleconsultations by video with physicians in France are open to you."),
        "CB-100" if patient.category == "fr_resident" else "CB-102",
    )
    ordinary = Reason(
        "teleconsultation_allowed",
        "jurisdiction_fr",
        _(
            "Teleconsultation by video is ordinary care in France since {since}, under the agreement “{agreement}”.",
            since=law,
            agreement=agreement,
        ),
        "CB-046",
        "Code de la santé publique, L.6316-1 and R.6316-1",
        (
            UsedParameter("teleconsultation_common_law", True, law, "boolean"),
            UsedParameter("teleconsultation_agreement", agreement, since, "text"),
        ),
    )
    duties = [
        Obligation(
            "show_emergency_warning",
            "jurisdiction_fr",
            _("Before you ask: in an emergency, call the emergency number. This portal does not replace it."),
            {"country": "FR"},
        ),
        Obligation(
            "by_video",
            "jurisdiction_fr",
            _("The physician sees you by video; a telephone call or written messages are not enough."),
            {"channel": "video"},
        ),
        Obligation(
            "confirm_eligibility_information",
            "jurisdiction_fr",
            _("Please confirm the information on which reimbursement depends."),
        ),
    ]
    return permit(contract, ordinary, obligations=duties)


def _repeat(rule: Callable[[], object]) -> Callable[[], int]:
    def run() -> int:
        for _time in range(REPEATS):
            rule()
        return REPEATS

    return run


def _by_hand() -> Measured:
    ours = service_access(CASE, jurisdiction_fr.PARAMETERS)
    if ours != by_hand(CASE):
        raise RuntimeError("the answer by hand is another one")
    found = interleaved(
        {
            "rule": _repeat(lambda: service_access(CASE, jurisdiction_fr.PARAMETERS)),
            "by hand": _repeat(lambda: by_hand(CASE)),
        }
    )
    rule, hand = found["rule"].cpu_ms, found["by hand"].cpu_ms
    cpu = f"{rule * 1000:.0f} / {hand * 1000:.0f} µs"
    return Measured(
        "D2", rule / hand, ROUNDS, cpu, "", "equal answers: two reasons with citation and values, three obligations"
    )


def with_values(count: int) -> Parameters:
    """France's own values and others beside them, half of them dates of the key that is asked for."""
    items = dict(jurisdiction_fr.PARAMETERS.items)
    law = items["teleconsultation_common_law"]
    own = sum(len(p.values) for p in items.values())
    more = max(0, count - own)
    reference = law.values[0].reference
    later = tuple(
        DatedValue(dt.date(2027, 1, 1) + dt.timedelta(days=n), True, reference, None) for n in range(more // 2)
    )
    items[law.key] = dataclasses.replace(law, values=(*law.values, *later))
    for number in range(more - more // 2):
        key = f"other_{number}"
        items[key] = Parameter(key, key, "boolean", law.checked_on, law.values)
    return Parameters(items)


def _growth() -> Measured:
    few = {
        k: jurisdiction_fr.PARAMETERS.items[k] for k in ("teleconsultation_common_law", "teleconsultation_agreement")
    }
    small = dict(few)
    while sum(len(p.values) for p in small.values()) < FEW:
        key = f"other_{len(small)}"
        small[key] = dataclasses.replace(few["teleconsultation_common_law"], key=key)
    little, large = Parameters(small), with_values(MANY)
    if service_access(CASE, little) != service_access(CASE, large):
        raise RuntimeError("more values change the answer")
    found = interleaved(
        {"few": _repeat(lambda: service_access(CASE, little)), "many": _repeat(lambda: service_access(CASE, large))},
        rounds=3 * ROUNDS,
    )
    few_ms, many_ms = found["few"].cpu_ms, found["many"].cpu_ms
    cpu = f"{many_ms * 1000:.1f} / {few_ms * 1000:.1f} µs"
    note = "half of the values beside are later dates of the key that is asked for"
    return Measured("D3", many_ms / few_ms, 3 * ROUNDS, cpu, "", note)
