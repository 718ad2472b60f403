"""The chain: what was done stands, in order; edits, deletions and truncation are found."""

import pytest
from sqlalchemy import create_engine, text

from core import audit
from core.audit.models import AuditEntry
from core.db import db
from core.tenancy.current import entered


def write(count):
    for i in range(count):
        audit.record("test.done", "thing", i, {"i": i, "text": "é\x1f"})
        db.session.commit()


def tamper(test_database, statement):
    engine = create_engine(test_database.admin_url)
    with engine.begin() as c:
        c.exec_driver_sql(statement)
    engine.dispose()


def test_an_untouched_chain_verifies(inside):
    before = audit.verify().entries
    write(5)
    found = audit.verify()
    assert (found.entries, found.broken_at) == (before + 5, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET details = '{}' WHERE action = 'test.done' AND object_id = '2'",
        "DELETE FROM audit_entries WHERE action = 'test.done' AND object_id = '2'",
        "UPDATE audit_entries SET actor_id = 'x' WHERE action = 'test.done' AND object_id = '0'",
        "DELETE FROM audit_entries WHERE action = 'test.done' AND object_id = '4'",
    ],
)
def test_every_kind_of_tampering_is_found(inside, test_database, statement):
    write(5)
    db.session.rollback()
    tamper(test_database, statement)
    assert audit.verify().broken_at is not None


def test_a_rewritten_chain_is_found_by_an_anchor(inside):
    write(3)
    seq, head = audit.service.head()
    assert audit.verify({seq: head}).problem is None
    assert audit.verify({seq: "00" * 32}).broken_at == seq
    assert audit.verify({seq + 5: head}).broken_at is not None


def test_what_is_rolled_back_leaves_no_entry(inside):
    before = audit.verify().entries
    audit.record("test.undone", "thing", 1)
    db.session.rollback()
    write(1)
    assert audit.verify().entries == before + 1


def test_the_application_can_neither_change_nor_delete(inside):
    write(1)
    for statement in ("UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries"):
        with pytest.raises(Exception, match="permission denied"):
            db.session.execute(text(statement))
        db.session.rollback()


def test_chains_of_two_portals_are_apart(app, portals):
    for view in portals.values():
        with entered(view.id):
            write(2)
            assert audit.verify().problem is None
            assert {e.tenant_id for e in db.session.query(AuditEntry)} == {view.id}


def test_the_actor_is_named(inside):
    with audit.acting_as(audit.Actor("operator", "42")):
        write(1)
    last = db.session.query(AuditEntry).order_by(AuditEntry.seq.desc()).first()
    assert (last.actor_kind, last.actor_id) == ("operator", "42")
