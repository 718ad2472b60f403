"""Consultations that hang and wallets, in the console: no name, one booking, all money back."""

import re
import uuid

import pytest
from sqlalchemy import select

from core.audit.models import AuditEntry
from core.care.consultations import requests, service
from core.db import db
from core.money import service as money
from core.tenancy import current
from core.testing.makers import fill_profile, make_booker, make_professional


@pytest.fixture
def hanging(frontalia):
    """A consultation under way whose report never came: (its id, the patient's account)."""
    with current.entered(frontalia.id):
        made = make_professional()
        made.pro.services = ["express_consultation"]
        money.set_tariff(made.pro.id, "express_consultation", 2500)
        booker = make_booker(last_name="Canaryname")
        fill_profile(booker.account_id)
        money.credit(booker.account_id, uuid.uuid4(), 5000)
        row = requests.request(
            booker, service="express_consultation", professional_ids=[made.pro.id], question="canary question", highest_cents=2500,
            acknowledged={"show_emergency_warning", "tell_not_reimbursed"}, profile_confirmed=True,
        )  # fmt: skip
        requests.accept(made.pro, row.id)
        db.session.commit()
        found = row.id, booker.account_id
        db.session.expunge_all()
    return found


def balance(view, account_id):
    with current.entered(view.id):
        return money.wallet_cents(account_id)


def test_one_that_cannot_go_on_is_ended_with_all_money_back(operator, frontalia, hanging):
    consultation_id, account_id = hanging
    page = operator.text(operator.get("/console/portals/frontalia/consultations"))
    assert "Under way" in page
    assert "€25.00" in page
    assert "Canaryname" not in page
    assert "canary question" not in page
    path = f"/console/portals/frontalia/consultations/{consultation_id}/cancel"
    assert operator.post(path, {"reason": " "}).status_code == 422
    answer = operator.yes(path, {"reason": "The doctor's software broke down"})
    assert answer.status_code == 302
    with current.entered(frontalia.id):
        assert service.locked(consultation_id).state == "cancelled"
        db.session.rollback()
        trail = db.session.execute(select(AuditEntry.action, AuditEntry.actor_kind)).all()
    assert balance(frontalia, account_id) == 5000
    assert ("consultation.cancelled_by_operator", "operator") in [tuple(t) for t in trail]
    assert operator.yes(path, {"reason": "Again"}).status_code == 409
    assert balance(frontalia, account_id) == 5000


def test_a_wallet_is_added_to_once_per_form(operator, frontalia, hanging):
    _consultation_id, account_id = hanging
    path = f"/console/accounts/frontalia/{account_id}"
    key = re.search(r'name="key" value="([^"]+)"', operator.text(operator.get(path))).group(1)
    form = {"amount": "12,50", "reason": "A gesture", "key": key}
    assert operator.post(path + "/wallet", form).status_code == 302
    assert operator.post(path + "/wallet", form).status_code == 302
    assert balance(frontalia, account_id) == 2500 + 1250


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"amount": "x"}, "is not an amount"), ({"amount": "0"}, "above zero"), ({"reason": ""}, "give the reason")],
)
def test_wrong_amounts_are_told_and_nothing_is_added(operator, frontalia, hanging, changed, words):
    _consultation_id, account_id = hanging
    answer = operator.post(
        f"/console/accounts/frontalia/{account_id}/wallet", {"amount": "5", "reason": "A gesture", **changed}
    )
    assert answer.status_code == 422
    assert words in operator.text(answer)
    assert balance(frontalia, account_id) == 2500


def test_only_patients_have_a_wallet(operator, frontalia, visit):
    professional = visit("frontalia", "professional")
    answer = operator.post(
        f"/console/accounts/frontalia/{professional.account_id}/wallet", {"amount": "5", "reason": "A gesture"}
    )
    assert answer.status_code == 422
