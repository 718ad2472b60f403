"""Every check of the kit sees what it is there for: a plugin is broken in one way, and the finding names it."""

from __future__ import annotations

import re
import threading

import pytest

from core.hooks import specs
from core.testing import checks, contract, contributions
from plugins import jurisdiction_lu
from tests.kit.conftest import Made

INIT = "__init__.py"
ACCESS = "rules/access.py"
LAW = "parameters/law.yaml"
CASES = "cases/service_access.yaml"
PO = "translations/fr/LC_MESSAGES/NAME.po"
ADDED = "contributions.py"


def hook(text: str) -> str:
    """A hook at the end of the plugin."""
    return f"\n\n@hookimpl\n{text}\n"


def test_a_fresh_plugin_has_nothing_wrong(made: Made) -> None:
    assert made.findings() == []


def test_the_kit_knows_every_hook() -> None:
    known = set(contract.ITEMS) | {"config_schema", "blueprints"}
    assert known == specs.CONTRIBUTIONS | specs.FORMATS
    assert set(contributions.SPECIAL) <= set(contract.ITEMS)
    assert set(contributions.UNIQUE) <= set(contract.ITEMS)


def test_every_check_says_what_it_holds_and_is_broken_here() -> None:
    for name, function in checks.CHECKS.items():
        assert (function.__doc__ or "").strip().endswith("."), name
    assert {row[0] for row in (*BROKEN, *APART)} == set(checks.CHECKS)


