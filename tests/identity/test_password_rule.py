"""A portal may ask for kinds of characters (IA-060); the help says so before, the refusal after."""

import copy

import pytest
from marshmallow import ValidationError

from core.identity.policy import password_help, password_problems
from core.tenancy import current
from core.tenancy import service as tenancy
from core.tenancy.schema_policies import Password

KINDS = ["lower", "unaccented_upper", "special"]
RULE = {"min_length": 10, "min_strength": 0, "require": KINDS}


@pytest.fixture
def asking(bundles, portals):
    """Frontalia with another password rule."""

    def make(**rule):
        bundle = copy.deepcopy(bundles["frontalia"])
        bundle["config"]["identity"]["password"] = Password().load({**RULE, **rule})
        tenancy.store(bundle, "tests")
        return portals["frontalia"].id

    return make


@pytest.mark.rule("IA-060")
@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("Abcdefghi!", []),
        ("Abcdefghi ", ["special"]),
        ("abcdefghi!", ["capital letter without accent"]),
        ("Ébcdefghi!", ["capital letter without accent"]),
        ("ABCDEFGHI!", ["small letter"]),
        ("Abcdefghij", ["special"]),
        ("Abcdefghi1", ["special"]),
        ("Abcdefg!1", ["At least 10 characters"]),
        ("Àbcdefghi!Z", []),
        ("12345678901", ["small letter", "capital letter without accent", "special"]),
    ],
)
def test_what_is_missing_is_named(asking, password, wrong):
    with current.entered(asking()):
        problems = [str(p) for p in password_problems(password)]
    assert len(problems) == len(wrong)
    assert all(part in problem for part, problem in zip(sorted(wrong), sorted(problems), strict=True))


@pytest.mark.rule("IA-060")
def test_no_digit_is_asked_for_unless_the_portal_wants_one(asking):
    with current.entered(asking(require=[*KINDS, "digit", "upper"])):
        assert [str(p) for p in password_problems("Abcdefghi!")] == ["A digit is missing."]
        assert password_problems("Abcdefghi1!") == []


def test_strength_is_asked_for_beside_where_the_portal_keeps_it(asking):
    with current.entered(asking(min_strength=3)):
        assert len(password_problems("Aaaaaaaaa!")) == 1
        assert password_problems("Quince lantern-orbit") == []


def test_ones_own_name_stays_out(asking):
    with current.entered(asking()):
        assert len(password_problems("Horizontal!", ("Horizon",))) == 1


@pytest.mark.rule("IA-060")
def test_the_page_says_what_is_wanted(asking, browse):
    with current.entered(asking()):
        told = "At least 10 characters, with a small letter, a capital letter without accent, a special character."
        assert str(password_help()) == told
    assert told in browse().get("/register/patient").get_data(as_text=True)


@pytest.mark.parametrize(
    "rule",
    [
        {"min_strength": 1},
        {"min_strength": 0, "require": []},
        {"require": ["vowel"]},
        {"min_strength": 5},
        {"min_length": 7},
    ],
)
def test_a_rule_that_protects_nothing_is_refused(rule):
    with pytest.raises(ValidationError):
        Password().load(rule)
