"""Tables and functions that exist for the figures only: bases to compare with, and one SQL function that books whole."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg

from core.db.rls import APP

TENANTS, ROWS = 200, 500
FIRST_TENANT, SPREAD = 900_000, 16
"""The writes of P3 and P4 are spread over portals, as in operation: the head of a portal's trail orders its writers."""

_TABLES = f"""
CREATE TABLE bench_bookings (id uuid PRIMARY KEY, practitioner_id uuid NOT NULL, during tstzrange NOT NULL, patient_id uuid NOT NULL,
    EXCLUDE USING gist (practitioner_id WITH =, during WITH &&));
CREATE TABLE bench_rows_plain (id int PRIMARY KEY, tenant_id int NOT NULL, name text NOT NULL);
INSERT INTO bench_rows_plain SELECT n, 1, 'row ' || n FROM generate_series(1, 1000) n;
CREATE TABLE bench_rows (id int PRIMARY KEY, tenant_id int NOT NULL, name text NOT NULL);
CREATE TABLE bench_many_plain (tenant_id int, id int, value int NOT NULL, PRIMARY KEY (tenant_id, id));
INSERT INTO bench_many_plain SELECT t, n, (n * 7919) % 1000 FROM generate_series(1, {TENANTS}) t, generate_series(1, {ROWS}) n;
CREATE TABLE bench_many (LIKE bench_many_plain INCLUDING ALL);
INSERT INTO bench_many SELECT * FROM bench_many_plain;
CREATE SEQUENCE bench_numbers;
GRANT SELECT, INSERT ON bench_bookings, bench_rows_plain, bench_rows, bench_many, bench_many_plain TO {APP};
GRANT USAGE ON SEQUENCE bench_numbers TO {APP};
"""

_POLICY = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::int"

# Idempotency key, time, appointment, receipts, link, message with two deliveries, three entries of the chain: what
# a booking of the product writes, through the product's own functions, with row security as ever.
_BOOK = """
CREATE FUNCTION bench_book(n bigint) RETURNS uuid LANGUAGE plpgsql AS $bench$
DECLARE v_id uuid := gen_random_uuid(); v_busy uuid; v_now timestamptz := clock_timestamp();
        v_start timestamptz := '2030-01-01 00:00Z'::timestamptz + (n / 200) * interval '5 minutes';
        v_receipt jsonb; v_tenant int := {first} + (n % {spread})::int;
BEGIN
    PERFORM set_config('app.tenant_id', v_tenant::text, true);
    INSERT INTO idempotency_keys (tenant_id, key, account_id, request_hash, status, sealed, created_at)
        VALUES (v_tenant, 'bench-' || n, '{account}', sha256('request'), 201, sha256('answer'), v_now);
    v_receipt := jsonb_build_object('tenant_id', v_tenant, 'decided_at', v_now, 'question', 'booking', 'effect', 'permit',
        'person_id', '{account}', 'account_id', '{account}', 'act_kind', 'appointment', 'act_id', v_id,
        'sealed', '\\x' || repeat('00', 900), 'digest', repeat('0', 64), 'plugin_versions', '{{}}'::jsonb);
    v_busy := book_time(
        jsonb_build_object('tenant_id', v_tenant, 'id', v_id, 'professional_id', '{professional}',
            'practitioner_id', md5((n % 200)::text)::uuid, 'practice_id', '{practice}', 'reason_id', '{reason}',
            'reason_label', 'Consultation', 'service', 'in_person', 'patient_account_id', '{account}',
            'starts_at', v_start, 'ends_at', v_start + interval '5 minutes', 'state', 'booked', 'busy_id', gen_random_uuid(),
            'sequence', 0, 'currency', 'EUR', 'booked_by', 'patient', 'created_at', v_now, 'confirmed_at', v_now),
        NULL, jsonb_build_array(v_receipt || jsonb_build_object('id', gen_random_uuid()), v_receipt || jsonb_build_object('id', gen_random_uuid())),
        jsonb_build_object('tenant_id', v_tenant, 'id', gen_random_uuid(), 'professional_id', '{professional}',
            'account_id', '{account}', 'way', 'appointment', 'created_at', v_now),
        jsonb_build_object('tenant_id', v_tenant, 'id', gen_random_uuid(), 'name', 'bench', 'payload', '{{}}'::jsonb, 'occurred_at', '2099-01-01Z'),
        ARRAY['one', 'two'], NULL);
    IF v_busy IS NULL THEN
        RAISE EXCEPTION 'taken';
    END IF;
    PERFORM audit_append_all(v_tenant, (SELECT jsonb_agg(jsonb_build_object('at', v_now, 'actor_kind', 'account', 'actor_id', '{account}',
        'action', a, 'object_kind', 'appointment', 'object_id', v_id, 'details', '{{}}')) FROM unnest(ARRAY['kept', 'kept', 'booked']) a));
    RETURN v_busy;
END $bench$
"""


_COPIES = """
INSERT INTO {table} SELECT (jsonb_populate_record(r, jsonb_build_object('tenant_id', t))).* FROM {table} r,
    generate_series({first}, {first} + {spread} - 1) t WHERE r.tenant_id = {tenant} AND r.id = '{id}'
"""


def prepare(admin: str, owner: str, tenant_id: int, made: Any, account_id: uuid.UUID) -> None:
    """Make the tables and the function, as the owner; the portals' copies of a professional, as the superuser."""
    with psycopg.connect(admin, autocommit=True) as c:
        for table, id_ in (("professionals", made.pro.id), ("practices", made.practice.id)):
            c.execute(_COPIES.format(table=table, first=FIRST_TENANT, spread=SPREAD, tenant=int(tenant_id), id=id_))
    with psycopg.connect(owner, autocommit=True) as c:
        for statement in _TABLES.split(";\n"):
            if statement.strip():
                c.execute(statement)
        c.execute(f"INSERT INTO bench_rows SELECT id, {int(tenant_id)}, name FROM bench_rows_plain")
        for table in ("bench_rows", "bench_many"):
            c.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            c.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            c.execute(f"CREATE POLICY tenant ON {table} USING ({_POLICY}) WITH CHECK ({_POLICY})")
        c.execute(
            _BOOK.format(
                first=FIRST_TENANT,
                spread=SPREAD,
                account=account_id,
                professional=made.pro.id,
                practice=made.practice.id,
                reason=made.reason.id,
            )
        )
        c.execute("ANALYZE")
