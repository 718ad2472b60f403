"""The section of tenant.yaml, and what a portal of this business lacks before it goes live."""

import copy

import pytest

from plugins import insurer_assistance as plugin
from plugins.insurer_assistance.config import Config, defaults
from plugins.insurer_assistance.contributions import CONTROLLER_OF
from plugins.insurer_assistance.rules.contract import CONTROLLERS, DEFAULTS, section

WHOLE = {"name": "A", "legal_form": "mutuelle", "register_number": "1", "registered_office": "Paris", "contact_email": "a@b.example"}  # fmt: skip
CONFIG = {
    "operator": {"name": "Opérateur"},
    "publisher": {"name": "Éditeur"},
    "host": {"name": "Hébergeur"},
    "identity": {"second_factor": {"channels": ["sms", "email"]}},
    "legal": {
        "documents": [
            {"code": "terms", "accept_at_registration": True},
            {"code": "policy", "accept_at_registration": True},
            {"code": "health", "accept_at_registration": True, "consent": True},
            {"code": "sharing", "accept_at_registration": True, "consent": True},
        ]
    },
    "plugins": {
        "insurer_assistance": {
            "insurer": WHOLE | {"name": "Mutuelle"},
            "assister": WHOLE | {"name": "Assisteur"},
            "nurse": {"days": ["mon"], "from": "08:00", "to": "20:00"},
            "documents": {"code_validity_minutes": 30},
        }
    },
}


def lacks(change):
    config = copy.deepcopy(CONFIG)
    change(config, config["plugins"]["insurer_assistance"])
    return [(c.key.removeprefix("plugins.insurer_assistance."), c.rule) for c in plugin.go_live_checks(config)]


def plain(values):
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


@pytest.mark.parametrize("part", sorted(DEFAULTS))
def test_an_empty_section_is_the_contract(part):
    assert plain(section(defaults(), part)) == plain(section({}, part)) == plain(DEFAULTS[part])


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"quotas": {}}, {"quotas"}),
        ({"quota": {"teleconsultations_per_calendar_year": 0}}, {"quota"}),
        ({"quota": {"teleconsultations_per_calendar_year": "5"}}, {"quota"}),
        ({"access": {"phone": "0199001200"}}, {"access"}),
        ({"appointments": {"from": "9:00"}}, {"appointments"}),
        ({"appointments": {"from": "22:00", "to": "09:00"}}, {"appointments"}),
        ({"nurse": {"days": ["monday"]}}, {"nurse"}),
        ({"nurse": {"days": ["mon", "mon"]}}, {"nurse"}),
        ({"nurse": {"from": "21:00"}}, {"nurse"}),
        ({"exclusions": {"medicine_classes": ["homeopathic"]}}, {"exclusions"}),
        ({"countries": {"allowed": ["BE"]}}, {"countries"}),
        ({"countries": {"allowed": ["fr"]}}, {"countries"}),
        ({"eligibility": {"sources": []}}, {"eligibility"}),
        ({"eligibility": {"sources": ["api"]}}, {"eligibility"}),
        ({"eligibility": {"api": {"url": "http://rights.example", "token_env": "PORTICO_X"}}}, {"eligibility"}),
        ({"eligibility": {"api": {"url": "https://rights.example", "token_env": "HOME"}}}, {"eligibility"}),
        ({"insurer": {}}, {"insurer"}),
        ({"insurer": {"name": "A", "legal_form": {"fr": " "}}}, {"insurer"}),
        ({"insurer": {"name": "A", "legal_form": {"french": "SA"}}}, {"insurer"}),
        ({"insurer": {"name": "A", "legal_form": 7}}, {"insurer"}),
        ({"statistics": {"smallest_group": 1}}, {"statistics"}),
    ],
)
def test_what_is_wrong_is_told_by_its_key(given, errors):
    assert set(Config().validate(given)) == errors


@pytest.mark.rule("IA-002")
def test_insurer_and_assister_are_two():
    assert set(Config().validate({"insurer": {"name": "Horizon"}, "assister": {"name": "HORIZON"}})) == {"assister"}


def test_a_whole_portal_lacks_nothing():
    assert lacks(lambda config, own: None) == []


def test_where_the_plugin_is_off_nothing_is_asked():
    assert plugin.go_live_checks({"plugins": {}}) == ()


@pytest.mark.rule("IA-001")
@pytest.mark.parametrize("party", ["insurer", "assister"])
@pytest.mark.parametrize("name", sorted(WHOLE))
def test_each_party_is_whole(party, name):
    assert lacks(lambda config, own: own[party].pop(name)) == [(f"{party}.{name}", "IA-001")]


@pytest.mark.rule("IA-001")
def test_the_operator_is_named():
    assert lacks(lambda config, own: config.pop("operator")) == [("operator.name", "IA-001")]


@pytest.mark.rule("IA-002")
@pytest.mark.parametrize("party", ["operator", "publisher", "host"])
def test_no_party_is_assumed_to_be_another(party):
    found = lacks(lambda config, own: config[party].update(name="  mutuelle "))
    assert [rule for _key, rule in found] == ["IA-002"]


@pytest.mark.rule("IA-026", "IA-074")
def test_hours_of_the_nurse_and_life_of_the_code_are_chosen():
    assert lacks(lambda config, own: own.pop("nurse")) == [("nurse.from", "IA-026"), ("nurse.to", "IA-026")]
    assert lacks(lambda config, own: own.update(nurse={"days": []})) == []
    assert lacks(lambda config, own: own.pop("documents")) == [("documents.code_validity_minutes", "IA-074")]


@pytest.mark.rule("IA-057")
@pytest.mark.parametrize("left_out", range(4))
def test_four_things_are_accepted(left_out):
    assert lacks(lambda config, own: config["legal"]["documents"].pop(left_out)) == [("legal.documents", "IA-057")]


@pytest.mark.rule("IA-074")
def test_codes_go_by_sms():
    found = lacks(lambda config, own: config["identity"]["second_factor"].update(channels=["email"]))
    assert found == [("identity.second_factor.channels", "IA-074")]


@pytest.mark.rule("IA-087")
def test_every_purpose_has_exactly_one_of_the_three_controllers():
    entries = {e.code: e for e in plugin.processing_entries()}
    assert set(entries) == set(CONTROLLER_OF)
    assert set(CONTROLLER_OF.values()) == set(CONTROLLERS)
    for code, entry in entries.items():
        named = [c for c in CONTROLLERS if f"controller: the {c}" in str(entry.purpose)]
        assert named == [CONTROLLER_OF[code]]


@pytest.mark.rule("IA-092")
def test_what_the_insurer_receives_holds_no_health_data():
    for entry in plugin.processing_entries():
        if CONTROLLER_OF[entry.code] == "insurer":
            assert "no health data" in str(entry.data)
        else:
            assert "never the insurer" in str(entry.recipients)


def test_the_service_has_pages_of_its_own():
    (service,) = plugin.services()
    assert (service.code, service.channel, service.bookable) == ("assistance_teleconsultation", "phone", False)


def test_what_partners_may_change_has_words_in_their_language():
    """Quota, hours and delays are open to partners; each has words that the catalogues translate."""
    from marshmallow import fields

    from plugins.insurer_assistance.config_words import PARTNERS_READ

    def opened(schema):
        for field in schema.fields.values():
            if isinstance(field, fields.Nested):
                yield from opened(field.schema)
            elif field.metadata.get("partner_edits"):
                yield field.metadata["description"]

    assert set(opened(Config())) == {str(words) for words in PARTNERS_READ[1:]}
