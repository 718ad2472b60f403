"""A portal may call its documents by names of its own; each stands in its place everywhere."""

import copy

import pytest

from core import clock
from core.consent import documents
from core.tenancy import current, golive
from core.tenancy import service as tenancy

OWN, PLACE = "rules_of_the_house", "terms_of_use_and_sale"


@pytest.fixture
def named(bundles, portals):
    """Frontalia whose terms are called otherwise."""
    bundle = copy.deepcopy(bundles["frontalia"])
    bundle["legal"] = {
        (OWN if code == PLACE else code): {**entry, "code": OWN, "stands_for": PLACE} if code == PLACE else entry
        for code, entry in bundle["legal"].items()
    }
    tenancy.store(bundle, "tests")
    return current.view_by_id(portals["frontalia"].id)


@pytest.mark.rule("IA-015", "IA-021")
def test_it_is_found_by_its_own_name_and_by_its_place(named, browse):
    today = clock.today("Europe/Paris")
    assert documents.find(named, PLACE, None, today) == documents.find(named, OWN, None, today)
    assert documents.find(named, PLACE, None, today).code == OWN
    assert documents.find(named, "nothing", None, today) is None
    visitor = browse()
    for code in (OWN, PLACE):
        assert visitor.get(f"/legal/{code}").status_code == 200
    assert visitor.get("/legal/nothing").status_code == 404
    home = visitor.get("/").get_data(as_text=True)
    assert f'href="/legal/{OWN}"' in home
    assert f'href="/legal/{PLACE}"' not in home


def test_nothing_lacks_before_going_live(named, runtime):
    assert [c.key for c in golive.missing_for_live(named.bundle, runtime)] == []


@pytest.mark.rule("IA-021")
def test_the_end_of_every_page_links_each_document_by_its_own_title(browse, bundles):
    page = browse("frontalia", "fr").get("/").get_data(as_text=True)
    for code, document in bundles["frontalia"]["legal"].items():
        title = document["texts"]["fr"].splitlines()[0].removeprefix("# ")
        assert f'<a href="/legal/{code}">{title}</a>' in page