# (check, file, old text or "" to append, new text, where, what was found)
BROKEN = [
    # -- loads
    ("loads", INIT, "", "\nraise RuntimeError('boom')\n", "NAME", "RuntimeError: boom"),
    ("loads", INIT, 'version = "0.1.0"\n', "", "NAME", "`version` is missing"),
    ("loads", INIT, '">=1.0,<2"', '">=9"', "NAME", "works with API >=9"),
    ("loads", INIT, "def service_access(question: api.Question)", "def service_access(question: api.Question, tenant)", "NAME", "tenant"),
    ("loads", INIT, "", hook("def emergency_number():\n    return ()"), "NAME", "emergency_number"),
    ("loads", ADDED, '"CODE_resident"', '"lu_resident"', "NAME", "lu_resident is jurisdiction_lu's already"),
    # -- hooks
    ("hooks", INIT, "@hookimpl\ndef categories", "def categories", r"__init__\.py:\d+ categories", "not marked"),
    ("hooks", INIT, "", "\n\ndef emergency_number():\n    return ()\n", r"__init__\.py:\d+ emergency_number", "nobody calls it"),
    ("hooks", INIT, "service_access(question: api.Question)", "service_access(question: api.Question = None)", r"__init__\.py:\d+ service_access", "question has a default"),
    ("hooks", INIT, "", hook("def account_registered(event) -> str:\n    return ''"), r"__init__\.py:\d+ account_registered", "an event is told"),
    ("hooks", INIT, "", hook("def emergency_numbers():\n    yield from ()"), r"__init__\.py:\d+ emergency_numbers", "generator"),
    ("hooks", INIT, '"""NAME: what it adds to a portal, and what it decides."""', "", r"__init__\.py:1", "does not say what it is"),
    # -- config
    ("config", "config.py", "    class Meta:\n        unknown = RAISE\n", "    class Meta:\n        unknown = 'exclude'\n", "config_schema", "an unknown key is accepted"),
    ("config", "config.py", "        load_default=list,\n", "        required=True,\n", "config_schema", "an empty section is refused"),
    ("config", "config.py", '"Services that this portal does not offer; absent: all are open"', '""', "closed_services", "no description"),
    ("config", "config.py", '            "example": ["express_consultation"],\n', "", "closed_services", "no example"),
    ("config", "config.py", '"example": ["express_consultation"]', '"example": ["a_walk"]', "closed_services", "its own example is refused"),
    # -- contributions
    ("contributions", ADDED, '(Condition("residence", "COUNTRY"),)', '(Condition("resident", "COUNTRY"),)', r"categories CODE_resident\.conditions", "the kind resident is not known"),
    ("contributions", ADDED, '(Condition("residence", "COUNTRY"),)', '(Condition("residence", "COUNTRY"))', r"categories CODE_resident\.conditions", "a tuple is wanted"),
    ("contributions", ADDED, '(Condition("residence", "COUNTRY"),)', "()", "categories CODE_resident", "everybody would be in it"),
    ("contributions", ADDED, '_("Insured in', '("Insured in', r"categories CODE_resident\.label", "is no Message"),
    ("contributions", ADDED, 'Domain("NAME")', 'Domain("elsewhere")', r"categories CODE_resident\.label", "'elsewhere'"),
    ("contributions", ADDED, "    ),\n)", '        specificity="high",\n    ),\n)', "categories CODE_resident.specificity", "'high' is no int"),
    ("contributions", INIT, "    return contributions.CATEGORIES", "    return [None]", "categories", "None was given"),
    ("contributions", INIT, "    return contributions.CATEGORIES", "    return 1 / 0", "categories", "ZeroDivisionError"),
    ("contributions", INIT, "", hook('def document_types():\n    return [api.DocumentType("cns_card", api.Message("x"), "patient")]'), "document_types cns_card", "jurisdiction_lu has that code"),
    ("contributions", INIT, "", hook('def document_types():\n    return [api.DocumentType("Card", api.Message("x"), "patient")]'), r"document_types Card\.code", "is no code"),
    ("contributions", INIT, "", hook('def document_types():\n    return [api.DocumentType("CODE_a", api.Message("x {y}"), "patient")]'), r"document_types CODE_a\.label", "no value for {y}"),
    ("contributions", INIT, "", hook('def services():\n    return [api.Service("CODE_a", api.Message("x"), api.Message("y"), "letter", "tele_advice")]'), r"services CODE_a\.channel", "'letter' is no in_person or message"),
    ("contributions", INIT, "", hook("def emergency_numbers():\n    import random\n    return [api.EmergencyNumber(str(random.random()), api.Message('x'), 'XE')]"), "emergency_numbers", "asked twice, it answers otherwise"),
    ("contributions", INIT, "", hook('def emergency_numbers():\n    return [api.EmergencyNumber("call us", api.Message("x"), "XE")]'), "emergency_numbers call us", "cannot be dialled"),
    ("contributions", INIT, "", hook('def emergency_numbers():\n    return [api.EmergencyNumber("17", api.Message("x"), "XE", "police")]'), "emergency_numbers", "does not help at once"),
    ("contributions", INIT, "", hook('def identifier_types():\n    return [api.IdentifierType("CODE_n", api.Message("x"), "XE", "patient", lambda t: api.Checked(str(int(t))), "12")]'), r"identifier_types CODE_n\.check", "raises ValueError"),
    ("contributions", INIT, "", hook('def identifier_types():\n    return [api.IdentifierType("CODE_n", api.Message("x"), "XE", "patient", lambda t: api.Checked(t), "12")]'), r"identifier_types CODE_n\.check", "is accepted"),
    ("contributions", INIT, "", hook('def identifier_types():\n    return [api.IdentifierType("CODE_n", api.Message("x"), "XE", "patient", lambda t: api.Checked(t, api.Message("no")), "12")]'), r"identifier_types CODE_n\.check", "its own example, 12, is refused"),
    ("contributions", INIT, "", hook('def patient_statuses():\n    return [api.Status("CODE_s", api.Message("x"), api.Message("y"), ("nobody",), ())]'), "patient_statuses CODE_s", "no category is called nobody"),
    ("contributions", INIT, "", hook('def patient_statuses():\n    return [api.Status("CODE_s", api.Message("x"), api.Message("y"), ("CODE_resident",), ())]'), "patient_statuses CODE_s", "never declared"),
    ("contributions", ADDED, 'Condition("residence",', 'Condition("identifier", "CODE_none"), Condition("residence",', r"categories CODE_resident\.conditions", "CODE_none is supplied by nobody"),
    ("contributions", INIT, "", hook('def practice_countries():\n    return [api.PracticeCountry("XE", api.Message("x"), ("CODE_none",), register="other")]'), "practice_countries XE", "CODE_none is supplied by nobody"),
    ("contributions", INIT, "", hook('def holidays(country, year):\n    import datetime as dt\n    return [api.Holiday(dt.date(year, 1, 1), "New Year", country)]'), "holidays", "not the plugin's"),
    ("contributions", INIT, "", hook("def holidays(country, year):\n    return ()"), "holidays", "no day in"),
    ("contributions", INIT, "", hook('def legal_references():\n    return [api.LegalReference("applicable_law", "nobody", "Law", api.Message("x"), "http://law.example/")]'), "legal_references nobody", "is no https address"),
    ("contributions", INIT, "", hook('def go_live_checks(config):\n    return [] if config["legal"] else []'), "go_live_checks", "KeyError"),
    ("contributions", INIT, "", hook('def navigation():\n    return [api.NavigationEntry("CODE_l", api.Message("x"), "web.home", "star", ("visitor",))]'), "CODE_l", "no role is called visitor"),
    ("contributions", INIT, "", hook('def periodic_jobs():\n    return [api.PeriodicJob("CODE_j", 1, print)]'), "periodic_jobs CODE_j", "every 1 seconds"),
    ("contributions", INIT, "", hook('def message_templates():\n    return [api.MessageTemplate("NAME_hello", api.Message("x"))]'), "message_templates NAME_hello", "templates/mail/NAME_hello.txt is missing"),
    ("contributions", INIT, "", hook('def register_formats():\n    return [api.RegisterFormat("CODE_r", api.Message("x"), "XE", lambda lines: iter(()))]'), "register_formats CODE_r", "a file of something else is read"),
    ("contributions", INIT, "", hook('def identity_providers():\n    return [api.IdentityProvider("CODE_i", api.Message("x"), "patient", {}, number=lambda claims: claims["sub"])]'), r"identity_providers CODE_i\.number", "KeyError"),
    ("contributions", INIT, "", hook('def blueprints():\n    from flask import Blueprint\n    made = Blueprint("NAME", __name__)\n    made.route("/")(lambda: "")\n    return [made]'), "blueprints NAME", "says not who may call it"),
    # -- parameters
    ("parameters", LAW, "      reference:\n        title: Title of the law, to be replaced\n        article: art. 1\n", "", "parameters/law.yaml:", "reference"),
    ("parameters", LAW, "", "    2025-01-01:\n      value: 18\n      reference: {title: An older law}\n", r"parameters/law\.yaml:\d+", "dates must ascend"),
    ("parameters", LAW, "", "    2026-01-01:\n      value: 18\n      reference: {title: The same day}\n", r"parameters/law\.yaml:\d+", "given twice"),
    ("parameters", LAW, "", "    2027-01-01:\n      value: null\n      reference: {title: A gap}\n", r"parameters/law\.yaml:\d+", "null"),
    ("parameters", LAW, "  unit: years\n", "  unit: years\n  colour: red\n", r"parameters/law\.yaml:\d+", "Unknown field"),
    # -- dates
    ("dates", ACCESS, "    except NoRuleInForce:", "    except KeyError:", "service_access on 1800-01-01", "NoRuleInForce"),
    ("dates", ACCESS, "    try:\n", "    question = Question(question.name, dt.date(2030, 1, 1))\n    try:\n", "service_access on 1800-01-01", "own_request_age of 2026-01-01 decided before it held"),
    # -- cases
    ("cases", CASES, "codes: [too_young]", "codes: [too_old]", r"cases/service_access\.yaml:\d+ the-day-before-the-birthday", "too_old"),
    ("cases", CASES, "question: service_access", "question: service_acess", r"cases/service_access\.yaml:\d+", "service_acess"),
    ("cases", CASES, "question: service_access", "question: tax", r"cases/service_access\.yaml:\d+", "does not answer tax"),
    ("cases", INIT, "", hook("def tax(question):\n    return api.NOT_APPLICABLE"), "tax", "no case asks this question"),
    # -- boundaries
    ("boundaries", LAW, "", "    2027-01-01:\n      value: 14\n      reference: {title: The next law}\n", r"parameters/law\.yaml:1 own_request_age", "on 2026-12-31, the day before"),
    # -- refusals
    ("refusals", ACCESS, 'Reason("too_young", SOURCE, young, "CODE-1",', 'Reason("too_young", SOURCE, young, None,', "service_access too_young", "without a rule"),
    ("refusals", ACCESS, '"CODE-1", citation, (age,)))\n    if refusals', '"CODE-1", "", ()))\n    if refusals', "service_access too_young", "without a citation"),
    ("refusals", ACCESS, '"CODE-1", citation, (age,)))\n    if refusals', '"CODE-1", "", (age,)))\n    if refusals', "service_access too_young", "rests on own_request_age and cites nothing"),
    ("refusals", CASES, "rules: [CODE-1], codes: [too_young]", "rules: []", r"cases/service_access\.yaml:\d+", "neither rules nor codes"),
    # -- decisions
    ("decisions", ACCESS, "        return NOT_APPLICABLE\n", "        return None\n", "service_access", "it answers None"),
    ("decisions", ACCESS, "    if patient.birth_date is None:\n        return missing_fact(SOURCE, \"patient.birth_date\")\n", "", "service_access", "it raises AttributeError"),
    ("decisions", ACCESS, "    refusals = []\n", "    refusals = []\n    question.settings['seen'] = True\n", "service_access", "changes the facts or the settings"),
    ("decisions", ACCESS, 'Reason("within_reach", SOURCE,', 'Reason("within_reach", "core",', "service_access", "comes from 'core'"),
    ("decisions", ACCESS, 'Reason("within_reach",', 'Reason("Within reach",', "service_access", "'Within reach'"),
    ("decisions", ACCESS, "return permit(Reason(", "return permit() if True else permit(Reason(", "service_access", "with 0 reasons"),
    ("decisions", ACCESS, "from {age} years on. Please", "from {years} years on. Please", "service_access", "no value for {years}"),
    # -- imports
    ("imports", ACCESS, "import datetime as dt\n", "import datetime as dt\n\nfrom core.db import db\n", r"rules/access\.py:\d+", "core.db.db is imported"),
    ("imports", INIT, "", "\n\ndef later():\n    import importlib\n    return importlib.import_module('core.tenancy.current')\n", r"__init__\.py:\d+", "core.tenancy.current is imported"),
    ("imports", ADDED, "", "\nfrom plugins.jurisdiction_lu import config as _theirs\n", r"contributions\.py:\d+", "of the plugin jurisdiction_lu"),
    ("imports", "../../tests/test_own.py", "", "from core.identity import accounts\n", r"tests/test_own\.py:1", "core.identity.accounts is imported"),
    ("imports", "spare.py", "", "def broken(:\n", r"spare\.py:1", "not Python"),
    # -- pure
    ("pure", ACCESS, "import datetime as dt\n", "import datetime as dt\nimport os\n", r"rules/access\.py:\d+", "os is imported by a rule"),
    ("pure", ACCESS, "    refusals = []\n", "    refusals = []\n    dt.date.today()\n", r"rules/access\.py:\d+", "dt.date.today() is called"),
    # -- translations
    ("translations", PO, "msgstr \"On peut demander des soins seul à partir de {age} ans. Veuillez faire la demande avec un parent.\"", 'msgstr ""', PO, "is not translated"),
    ("translations", PO, "à partir de {age} ans", "à partir de {years} ans", PO, "its translation {years}"),
    ("translations", PO, 'msgid "This portal', '#, fuzzy\nmsgid "This portal', PO, "is marked fuzzy"),
    ("translations", PO, "", '\nmsgid "Left over"\nmsgstr "En trop"\n', PO, "stands nowhere"),
    ("translations", "translations/de/LC_MESSAGES/other.po", "", 'msgid ""\nmsgstr ""\n', "translations/de/LC_MESSAGES/other.po", "never read"),
]  # fmt: skip
APART = [("off",), ("order",)]


