"""The portal `mutuelle-horizon` as visitors see it before they sign in."""

import re
from pathlib import Path

import pytest

from core.tenancy import service
from core.tenancy.loader import load_folder
from core.testing.browser import Browser

FOLDER = Path(__file__).resolve().parents[3] / "tenants" / "mutuelle-horizon"
DOCUMENTS = ("legal_notice", "terms_of_use", "data_protection_policy", "health_data_consent", "data_sharing_consent", "cookie_policy")  # fmt: skip


@pytest.fixture
def visit(app, portals, runtime):
    """A visitor of the portal, which is live."""
    loaded = load_folder(FOLDER, runtime)
    assert loaded.bundle is not None
    service.store(loaded.bundle, "tests")
    service.go_live("mutuelle-horizon", "tests")
    return lambda language="fr": Browser(app, "mutuelle-horizon.localhost", language)


@pytest.mark.rule("IA-021", "IA-104")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_document_is_one_click_away_with_its_date(visit, language):
    visitor = visit(language)
    home = visitor.get("/").get_data(as_text=True)
    assert not re.search(r"(Terms of use and sale|conditions d’utilisation et de vente)", home, re.IGNORECASE)
    for code in DOCUMENTS:
        assert f'href="/legal/{code}"' in home
        page = visitor.get(f"/legal/{code}")
        assert page.status_code == 200
        assert "2026-11" in page.get_data(as_text=True)
    assert visitor.get("/legal/terms_of_use_and_sale").status_code == 200


@pytest.mark.rule("IA-054")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_say_that_nothing_is_paid(visit, language):
    text = visit(language).get("/pages/prices").get_data(as_text=True)
    assert {"fr": "Rien à payer", "en": "Nothing to pay"}[language] in text


@pytest.mark.rule("IA-018", "IA-048", "IA-057", "IA-060")
def test_an_account_asks_for_four_boxes_none_ticked_and_the_contracts_password(visit):
    visitor = visit("en")
    page = visitor.get("/register/patient").get_data(as_text=True)
    told = "At least 10 characters, with a small letter, a capital letter without accent, a special character."
    assert told in page
    form = {
        "first_name": "Maëlle", "last_name": "Le Goff", "birth_date": "1985-07-12", "sex": "female",
        "email": "maelle@example.org", "phone": "+33612345678", "password": "Qwdpzvkrt!", "postcode": "37000", "undertaking": "yes",
        "accept_terms_of_use": "2026-11", "accept_data_protection_policy": "2026-11",
        "accept_health_data_consent": "2026-11", "accept_data_sharing_consent": "2026-11",
    }  # fmt: skip
    for box in [key for key in form if key.startswith("accept_")]:
        missing = {key: value for key, value in form.items() if key != box}
        assert visitor.post("/register/patient", missing).status_code == 422, box
    assert visitor.post("/register/patient", {**form, "password": "Ébcdefghi!"}).status_code == 422
    for number in ("+33199001234", ""):  # a landline, none (IA-048)
        assert visitor.post("/register/patient", {**form, "phone": number}).status_code == 422
    sent = visitor.post("/register/patient", form)
    assert sent.status_code in (200, 302, 303), re.findall(r'error">([^<]*)<', sent.get_data(as_text=True))
    assert not re.search(r'name="accept_[a-z_]+"[^>]*\schecked', page)
