"""The folder `tenants/mutuelle-horizon`: what its texts must say, in each language, and what it decides."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.hooks import asking
from core.hooks.manager import PluginRuntime
from core.tenancy.content import render_markdown, title_of
from core.tenancy.golive import missing_for_live
from core.tenancy.loader import load_folder

ROOT = Path(__file__).resolve().parents[3]
TERMS, POLICY = "terms_of_use", "data_protection_policy"


@pytest.fixture(scope="module")
def runtime():
    made = PluginRuntime()
    made.discover()
    return made


@pytest.fixture(scope="module")
def bundle(runtime):
    loaded = load_folder(ROOT / "tenants" / "mutuelle-horizon", runtime)
    assert [str(p) for p in loaded.problems] == []
    return loaded.bundle


@pytest.fixture
def drawn(bundle):
    """The text of a document or page as it is shown, in a language, with plain spaces."""

    def draw(name, language):
        texts = bundle["legal"][name]["texts"] if name in bundle["legal"] else bundle["content"][name]
        html = str(render_markdown(texts[language], bundle["config"], language=language))
        return html.replace("\u202f", " ").replace("<strong>", "").replace("</strong>", "")

    return draw


def own(bundle):
    return bundle["config"]["plugins"]["insurer_assistance"]


@pytest.mark.rule("IA-001", "IA-002", "IA-057", "IA-074", "IA-090", "IA-100")
def test_it_may_go_live(bundle, runtime):
    assert [str(c.message) for c in missing_for_live(bundle, runtime)] == []


@pytest.mark.rule("IA-001", "IA-002")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_legal_notice_shows_the_five_parties(bundle, drawn, language):
    config, notice = bundle["config"], drawn("legal_notice", language)
    for party in (own(bundle)["insurer"], own(bundle)["assister"], config["publisher"]):
        for key in ("name", "register_number", "registered_office", "contact_email"):
            assert party[key] in notice
        assert party["legal_form"][language] in notice
    for text in (config["operator"]["name"], config["host"]["name"], config["host"]["certification"]):
        assert text in notice
    assert config["publisher"]["director"] in notice


@pytest.mark.rule("IA-015", "IA-057")
def test_what_is_accepted_when_an_account_is_created(bundle):
    accepted = {c: d["consent"] for c, d in bundle["legal"].items() if d["accept_at_registration"]}
    assert accepted == {TERMS: False, POLICY: False, "health_data_consent": True, "data_sharing_consent": True}
    assert {bundle["legal"][c].get("stands_for") for c in (TERMS, POLICY)} == {
        "terms_of_use_and_sale",
        "information_and_consent_notice",
    }


SAID = {
    "IA-003": (TERMS, "ceci n’est pas un service d’urgence", "this is not an emergency service"),
    "IA-005": (TERMS, "n’est pas un dispositif médical. Il complète", "is not a medical device. It complements"),
    "IA-006": (TERMS, "peut décliner une téléconsultation", "may decline a teleconsultation"),
    "IA-007": (TERMS, "ne vérifie ni l’exactitude, ni la cohérence, ni la qualité", "checks neither the accuracy, consistency or quality"),
    "IA-008": (TERMS, "gardez vos codes secrets", "keep your codes secret"),
    "IA-017": (TERMS, "Personne ne peut accepter à la place d’un autre adulte", "Nobody can accept for another adult"),
    "IA-022": (TERMS, "est publiée ici avec sa date", "is published here with its date"),
    "IA-023": (TERMS, "24 heures sur 24 et 7 jours sur 7", "24 hours a day, 7 days a week"),
    "IA-026": (TERMS, "de 08:00 à 20:00, un infirmier vous répond", "from 08:00 to 20:00, a nurse answers"),
    "IA-029": (TERMS, "Vous en êtes averti avant", "You are told before"),
    "IA-030": (TERMS, "effacés après 2 mois", "erased after 2 months"),
    "IA-031": (TERMS, "Vous pouvez vous y opposer", "You may object"),
    "IA-033": (TERMS, "entre 09:00 et 22:00, tous les jours, jusqu’à 14 jours", "between 09:00 and 22:00, any day, up to 14 days"),
    "IA-040": (TERMS, "5 téléconsultations par année civile", "5 teleconsultations per calendar year"),
    "IA-042": (TERMS, "ni reportées ni remboursées", "neither carried over nor refunded"),
    "IA-043": (TERMS, "ni cédées, ni mises en commun", "neither given away nor pooled"),
    "IA-050": (TERMS, "promouvoir un produit, un service, un établissement, un professionnel ou une pharmacie", "promote a product, a service, an establishment, a professional or a pharmacy"),
    "IA-051": (TERMS, "réservé aux personnes physiques", "for natural persons"),
    "IA-054": (TERMS, "Les frais de téléphone et d’accès à internet restent à votre charge", "Telephone and internet costs remain yours"),
    "IA-066": (TERMS, "Les informations données sont indicatives", "Information given is indicative"),
    "IA-088": (POLICY, "Ces données sont nécessaires", "These data are necessary"),
    "IA-091": (POLICY, "seulement des données administratives et d’identité", "administrative and identification data only"),
    "IA-092": (POLICY, "Il ne reçoit jamais de donnée de santé", "It never receives health data"),
    "IA-096": (POLICY, "Un groupe de moins de 10 personnes n’est pas montré", "A group of fewer than 10 people is not shown"),
    "IA-100": (POLICY, "dpo@mutuelle-horizon.example", "dpo@mutuelle-horizon.example"),
    "IA-101": (POLICY, "Vous recevez une réponse sous un mois", "You receive an answer within one month"),
    "IA-103": (POLICY, "CNIL, 3 place de Fontenoy", "CNIL, 3 place de Fontenoy"),
    "IA-106": (TERMS, "leur fiabilité, leur continuité et leur vitesse ne sont pas garanties", "their reliability, continuity and speed are not guaranteed"),
    "IA-111": (TERMS, "un professionnel ne peut pas vérifier les informations que vous lui donnez", "a professional cannot check the information that you give"),
    "IA-117": (TERMS, "vous acceptez que cette signature fasse preuve", "you accept this signature as proof"),
    "IA-118": (TERMS, "Écrivez à la direction médicale", "Write to the medical directorate"),
    "IA-119": (TERMS, "Le droit applicable est celui de ce pays : France", "The governing law is that of this country: France"),
}  # fmt: skip


@pytest.mark.rule(
    "IA-003",
    "IA-005",
    "IA-006",
    "IA-007",
    "IA-008",
    "IA-017",
    "IA-022",
    "IA-023",
    "IA-026",
    "IA-029",
    "IA-030",
    "IA-031",
    "IA-033",
    "IA-040",
    "IA-042",
    "IA-043",
    "IA-050",
    "IA-051",
    "IA-054",
    "IA-066",
    "IA-088",
    "IA-091",
    "IA-092",
    "IA-096",
    "IA-100",
    "IA-101",
    "IA-103",
    "IA-106",
    "IA-111",
    "IA-117",
    "IA-118",
    "IA-119",
)
@pytest.mark.parametrize("rule", sorted(SAID))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_a_text_must_say(rule, language, drawn):
    document, french, english = SAID[rule]
    assert (french if language == "fr" else english) in drawn(document, language)


@pytest.mark.rule("IA-087")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_policy_shows_three_controllers_each_beside_its_purpose(bundle, drawn, language):
    rows = [r for r in drawn(POLICY, language).split("<table>")[1].split("</table>")[0].split("<tr>") if "<td>" in r]
    names = (own(bundle)["insurer"]["name"], bundle["config"]["operator"]["name"], own(bundle)["assister"]["name"])
    assert len(rows) == len(names)
    for row, name in zip(rows, names, strict=True):
        assert [n for n in names if n in row] == [name]


@pytest.mark.rule("IA-004")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_emergency_numbers_stand_first(drawn, language):
    start = drawn(TERMS, language)[:600]
    assert all(f'href="tel:{number}"' in start for number in ("15", "112", "18", "17"))


@pytest.mark.rule("IA-060")
def test_the_password_rule_of_the_contract(bundle):
    rule = bundle["config"]["identity"]["password"]
    assert (rule["min_length"], rule["require"]) == (10, ["lower", "unaccented_upper", "special"])


def test_each_document_has_a_title_of_its_own(bundle):
    titles = [title_of(d["texts"][lang]) for d in bundle["legal"].values() for lang in ("fr", "en")]
    assert len(set(titles)) == len(titles)


# -- the command -----------------------------------------------------------------------------------------------------

CASE = {
    "question": "coverage",
    "service": "assistance_teleconsultation",
    "patient": {"category": "fr_resident", "birth_date": "1980-05-01", "country": "FR"},
    "professional": {"country": "FR", "kind": "physician", "specialty": "general_practice"},
    "facts": {
        "used_this_year": 4,
        "request_date": "2026-11-21",
        "beneficiary_role": "insured",
        "reason": "general",
        "needs_physical_exam": False,
    },
}


def decide(*lines):
    done = subprocess.run(
        [sys.executable, "-m", "core.cli", "decide", "--tenant", "mutuelle-horizon", "--at", "2026-11-21"],
        input="\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.rule("IA-040", "IA-044", "IA-046", "IA-083")
def test_the_command_answers_for_this_portal_in_french_and_the_same_each_time():
    access = {**CASE, "question": "service_access", "facts": {}}
    child = {**access, "patient": {"category": "fr_resident", "birth_date": "2009-05-01"}, "facts": {"dependant": True}}
    medicine = {"kind": "medicine", "medicine_classes": [], "duration_days": 8, "patient_residence_eu": True}
    lines = [CASE, access, child, {**CASE, "question": "prescription", "facts": medicine}]
    status, out = decide(*lines)
    answers = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [a["effect"] for a in answers] == ["permit", "permit", "permit", "deny"]
    assert answers[0]["values"] == {"payer": "partner", "remaining": 0}
    assert "accompanied_by_parent" in {o["code"] for o in answers[2]["obligations"]}, (
        "a minor of 17 is a dependant here"
    )
    assert [r["rule"] for r in answers[3]["reasons"]] == ["IA-083"]
    assert decide(*lines) == (status, out)


@pytest.mark.parametrize(
    ("fact", "value", "said"),
    [
        ("used_this_year", "4", "facts.used_this_year: a whole number is wanted"),
        ("used_this_year", True, "facts.used_this_year: a whole number is wanted"),
        ("request_date", "21/11/2026", "facts.request_date: '21/11/2026' is not a date"),
        ("needs_physical_exam", "no", "facts.needs_physical_exam: true or false is wanted"),
        ("contract_exclusions", "general", "facts.contract_exclusions: a list of texts is wanted"),
        ("reason", 3, "facts.reason: a text is wanted"),
        ("present_country", 33, "facts.present_country: a text is wanted"),
        ("one_off", 1, "facts.one_off: true or false is wanted"),
    ],
)
def test_a_fact_of_the_wrong_kind_is_an_error_on_its_line(fact, value, said):
    with pytest.raises(asking.BadCase) as told:
        asking.question_of({**CASE, "at": "2026-11-21", "facts": {**CASE["facts"], fact: value}})
    assert said in str(told.value)
