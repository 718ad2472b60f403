"""Fewer round trips: a booking is written by one function, and the trail by one call for all entries of a transaction.

And free time of many professionals with fewer changes of time zone.

Both run with the caller's rights, so that row security holds inside them.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

_APPOINTMENT = (
    "tenant_id, id, professional_id, practitioner_id, practice_id, reason_id, reason_label, service, patient_account_id, "
    "dependant_id, starts_at, ends_at, state, hold_expires_at, busy_id, sequence, price_cents, currency, booked_by, "
    "terms_version, partner, note, created_at, confirmed_at, ended_at"
)
_RECEIPT = "tenant_id, id, decided_at, question, effect, person_id, account_id, act_kind, act_id, sealed, digest, plugin_versions"
_LINK = "tenant_id, id, professional_id, account_id, way, created_at"


def upgrade() -> None:
    # The head is locked once and written once, however many entries there are; the hashes are those of audit_append.
    op.execute("""
        CREATE FUNCTION audit_append_all(p_tenant int, p_entries jsonb) RETURNS bigint LANGUAGE plpgsql
            SET search_path = public, pg_temp AS $portico$
        DECLARE v_seq bigint; v_prev bytea; v_hash bytea; v_at timestamptz; e jsonb;
        BEGIN
            SELECT seq, hash INTO v_seq, v_prev FROM audit_heads WHERE tenant_id = p_tenant FOR UPDATE;
            IF NOT FOUND THEN
                INSERT INTO audit_heads (tenant_id, seq, hash) VALUES (p_tenant, 0, decode(repeat('00', 32), 'hex'))
                    ON CONFLICT (tenant_id) DO NOTHING;
                SELECT seq, hash INTO v_seq, v_prev FROM audit_heads WHERE tenant_id = p_tenant FOR UPDATE;
            END IF;
            FOR e IN SELECT x FROM jsonb_array_elements(p_entries) WITH ORDINALITY AS t(x, n) ORDER BY n LOOP
                v_seq := v_seq + 1;
                v_at := (e ->> 'at')::timestamptz;
                v_hash := sha256(v_prev || convert_to(concat_ws(E'\\x1f', v_seq::text,
                    to_char(v_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e ->> 'actor_kind', e ->> 'actor_id',
                    e ->> 'action', e ->> 'object_kind', e ->> 'object_id', e ->> 'details'), 'UTF8'));
                INSERT INTO audit_entries (tenant_id, seq, at, actor_kind, actor_id, action, object_kind, object_id, details, prev, hash)
                    VALUES (p_tenant, v_seq, v_at, e ->> 'actor_kind', e ->> 'actor_id', e ->> 'action', e ->> 'object_kind',
                            e ->> 'object_id', e ->> 'details', v_prev, v_hash);
                v_prev := v_hash;
            END LOOP;
            UPDATE audit_heads SET seq = v_seq, hash = v_prev WHERE tenant_id = p_tenant;
            RETURN v_seq;
        END $portico$""")
    op.execute("""
        CREATE FUNCTION outbox_announce(p_message jsonb, p_consumers text[], p_claimed timestamptz) RETURNS void LANGUAGE plpgsql
            SET search_path = public, pg_temp AS $portico$
        DECLARE v_tenant int := (p_message ->> 'tenant_id')::int; v_id uuid := (p_message ->> 'id')::uuid;
                v_at timestamptz := (p_message ->> 'occurred_at')::timestamptz;
        BEGIN
            INSERT INTO outbox_messages (tenant_id, id, name, payload, occurred_at)
                VALUES (v_tenant, v_id, p_message ->> 'name', p_message -> 'payload', v_at);
            INSERT INTO outbox_deliveries (tenant_id, message_id, consumer, next_at, attempts, claimed_until)
                SELECT v_tenant, v_id, c, v_at, 0, p_claimed FROM unnest(p_consumers) AS c;
        END $portico$""")
    # The time, the appointment, the receipts of the decisions, the patient's link and the announcement, all or nothing:
    # NULL, and nothing written, when the time is taken. The exclusion constraint inside take_time decides.
    op.execute(f"""
        CREATE FUNCTION book_time(p_appointment jsonb, p_expires timestamptz, p_receipts jsonb, p_link jsonb,
                                  p_message jsonb, p_consumers text[], p_claimed timestamptz)
            RETURNS uuid LANGUAGE plpgsql SET search_path = public, pg_temp AS $portico$
        DECLARE v_busy uuid;
        BEGIN
            v_busy := take_time((p_appointment ->> 'practitioner_id')::uuid, (p_appointment ->> 'starts_at')::timestamptz,
                (p_appointment ->> 'ends_at')::timestamptz, (p_appointment ->> 'busy_id')::uuid, p_expires);
            IF v_busy IS NULL THEN
                RETURN NULL;
            END IF;
            INSERT INTO appointments ({_APPOINTMENT})
                SELECT {_APPOINTMENT} FROM jsonb_populate_record(NULL::appointments, p_appointment);
            INSERT INTO decision_receipts ({_RECEIPT})
                SELECT {_RECEIPT} FROM jsonb_populate_recordset(NULL::decision_receipts, p_receipts);
            IF p_link IS NOT NULL THEN
                INSERT INTO patient_links ({_LINK}) SELECT {_LINK} FROM jsonb_populate_record(NULL::patient_links, p_link)
                    ON CONFLICT DO NOTHING;
            END IF;
            IF p_message IS NOT NULL THEN
                PERFORM outbox_announce(p_message, p_consumers, p_claimed);
            END IF;
            RETURN v_busy;
        END $portico$""")

    _free_time()


def _free_time() -> None:
    # As in 0006, and the same answers.
    op.execute("""
        CREATE OR REPLACE FUNCTION free_time(p_professionals uuid[], p_from date, p_to date, p_after timestamptz,
                                  p_closed_countries text[], p_closed_days date[])
            RETURNS TABLE (professional_id uuid, practice_id uuid, services text[], known_patients_only boolean,
                           grid_minutes smallint, free tstzmultirange)
            LANGUAGE sql STABLE SET search_path = public, pg_temp AS $portico$
        WITH days AS (SELECT d::date AS day FROM generate_series(p_from, p_to, interval '1 day') d),
        closed AS (SELECT c.country, c.day FROM unnest(p_closed_countries, p_closed_days) AS c(country, day)),
        pros AS (SELECT p.id, p.practitioner_id FROM professionals p WHERE p.id = ANY(p_professionals)),
        -- Wall-clock times become instants once for each zone, day and span, not once for each professional.
        weekly AS MATERIALIZED (
            SELECT h.professional_id, h.practice_id, h.services, h.known_patients_only, h.grid_minutes,
                   h.weekday, h.opens, h.closes, h.valid_from, h.valid_until, pr.time_zone,
                   CASE WHEN pr.closed_on_holidays THEN pr.country END AS country
            FROM opening_hours h
            JOIN practices pr ON pr.tenant_id = h.tenant_id AND pr.id = h.practice_id AND NOT pr.archived
            WHERE h.professional_id = ANY(p_professionals)
        ),
        spans AS MATERIALIZED (
            SELECT s.time_zone, s.weekday, s.opens, s.closes, d.day,
                   tstzrange((d.day + s.opens) AT TIME ZONE s.time_zone, (d.day + s.closes) AT TIME ZONE s.time_zone) AS during
            FROM (SELECT DISTINCT w.time_zone, w.weekday, w.opens, w.closes FROM weekly w) s
            JOIN days d ON extract(isodow FROM d.day)::int = s.weekday
        ),
        windows AS (
            SELECT w.professional_id, w.practice_id, w.services, w.known_patients_only, w.grid_minutes, w.opens, w.closes, s.during
            FROM weekly w
            JOIN spans s ON s.time_zone = w.time_zone AND s.weekday = w.weekday AND s.opens = w.opens AND s.closes = w.closes
                AND s.day >= w.valid_from AND (w.valid_until IS NULL OR s.day <= w.valid_until)
            WHERE w.country IS NULL OR NOT EXISTS (SELECT 1 FROM closed c WHERE c.country = w.country AND c.day = s.day)
            UNION ALL
            SELECT e.professional_id, e.practice_id, e.services, false, e.grid_minutes, e.opens, e.closes,
                   tstzrange((e.day + e.opens) AT TIME ZONE pr.time_zone, (e.day + e.closes) AT TIME ZONE pr.time_zone)
            FROM opening_exceptions e
            JOIN practices pr ON pr.tenant_id = e.tenant_id AND pr.id = e.practice_id AND NOT pr.archived
            WHERE e.professional_id = ANY(p_professionals) AND e.kind = 'open' AND e.day BETWEEN p_from AND p_to
        ),
        -- The same hours on several days are one row: what is taken is subtracted once for all of them.
        open AS (
            SELECT w.professional_id, w.practice_id, w.services, w.known_patients_only, w.grid_minutes,
                   range_agg(w.during) AS during
            FROM windows w WHERE NOT isempty(w.during)
            GROUP BY w.professional_id, w.practice_id, w.services, w.known_patients_only, w.grid_minutes, w.opens, w.closes
        ),
        shut AS (
            SELECT e.professional_id, e.practice_id,
                   range_agg(tstzrange((e.day + e.opens) AT TIME ZONE pr.time_zone,
                       CASE WHEN e.closes <= e.opens THEN (e.day + 1 + time '00:00') AT TIME ZONE pr.time_zone
                            ELSE (e.day + e.closes) AT TIME ZONE pr.time_zone END)) AS during
            FROM opening_exceptions e JOIN practices pr ON pr.tenant_id = e.tenant_id AND pr.id = e.practice_id
            WHERE e.professional_id = ANY(p_professionals) AND e.kind = 'closed' AND e.day BETWEEN p_from AND p_to
            GROUP BY e.professional_id, e.practice_id
        ),
        taken AS (
            SELECT q.practitioner_id, range_agg(q.during) AS during FROM (
                SELECT b.practitioner_id, b.during FROM busy_ranges b
                WHERE b.practitioner_id IN (SELECT practitioner_id FROM pros)
                  AND b.during && tstzrange(p_after, (p_to + 2)::timestamptz)
                  AND (b.expires_at IS NULL OR b.expires_at > clock_timestamp())
                UNION ALL
                SELECT a.practitioner_id, a.during FROM practitioner_absences a
                WHERE a.practitioner_id IN (SELECT practitioner_id FROM pros)
                  AND a.during && tstzrange(p_after, (p_to + 2)::timestamptz)
            ) q GROUP BY q.practitioner_id
        )
        SELECT o.professional_id, o.practice_id, o.services, o.known_patients_only, o.grid_minutes,
               (o.during * tstzmultirange(tstzrange(p_after, NULL)))
                   - coalesce(s.during, '{}'::tstzmultirange) - coalesce(t.during, '{}'::tstzmultirange)
        FROM open o
        JOIN pros ON pros.id = o.professional_id
        LEFT JOIN shut s ON s.professional_id = o.professional_id AND s.practice_id = o.practice_id
        LEFT JOIN taken t ON t.practitioner_id = pros.practitioner_id
        $portico$""")


def downgrade() -> None:
    # free_time stays: the function of 0006 gives the same answers, more slowly.
    op.execute("DROP FUNCTION book_time(jsonb, timestamptz, jsonb, jsonb, jsonb, text[], timestamptz)")
    op.execute("DROP FUNCTION outbox_announce(jsonb, text[], timestamptz)")
    op.execute("DROP FUNCTION audit_append_all(int, jsonb)")
