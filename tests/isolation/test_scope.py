"""No tenant, no answer; the other tenant's rows do not exist; nothing of a scope stays behind."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, StatementError

from core.db import TenantMissing, db, global_scope, tenant_scope
from core.promises.models import Promise
from core.tenancy.current import entered
from core.testing.makers import make_account, make_professional


def test_without_a_tenant_our_own_code_raises(app):
    with pytest.raises(TenantMissing):
        db.session.execute(text("SELECT 1"))


def test_a_global_scope_sees_no_tenants_row_and_writes_none(app, portals):
    with entered(portals["frontalia"].id):
        make_account()
        db.session.commit()
    with global_scope():
        assert db.session.execute(text("SELECT count(*) FROM accounts")).scalar_one() == 0
        with pytest.raises(StatementError, match="without a tenant"):
            db.session.add(Promise(kind="x"))
            db.session.flush()


def test_the_same_connection_serves_two_tenants_without_mixing(app, portals):
    ids = [p.id for p in portals.values()]
    for tenant_id in ids:
        with entered(tenant_id):
            make_account(first_name=f"Of{tenant_id}")
            db.session.commit()
    for tenant_id in ids * 3:
        with tenant_scope(tenant_id):
            found = db.session.execute(text("SELECT DISTINCT tenant_id FROM accounts")).scalars().all()
            assert found == [tenant_id]


def test_a_row_of_another_tenant_cannot_be_written_or_referenced(app, portals):
    first, second = (p.id for p in portals.values())
    with entered(first):
        made = make_professional()
        professional_id = made.pro.id
    with tenant_scope(second):
        with pytest.raises(DBAPIError):
            db.session.execute(text("INSERT INTO audit_heads (tenant_id, seq, hash) VALUES (:t, 0, '')"), {"t": first})
        db.session.rollback()
        with pytest.raises(DBAPIError):
            db.session.execute(
                text(
                    "INSERT INTO favourites (tenant_id, id, account_id, professional_id, way, created_at) "
                    "VALUES (:t, gen_random_uuid(), gen_random_uuid(), :p, 'chosen', now())"
                ),
                {"t": second, "p": professional_id},
            )
        db.session.rollback()


def test_reading_an_id_after_commit_needs_no_new_transaction(inside):
    account = make_account()
    db.session.commit()
    assert account.id is not None
    assert not db.session().in_transaction()


def test_an_object_does_not_survive_a_switch(app, portals):
    first, second = (p.id for p in portals.values())
    with entered(first):
        account = make_account()
        db.session.commit()
        account_id = account.id
    with entered(second):
        assert type(account).get(account_id) is None
        assert db.session.execute(select(type(account))).scalars().all() == []