def _upper(text: str, made: Made) -> str:
    """Rules and countries are written with the code in capitals."""
    return text.replace("CODE-1", f"{made.code.upper()}-1").replace("COUNTRY", made.code.upper())


@pytest.mark.parametrize(
    ("check", "file", "old", "new", "where", "found"), BROKEN, ids=[f"{r[0]}-{i}" for i, r in enumerate(BROKEN)]
)
def test_what_is_broken_is_named(made: Made, check: str, file: str, old: str, new: str, where: str, found: str) -> None:
    file = made.own(file)
    if old:
        made.change(file, made.own(_upper(old, made)), _upper(new, made))
    else:
        made.append(file, _upper(new, made))
    findings = made.findings(check)
    hits = [f for f in findings if re.search(made.own(where), f.where) and made.own(found) in f.found]
    assert hits, "\n".join(map(str, findings)) or "nothing was found"
    for finding in findings:
        assert finding.check == check
        assert finding.fix.strip()
        assert str(finding).startswith(f"{check}: {finding.where}: {finding.found}\n    fix: ")


def test_a_day_of_checking_that_is_still_to_come_is_named_and_an_old_one_is_not(made: Made) -> None:
    """What passes today passes in a year: `portico rules check` tells what nobody looked at."""
    text = (made.package / LAW).read_text("utf-8")
    for day, told in (("2020-01-01", []), ("2999-01-01", ["parameters/law.yaml:1"])):
        (made.package / LAW).write_text(re.sub(r"checked_on: .*", f"checked_on: {day}", text), "utf-8")
        assert [f.where for f in made.findings("parameters")] == told


