"""What the lines of a file that was read do to the list, in sets: which are doubles, what they would change, the change.

The caller holds the file's row and ends the transaction.
"""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import func, select, text

from core.plugin_api.tables import current_tenant_id, db, now
from plugins.insurer_assistance.models import Import, Member


def _run(statement: str, import_id: uuid.UUID, **more: Any) -> Any:
    return db.session.execute(text(statement), {"tenant": current_tenant_id(), "id": import_id, **more})


def by_sets() -> None:
    """Make the planner think of the tables as they are now; row by row, hundreds of thousands of lines would take hours.

    Lines that were just written are not in its figures yet; and a connection keeps the plan of a foreign key's check from
    when the list was empty and every index as good as another.
    """
    db.session.execute(text("SET LOCAL enable_nestloop = off"))
    db.session.execute(text("DISCARD PLANS"))


def mark_doubles(import_id: uuid.UUID) -> None:
    """Which of two lines is right, nobody knows: all of them are faults, and change nothing."""
    by_sets()
    for code, group, among in (
        ("number_twice", "key_blind", "key_blind IS NOT NULL"),
        ("person_twice", "contract_blind, person_blind", "code IS NULL"),
    ):
        _run(
            f"""
            WITH twice AS (
                SELECT {group} FROM ia_import_lines WHERE tenant_id = :tenant AND import_id = :id AND {among}
                GROUP BY {group} HAVING count(*) > 1
            )
            UPDATE ia_import_lines SET code = :code
            WHERE tenant_id = :tenant AND import_id = :id AND code IS NULL AND ({group}) IN (SELECT {group} FROM twice)
            """,  # noqa: S608  column names of ours
            import_id,
            code=code,
        )


_GOOD = """
    good AS MATERIALIZED (SELECT * FROM ia_import_lines WHERE tenant_id = :tenant AND import_id = :id AND code IS NULL),
    reasons AS (
        SELECT contract_blind, role = 'insured' AS insured, jsonb_agg(DISTINCT reason ORDER BY reason) AS exclusions
        FROM good, jsonb_array_elements_text(exclusions) AS reason GROUP BY contract_blind, role = 'insured'
    ),
    heads AS (SELECT contract_blind, min(opens_on) AS opens_on, bool_or(role = 'insured') AS insured FROM good GROUP BY contract_blind),
    contracts AS (
        SELECT h.contract_blind, h.opens_on, h.insured, COALESCE(r.exclusions, '[]'::jsonb) AS exclusions
        FROM heads h LEFT JOIN reasons r ON r.contract_blind = h.contract_blind AND r.insured = h.insured
    )
"""
_COVER_MOVES = "(c.opens_on > k.opens_on OR (k.insured AND c.exclusions <> k.exclusions))"
_MEMBER_MOVES = """(m.cover_id, m.person_blind, m.role, m.protected, m.residence, m.opens_on, m.closes_on, m.source, m.removed_at)
    IS DISTINCT FROM (c.id, g.person_blind, g.role, g.protected, g.residence, g.opens_on, g.closes_on, 'file', NULL::timestamptz)"""
_GONE = """m.tenant_id = :tenant AND m.source = 'file' AND m.removed_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM ia_import_lines l WHERE l.tenant_id = :tenant AND l.import_id = :id AND l.key_blind = m.key_blind)"""


