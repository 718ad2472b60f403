"""Scheduling: busy ranges and absences (global), hours, exceptions, appointments, reminders, feeds; the booking functions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, UUID

from core.db.rls import open_to_all, protect

revision = "0006"
down_revision = "0005"

TS = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)


def _keys(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}"),
    ]


def _fk(table: str, column: str, target: str, *, cascade: bool = True) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=f"fk_{table}_tenant_id_{column}",
        ondelete="CASCADE" if cascade else None,
    )


def upgrade() -> None:
    op.create_table(
        "busy_ranges",
        sa.Column("id", ID, primary_key=True),
        sa.Column("practitioner_id", ID, nullable=False),
        sa.Column("during", TSTZRANGE, nullable=False),
        sa.Column("expires_at", TS),
        sa.CheckConstraint("NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)", name="bounded"),
    )
    op.execute(
        "ALTER TABLE busy_ranges ADD CONSTRAINT ex_busy_ranges_no_overlap EXCLUDE USING gist (practitioner_id WITH =, during WITH &&)"
    )
    op.create_index("ix_busy_ranges_practitioner_id", "busy_ranges", ["practitioner_id"])
    open_to_all("busy_ranges", "SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "practitioner_absences",
        sa.Column("id", ID, primary_key=True),
        sa.Column("practitioner_id", ID, nullable=False),
        sa.Column("during", TSTZRANGE, nullable=False),
    )
    op.create_index(
        "ix_practitioner_absences_practitioner_id_during",
        "practitioner_absences",
        ["practitioner_id", "during"],
        postgresql_using="gist",
    )
    open_to_all("practitioner_absences", "SELECT, INSERT, DELETE")
    op.create_table(
        "opening_hours",
        *_keys("opening_hours"),
        sa.Column("professional_id", ID, nullable=False),
        sa.Column("practice_id", ID, nullable=False),
        sa.Column("weekday", sa.SmallInteger, nullable=False),
        sa.Column("opens", sa.Time, nullable=False),
        sa.Column("closes", sa.Time, nullable=False),
        sa.Column("grid_minutes", sa.SmallInteger, nullable=False),
        sa.Column("services", ARRAY(sa.Text), nullable=False),
        sa.Column("known_patients_only", sa.Boolean, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
        _fk("opening_hours", "professional_id", "professionals"),
        _fk("opening_hours", "practice_id", "practices"),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7 AND opens < closes", name="times"),
        sa.CheckConstraint("grid_minutes IN (5, 10, 15, 20, 30, 60)", name="grid"),
    )
    op.create_index("ix_opening_hours_tenant_id_professional_id", "opening_hours", ["tenant_id", "professional_id"])
    protect("opening_hours")
    op.create_table(
        "opening_exceptions",
        *_keys("opening_exceptions"),
        sa.Column("professional_id", ID, nullable=False),
        sa.Column("practice_id", ID, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("opens", sa.Time, nullable=False),
        sa.Column("closes", sa.Time, nullable=False),
        sa.Column("grid_minutes", sa.SmallInteger, nullable=False),
        sa.Column("services", ARRAY(sa.Text), nullable=False),
        _fk("opening_exceptions", "professional_id", "professionals"),
        _fk("opening_exceptions", "practice_id", "practices"),
        sa.CheckConstraint("kind IN ('open', 'closed')", name="kind"),
    )
    op.create_index(
        "ix_opening_exceptions_tenant_id_professional_id_day",
        "opening_exceptions",
        ["tenant_id", "professional_id", "day"],
    )
    protect("opening_exceptions")
    _appointments()
    _functions()


def _appointments() -> None:
    op.create_table(
        "appointments",
        *_keys("appointments"),
        sa.Column("professional_id", ID, nullable=False),
        sa.Column("practitioner_id", ID, nullable=False),
        sa.Column("practice_id", ID, nullable=False),
        sa.Column("reason_id", ID),
        sa.Column("reason_label", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("patient_account_id", ID, nullable=False),
        sa.Column("dependant_id", ID),
        sa.Column("starts_at", TS, nullable=False),
        sa.Column("ends_at", TS, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("hold_expires_at", TS),
        sa.Column("busy_id", ID, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("price_cents", sa.Integer),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("booked_by", sa.Text, nullable=False),
        sa.Column("terms_version", sa.Text),
        sa.Column("partner", sa.Text),
        sa.Column("note", sa.LargeBinary),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("confirmed_at", TS),
        sa.Column("ended_at", TS),
        _fk("appointments", "professional_id", "professionals", cascade=False),
        _fk("appointments", "practice_id", "practices", cascade=False),
        sa.CheckConstraint("starts_at < ends_at", name="order"),
        sa.CheckConstraint(
            "state IN ('held', 'booked', 'cancelled_by_patient', 'cancelled_by_professional', 'cancelled_by_operator', "
            "'no_show', 'done', 'expired')",
            name="state",
        ),
    )
    for columns in (["professional_id", "starts_at"], ["patient_account_id", "starts_at"], ["state", "starts_at"]):
        op.create_index("ix_appointments_tenant_id_" + "_".join(columns), "appointments", ["tenant_id", *columns])
    protect("appointments", "SELECT, INSERT, UPDATE")
    op.create_table(
        "sent_reminders",
        *_keys("sent_reminders"),
        sa.Column("appointment_id", ID, nullable=False),
        sa.Column("hours_before", sa.Integer, nullable=False),
        sa.Column("starts_at", TS, nullable=False),
        sa.Column("sent_at", TS, nullable=False),
        _fk("sent_reminders", "appointment_id", "appointments"),
        sa.UniqueConstraint(
            "tenant_id", "appointment_id", "hours_before", "starts_at",
            name="uq_sent_reminders_once",
        ),
    )  # fmt: skip
    protect("sent_reminders")
    op.create_table(
        "agenda_feeds",
        *_keys("agenda_feeds"),
        sa.Column("professional_id", ID, nullable=False),
        sa.Column("token_digest", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("revoked_at", TS),
        _fk("agenda_feeds", "professional_id", "professionals"),
        sa.UniqueConstraint("tenant_id", "token_digest", name="uq_agenda_feeds_tenant_id_token_digest"),
    )
    op.create_index("ix_agenda_feeds_tenant_id_professional_id", "agenda_feeds", ["tenant_id", "professional_id"])
    protect("agenda_feeds")


def _functions() -> None:
    # Takes a range for a practitioner, or says NULL: expired holds in the way are cleared first, absences refuse.
    # No isolation level is relied on: the exclusion constraint alone decides who wins a race.
    op.execute("""
        CREATE FUNCTION take_time(p_practitioner uuid, p_start timestamptz, p_end timestamptz, p_busy uuid, p_expires timestamptz)
            RETURNS uuid LANGUAGE plpgsql SET search_path = public, pg_temp AS $portico$
        DECLARE v_id uuid; v_range tstzrange := tstzrange(p_start, p_end);
        BEGIN
            DELETE FROM busy_ranges WHERE practitioner_id = p_practitioner AND during && v_range
                AND expires_at IS NOT NULL AND expires_at <= clock_timestamp();
            IF EXISTS (SELECT 1 FROM practitioner_absences WHERE practitioner_id = p_practitioner AND during && v_range) THEN
                RETURN NULL;
            END IF;
            INSERT INTO busy_ranges (id, practitioner_id, during, expires_at) VALUES (p_busy, p_practitioner, v_range, p_expires)
                ON CONFLICT DO NOTHING RETURNING id INTO v_id;
            RETURN v_id;
        END $portico$""")
    # Free time of several professionals: opening hours, plus open days, less closed days, holidays, absences and busy
    # ranges, as multiranges (engineering notes, C5). One row per opening window that has free time left.
    op.execute("""
        CREATE FUNCTION free_time(p_professionals uuid[], p_from date, p_to date, p_after timestamptz,
                                  p_closed_countries text[], p_closed_days date[])
            RETURNS TABLE (professional_id uuid, practice_id uuid, services text[], known_patients_only boolean,
                           grid_minutes smallint, free tstzmultirange)
            LANGUAGE sql STABLE SET search_path = public, pg_temp AS $portico$
        WITH days AS (SELECT d::date AS day FROM generate_series(p_from, p_to, interval '1 day') d),
        closed AS (SELECT c.country, c.day FROM unnest(p_closed_countries, p_closed_days) AS c(country, day)),
        pros AS (SELECT p.id, p.practitioner_id FROM professionals p WHERE p.id = ANY(p_professionals)),
        windows AS (
            SELECT h.professional_id, h.practice_id, h.services, h.known_patients_only, h.grid_minutes, h.id AS opening,
                   tstzrange((d.day + h.opens) AT TIME ZONE pr.time_zone, (d.day + h.closes) AT TIME ZONE pr.time_zone) AS during
            FROM opening_hours h
            JOIN practices pr ON pr.tenant_id = h.tenant_id AND pr.id = h.practice_id AND NOT pr.archived
            JOIN days d ON extract(isodow FROM d.day) = h.weekday AND d.day >= h.valid_from
                AND (h.valid_until IS NULL OR d.day <= h.valid_until)
            WHERE h.professional_id = ANY(p_professionals)
              AND NOT (pr.closed_on_holidays AND EXISTS (SELECT 1 FROM closed c WHERE c.country = pr.country AND c.day = d.day))
            UNION ALL
            SELECT e.professional_id, e.practice_id, e.services, false, e.grid_minutes, e.id,
                   tstzrange((e.day + e.opens) AT TIME ZONE pr.time_zone, (e.day + e.closes) AT TIME ZONE pr.time_zone)
            FROM opening_exceptions e
            JOIN practices pr ON pr.tenant_id = e.tenant_id AND pr.id = e.practice_id AND NOT pr.archived
            WHERE e.professional_id = ANY(p_professionals) AND e.kind = 'open' AND e.day BETWEEN p_from AND p_to
        ),
        open AS (
            SELECT w.professional_id, w.practice_id, w.services, w.known_patients_only, w.grid_minutes,
                   range_agg(w.during) AS during
            FROM windows w WHERE NOT isempty(w.during)
            GROUP BY w.professional_id, w.practice_id, w.services, w.known_patients_only, w.grid_minutes, w.opening
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
    op.execute("DROP FUNCTION free_time(uuid[], date, date, timestamptz, text[], date[])")
    op.execute("DROP FUNCTION take_time(uuid, timestamptz, timestamptz, uuid, timestamptz)")
    for table in (
        "agenda_feeds", "sent_reminders", "appointments", "opening_exceptions", "opening_hours", "practitioner_absences", "busy_ranges",
    ):  # fmt: skip
        op.drop_table(table)