def test_a_thread_that_the_import_starts_is_named(made: Made) -> None:
    made.append(
        INIT,
        "\nimport threading\nSTOP = threading.Event()\nthreading.Thread(target=STOP.wait, name='NAME-thread').start()\n",
    )
    try:
        (finding,) = made.findings("loads")
        assert finding.found == f"the import starts a thread, {made.name}-thread"
    finally:
        for thread in threading.enumerate():
            if thread.name == f"{made.name}-thread":
                __import__(made.name).STOP.set()
                thread.join()


def test_without_any_catalogue_the_words_are_named(made: Made) -> None:
    (made.package / made.own(PO)).unlink()
    (finding,) = made.findings("translations")
    assert (finding.where, finding.found) == ("translations/", "no catalogue in any language")


def test_state_between_questions_is_seen_as_order(made: Made) -> None:
    made.change(
        ACCESS,
        "    refusals = []\n",
        "    refusals = []\n    SEEN.append(1)\n    if len(SEEN) > 9:\n        return NOT_APPLICABLE\n",
    )
    made.append(ACCESS, "\n\nSEEN: list[int] = []\n")
    (finding,) = made.findings("order")
    assert re.match(r"cases/service_access\.yaml:\d+ ", finding.where)
    assert "as plugins are registered" in finding.found