def preview(row: Import) -> dict[str, int]:
    """What applying the file would do, counted."""
    found = _run(
        f"""
        WITH {_GOOD}
        SELECT count(*) FILTER (WHERE m.id IS NULL), count(*) FILTER (WHERE m.id IS NOT NULL AND (c.id IS NULL OR {_COVER_MOVES} OR {_MEMBER_MOVES})),
            count(*)
        FROM good g JOIN contracts k ON k.contract_blind = g.contract_blind
        LEFT JOIN ia_members m ON m.tenant_id = :tenant AND m.key_blind = g.key_blind
        LEFT JOIN ia_covers c ON c.tenant_id = :tenant AND c.contract_blind = g.contract_blind
        """,  # noqa: S608  fragments of ours
        row.id,
    ).one()
    faults = _run(
        "SELECT count(*), count(*) FILTER (WHERE key_blind IS NULL) FROM ia_import_lines "
        "WHERE tenant_id = :tenant AND import_id = :id AND code IS NOT NULL",
        row.id,
    ).one()
    removed = _run(f"SELECT count(*) FROM ia_members m WHERE {_GONE}", row.id).scalar_one()  # noqa: S608  ours
    return {
        "added": found[0],
        "changed": found[1],
        "unchanged": found[2] - found[0] - found[1],
        "removed": removed if row.whole and not faults[1] else 0,
        "errors": faults[0],
        "unreadable": faults[1],
        "listed": _listed_by_file(),
    }


def _listed_by_file() -> int:
    found: int = db.session.execute(
        select(func.count()).select_from(Member).where(Member.source == "file", Member.removed_at.is_(None))
    ).scalar_one()
    return found


def write(import_id: uuid.UUID, *, removing: bool) -> None:
    """Bring the list to what the file says; then only the lines and codes of its faults are kept."""
    _run(
        f"""
        WITH {_GOOD}
        INSERT INTO ia_covers AS c (tenant_id, id, contract_blind, opens_on, exclusions, updated_at)
        SELECT :tenant, gen_random_uuid(), k.contract_blind, k.opens_on, k.exclusions, :now FROM contracts k
        ON CONFLICT (tenant_id, contract_blind) WHERE contract_blind IS NOT NULL DO NOTHING
        """,  # noqa: S608  fragments of ours
        import_id,
        now=now(),
    )
    _run(
        f"""
        WITH {_GOOD}
        UPDATE ia_covers c SET opens_on = LEAST(c.opens_on, k.opens_on), updated_at = :now,
            exclusions = CASE WHEN k.insured THEN k.exclusions ELSE c.exclusions END
        FROM contracts k WHERE c.tenant_id = :tenant AND c.contract_blind = k.contract_blind AND {_COVER_MOVES}
        """,  # noqa: S608  fragments of ours
        import_id,
        now=now(),
    )
    _run(
        f"""
        WITH {_GOOD}
        UPDATE ia_members m SET cover_id = c.id, person_blind = g.person_blind, role = g.role, protected = g.protected,
            residence = g.residence, opens_on = g.opens_on, closes_on = g.closes_on, source = 'file', removed_at = NULL, updated_at = :now
        FROM good g JOIN ia_covers c ON c.tenant_id = :tenant AND c.contract_blind = g.contract_blind
        WHERE m.tenant_id = :tenant AND m.key_blind = g.key_blind AND {_MEMBER_MOVES}
        """,  # noqa: S608  fragments of ours
        import_id,
        now=now(),
    )
    _run(
        f"""
        WITH {_GOOD}
        INSERT INTO ia_members (tenant_id, id, cover_id, key_blind, person_blind, role, protected, residence, opens_on, closes_on,
            source, updated_at)
        SELECT :tenant, gen_random_uuid(), c.id, g.key_blind, g.person_blind, g.role, g.protected, g.residence, g.opens_on,
            g.closes_on, 'file', :now
        FROM good g JOIN ia_covers c ON c.tenant_id = :tenant AND c.contract_blind = g.contract_blind
        ON CONFLICT (tenant_id, key_blind) DO NOTHING
        """,  # noqa: S608  fragments of ours
        import_id,
        now=now(),
    )
    if removing:
        _run(f"UPDATE ia_members m SET removed_at = :now, updated_at = :now WHERE {_GONE}", import_id, now=now())  # noqa: S608
    _run(
        "DELETE FROM ia_import_lines WHERE tenant_id = :tenant AND import_id = :id AND code IS NULL",
        import_id,
    )
    _run(
        "UPDATE ia_import_lines SET key_blind = NULL WHERE tenant_id = :tenant AND import_id = :id",
        import_id,
    )
