"""What a visitor without account sees."""

import pytest


@pytest.mark.rule("CB-001", "CB-006", "CB-059")
def test_home_shows_the_brand_and_links_to_the_documents(browse):
    page = browse().get("/")
    body = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "Frontalia" in body
    for link in ("/legal/legal_notice", "/legal/terms_of_use_and_sale", "/legal/cookie_policy"):
        assert link in body


def test_an_unknown_host_is_404(app, browse):
    visitor = browse()
    visitor.host = "nobody.localhost"
    visitor.headers["Host"] = "nobody.localhost:8000"
    assert visitor.get("/").status_code == 404