def test_a_contribution_that_only_the_order_decides_is_named(made: Made) -> None:
    made.append(
        INIT,
        hook(
            "def emergency_numbers():\n    ASKED.append(1)\n    return [api.EmergencyNumber('1' * (len(ASKED) + 2), api.Message('x'), 'XE')]"
        ),
    )
    made.append(INIT, "\nASKED: list[int] = []\n")
    assert [f.where for f in made.findings("order")] == ["emergency_numbers"] * 2


def test_a_plugin_that_reaches_into_another_is_not_off(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jurisdiction_lu.contributions, "EMERGENCY", jurisdiction_lu.contributions.EMERGENCY)
    made.append(INIT, "\nimport plugins.jurisdiction_lu\nplugins.jurisdiction_lu.contributions.EMERGENCY = ()\n")
    (finding,) = made.findings("off")
    assert (finding.where, finding.found) == (
        "emergency_numbers",
        "what is contributed changes where it is installed and off",
    )


def test_a_plugin_that_changes_answers_by_its_import_is_not_off(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.hooks import contradictions

    monkeypatch.setattr(contradictions, "found", contradictions.found)
    made.append(
        INIT,
        "\nfrom core.hooks import contradictions\ncontradictions.found = lambda *given: [api.Reason('no', 'NAME', api.Message('No.'), effect=api.Effect.DENY)]\n",
    )
    (finding,) = made.findings("off")
    assert re.match(r"cases/service_access\.yaml:\d+ ", finding.where)
    assert "where it is installed and off" in finding.found


def test_a_plugin_that_does_not_load_is_asked_what_its_files_tell(made: Made) -> None:
    made.change(ACCESS, "import datetime as dt\n", "import datetime as dt\n\nfrom core.db import no_such_thing\n")
    findings = made.findings()
    assert [f.check for f in findings] == ["loads", "imports"]
    assert "no_such_thing" in findings[0].found


def test_a_contract_is_judged_by_the_law_of_its_own_day(made: Made) -> None:
    """A later day among the facts is no day before the law."""
    made.change(
        ACCESS,
        "    try:\n",
        '    day = question.facts.get("contract_date", question.at)\n    question = Question(question.name, day)\n    try:\n',
    )
    made.change(
        CASES,
        "settings: {closed_services: [express_consultation]}",
        "facts: {contract_date: 2026-06-01}\n    settings: {}",
    )
    assert made.findings("dates") == []
