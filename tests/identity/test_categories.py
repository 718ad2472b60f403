"""What a patient is: computed from places, numbers, copies; pure rules first, then the pages."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage

from core.identity import accounts, categories, profile, uploads
from core.identity.categories import ProfileFacts

JURISDICTIONS = ("jurisdiction_fr", "jurisdiction_lu", "jurisdiction_be")
NIR, MATRICULE, EID, PASSPORT = "185077512345608", "1985071200141", "591234567829", "12AB34567"
PDF = b"%PDF-1.7\nhello\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 20 + b"IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 30 + b"\xff\xd9"


@pytest.fixture
def dispatcher(runtime, app):
    return lambda *plugins: runtime.dispatcher(plugins or JURISDICTIONS)


def facts(residence=None, workplace=None, identifiers=(), documents=(), declared=(), confirmed=True):
    return ProfileFacts(
        residence, workplace, confirmed, frozenset(identifiers), frozenset(documents), frozenset(declared)
    )


FRENCH = {"identifiers": ("fr_nir",), "documents": ("vitale_card",)}
BOTH = {"identifiers": ("fr_nir", "lu_matricule"), "documents": ("vitale_card", "cns_card")}
TABLE = [
    ("CB-054", facts(), "other", False),
    ("CB-099", facts("FR", **FRENCH), "fr_resident", True),
    ("CB-099", facts("FR", documents=("vitale_card",)), "other", False),
    ("CB-083", facts("FR", identifiers=("fr_nir",)), "other", False),
    ("CB-098", facts("FR", confirmed=False, **FRENCH), "other", False),
    ("CB-101", facts("FR", "LU", **BOTH), "fr_cross_border", True),
    ("CB-101", facts("FR", "LU", identifiers=("fr_nir",), documents=("vitale_card", "cns_card")), "fr_resident", True),
    (
        "CB-084",
        facts("FR", "LU", identifiers=("fr_nir", "lu_matricule"), documents=("vitale_card",)),
        "fr_resident",
        True,
    ),
    ("CB-106", facts("LU", identifiers=("lu_matricule",), documents=("cns_card",)), "lu_resident", True),
    ("CB-106", facts("LU", identifiers=("lu_matricule",)), "other", False),
    ("CB-108", facts("BE", identifiers=("be_eid",), documents=("e_id_card",)), "be_resident", True),
    ("CB-085", facts("BE", identifiers=("be_eid",)), "other", False),
    ("CB-109", facts("DE", identifiers=("identity_number",), documents=("identity_document",)), "other", True),
    ("CB-086", facts("DE", identifiers=("identity_number",)), "other", False),
    ("CB-109", facts("FR", identifiers=("identity_number",), documents=("identity_document",)), "other", False),
]


@pytest.mark.rule(
    "CB-054", "CB-083", "CB-084", "CB-085", "CB-086", "CB-098", "CB-099", "CB-101", "CB-106", "CB-108", "CB-109"
)
@pytest.mark.parametrize(("rule", "known", "code", "verified"), TABLE)
def test_the_category_follows_from_the_facts(dispatcher, rule, known, code, verified):
    found = categories.resolve(known, dispatcher())
    assert (found.code, found.verified) == (code, verified)


@pytest.mark.rule("CB-053")
def test_the_cross_border_category_needs_both_plugins(dispatcher):
    assert categories.resolve(facts("FR", "LU", **BOTH), dispatcher("jurisdiction_fr")).code == "fr_resident"
    assert "fr_cross_border" not in {c.code for c in categories.known(dispatcher("jurisdiction_fr"))}
    assert "fr_cross_border" in {c.code for c in categories.known(dispatcher())}


@pytest.mark.rule("CB-109")
def test_elsewhere_means_outside_of_the_enabled_jurisdictions(dispatcher):
    known = facts("BE", identifiers=("identity_number",), documents=("identity_document",))
    assert not categories.resolve(known, dispatcher()).verified
    assert categories.resolve(known, dispatcher("jurisdiction_fr")).verified


def test_what_is_missing_is_told_for_the_places_that_were_declared(dispatcher):
    found = categories.resolve(facts("LU"), dispatcher())
    assert {(c.kind, c.value) for c in found.missing} == {("identifier", "lu_matricule"), ("document", "cns_card")}
    better = categories.resolve(facts("FR", "LU", **FRENCH), dispatcher())
    assert better.code == "fr_resident" and better.verified
    assert {(c.kind, c.value) for c in better.missing} == {("identifier", "lu_matricule"), ("document", "cns_card")}
    unconfirmed = categories.resolve(facts("LU", confirmed=False), dispatcher())
    assert ("residence", "LU") in {(c.kind, c.value) for c in unconfirmed.missing}
    assert categories.resolve(facts("FR", **FRENCH), dispatcher()).missing == ()


@pytest.mark.rule("CB-051", "CB-052", "CB-103", "CB-104")
def test_statuses_belong_to_categories_and_need_their_proofs(dispatcher):
    def active(known):
        code = categories.resolve(known, dispatcher()).code
        return {s.code for s in categories.statuses(known, code, dispatcher()) if s.active}

    both = ("ald", "css", "pregnant_6m")
    assert active(facts("FR", declared=both, **FRENCH)) == {"ald", "css", "pregnant_6m"}
    assert active(facts("FR", "LU", declared=both, **BOTH)) == {"ald", "pregnant_6m"}
    assert (
        active(
            facts("LU", identifiers=("lu_matricule", "fr_nir"), documents=("cns_card", "vitale_card"), declared=both)
        )
        == set()
    )
    assert active(facts("FR", **FRENCH)) == set()
    assert active(facts("FR", declared=both, identifiers=("fr_nir",))) == set()


places = st.sampled_from([None, "FR", "LU", "BE", "DE"])
some = lambda *codes: st.frozensets(st.sampled_from(codes))  # noqa: E731


@given(
    places, places, st.booleans(),
    some("fr_nir", "lu_matricule", "be_eid", "identity_number"), some("vitale_card", "cns_card", "e_id_card", "identity_document"),
)  # fmt: skip
def test_a_verified_category_has_all_its_proofs_and_more_proofs_never_lose_it(
    whole_app, runtime, residence, workplace, confirmed, numbers, copies
):
    dispatcher = runtime.dispatcher(JURISDICTIONS)
    known = ProfileFacts(residence, workplace, confirmed, numbers, copies)
    found = categories.resolve(known, dispatcher)
    if found.verified:
        assert confirmed and residence
        category = next(c for c in categories.known(dispatcher) if c.code == found.code)
        countries = categories.jurisdictions(dispatcher)
        assert all(categories.holds(c, known, countries) for c in category.conditions)
    else:
        assert found.code == "other"
    everything = ProfileFacts(
        residence, workplace, confirmed, numbers | {"fr_nir", "lu_matricule", "be_eid", "identity_number"},
        copies | {"vitale_card", "cns_card", "e_id_card", "identity_document"},
    )  # fmt: skip
    if found.verified:
        assert categories.resolve(everything, dispatcher).verified


# -- pages ---------------------------------------------------------------------------------------------------------


def file(data=PDF, name="copy.pdf"):
    return (io.BytesIO(data), name)


def code_of(rows, made):
    return rows(lambda: (lambda f: (f.category, f.category_verified))(profile.patient_facts(made.id)))


@pytest.mark.rule("CB-082", "CB-098", "CB-099", "CB-101")
def test_from_nothing_to_cross_border_worker_by_the_pages(account, signed_in, rows):
    made = account()
    b = signed_in(made)
    assert code_of(rows, made) == ("other", False)
    refused = b.post("/account/category", {"residence": "FR", "workplace": "LU"})
    assert refused.status_code == 422
    b.post("/account/category", {"residence": "FR", "workplace": "LU", "confirm": "yes"})
    assert b.last.status_code == 302
    page = b.text(b.get("/account/documents"))
    assert 'name="fr_nir"' in page and 'name="cns_card"' in page and 'name="be_eid"' not in page
    b.post(
        "/account/documents",
        {"fr_nir": "1 85 07 75 123 456 08", "vitale_card": file()},
        content_type="multipart/form-data",
    )
    assert b.last.status_code == 302
    assert code_of(rows, made) == ("fr_resident", True)
    assert "Cross-border" in b.text(b.get("/account/category"))
    b.post(
        "/account/documents",
        {"lu_matricule": MATRICULE, "cns_card": file(PNG, "x.png")},
        content_type="multipart/form-data",
    )
    assert code_of(rows, made) == ("fr_cross_border", True)
    # The residence changes: the category follows at once.
    b.post("/account/category", {"residence": "LU", "workplace": "LU", "confirm": "yes"})
    assert code_of(rows, made) == ("lu_resident", True)


@pytest.mark.rule("CB-103")
def test_a_declared_status_counts_with_its_proof(account, signed_in, rows):
    made = account()
    b = signed_in(made)
    b.post("/account/category", {"residence": "FR", "confirm": "yes", "declared": ["ald", "nonsense"]})
    assert rows(lambda: profile.patient_facts(made.id)).statuses == frozenset()
    b.post("/account/documents", {"fr_nir": NIR, "vitale_card": file()}, content_type="multipart/form-data")
    facts = rows(lambda: profile.patient_facts(made.id))
    assert (facts.category, facts.statuses, facts.country) == ("fr_resident", frozenset({"ald"}), "FR")


@pytest.mark.parametrize(
    ("field", "value"), [("fr_nir", "185077512345609"), ("fr_nir", "1" * 500), ("fr_nir", "<script>")]
)
def test_a_wrong_number_is_refused_in_words_and_nothing_is_kept(account, signed_in, rows, field, value):
    made = account()
    b = signed_in(made)
    b.post("/account/category", {"residence": "FR", "confirm": "yes"})
    answer = b.post("/account/documents", {field: value, "vitale_card": file()}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in b.text(answer)
    assert rows(lambda: (profile.identifiers(accounts.by_id(made.id)), uploads.listed(made.id))) == ({}, [])


def test_a_number_is_unique_in_a_portal_and_free_in_another(account, rows, runtime, portals):
    one, two = account(), account(email="berta@example.org")

    def give(made):
        kind = profile.identifier_types("patient")["fr_nir"]
        return profile.set_identifier(accounts.by_id(made.id), kind, NIR)

    assert rows(lambda: give(one)) is None
    assert rows(lambda: give(one)) is None
    assert "cannot be used" in str(rows(lambda: give(two)))
    stored = rows(lambda: profile.identifiers(accounts.by_id(one.id)))
    assert stored == {"fr_nir": NIR}


BAD_FILES = [
    (b"", "empty.pdf"),
    (b"MZ\x90\x00" + b"\x00" * 50, "virus.pdf"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "x.png"),
    (b"%PDF-1.7 cut off", "x.pdf"),
    (b"\xff\xd8\xff\xe0 cut off", "x.jpg"),
    (b"<html>%PDF-1.7 %%EOF</html>", "x.pdf"),
]


@pytest.mark.parametrize(("data", "name"), BAD_FILES, ids=[n + str(i) for i, (_d, n) in enumerate(BAD_FILES)])
def test_files_are_told_by_their_content(account, signed_in, rows, data, name):
    made = account()
    b = signed_in(made)
    b.post("/account/category", {"residence": "FR", "confirm": "yes"})
    answer = b.post("/account/documents", {"vitale_card": file(data, name)}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert 'href="#f-vitale_card"' in b.text(answer)
    assert rows(lambda: uploads.listed(made.id)) == []


def test_a_file_that_is_too_large_is_refused_with_the_limit():
    stream = io.BytesIO(PDF + b"x" * uploads.MOST_BYTES)
    upload, wrong = uploads.receive(FileStorage(stream, "big.pdf"))
    assert upload is None
    assert "larger than 8 MB" in str(wrong)


def test_an_upload_of_nothing_is_told(account, signed_in):
    b = signed_in(account())
    answer = b.post("/account/documents", {}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Nothing was filled in" in b.text(answer)


@pytest.mark.parametrize(("data", "kind"), [(PDF, "application/pdf"), (PNG, "image/png"), (JPEG, "image/jpeg")])
def test_a_copy_is_sealed_and_comes_back_to_its_owner_only(account, signed_in, rows, data, kind):
    made, other = account(), account(email="berta@example.org")
    kept = rows(lambda: uploads.keep(accounts.by_id(made.id), "identity_document", uploads.Upload(kind, data)).id)
    stored = rows(lambda: uploads.access_document(made.id, kept).sealed)
    assert data[:16] not in stored
    answer = signed_in(made).get(f"/account/documents/{kept}")
    assert answer.data == data
    assert answer.headers["Content-Disposition"].startswith("attachment")
    stranger = signed_in(other)
    assert stranger.get(f"/account/documents/{kept}").status_code == 404
    assert stranger.post(f"/account/documents/{kept}/remove").status_code == 404
    assert signed_in(made).get(f"/account/documents/{kept}").status_code == 200


def test_taking_a_proof_away_takes_the_category_away(account, signed_in, rows):
    made = account()
    b = signed_in(made)
    b.post("/account/category", {"residence": "FR", "confirm": "yes"})
    b.post("/account/documents", {"fr_nir": NIR, "vitale_card": file()}, content_type="multipart/form-data")
    assert code_of(rows, made) == ("fr_resident", True)
    b.post("/account/identifiers/fr_nir/remove")
    assert code_of(rows, made) == ("other", False)


def test_at_most_four_copies_of_a_kind_are_kept(account, rows):
    made = account()
    for _n in range(6):
        rows(lambda: uploads.keep(accounts.by_id(made.id), "vitale_card", uploads.Upload("application/pdf", PDF)))
    assert len(rows(lambda: uploads.listed(made.id))) == 4
