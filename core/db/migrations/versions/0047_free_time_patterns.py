"""Free time: the days of a weekly hour are found once for all who keep the same hours."""

from __future__ import annotations

from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    # The answers of 0008. A thousand professionals keep a handful of patterns (hours, days of validity, holidays): the
    # instants of each pattern are worked out once, and found by its number instead of by comparing row with row.
    op.execute("""
        CREATE OR REPLACE FUNCTION free_time(p_professionals uuid[], p_from date, p_to date, p_after timestamptz,
                                  p_closed_countries text[], p_closed_days date[])
            RETURNS TABLE (professional_id uuid, practice_id uuid, services text[], known_patients_only boolean,
                           grid_minutes smallint, free tstzmultirange)
            LANGUAGE sql STABLE SET search_path = public, pg_temp SET work_mem = '32MB' AS $portico$
        WITH days AS (SELECT d::date AS day FROM generate_series(p_from, p_to, interval '1 day') d),
        closed AS (SELECT c.country, c.day FROM unnest(p_closed_countries, p_closed_days) AS c(country, day)),
        pros AS (SELECT p.id, p.practitioner_id FROM professionals p WHERE p.id = ANY(p_professionals)),
        weekly AS MATERIALIZED (
            SELECT q.*, dense_rank() OVER (ORDER BY q.weekday, q.opens, q.closes, q.since, q.until, q.country, q.time_zone) AS pattern
            FROM (
                SELECT h.professional_id, h.practice_id, h.services, h.known_patients_only, h.grid_minutes,
                       h.weekday, h.opens, h.closes, pr.time_zone,
                       greatest(h.valid_from, p_from) AS since, least(h.valid_until, p_to) AS until,
                       CASE WHEN pr.closed_on_holidays THEN pr.country END AS country
                FROM opening_hours h
                JOIN practices pr ON pr.tenant_id = h.tenant_id AND pr.id = h.practice_id AND NOT pr.archived
                WHERE h.professional_id = ANY(p_professionals)
            ) q
        ),
        -- One multirange for each pattern, in the order of their numbers: they count from one without a gap.
        patterns AS MATERIALIZED (
            SELECT array_agg(m.during ORDER BY m.pattern) AS all_of_them FROM (
                SELECT w.pattern, range_agg(tstzrange((d.day + w.opens) AT TIME ZONE w.time_zone,
                                                      (d.day + w.closes) AT TIME ZONE w.time_zone))
                                      FILTER (WHERE d.day IS NOT NULL) AS during
                FROM (SELECT DISTINCT ON (pattern) * FROM weekly ORDER BY pattern) w
                LEFT JOIN days d ON extract(isodow FROM d.day)::int = w.weekday AND d.day BETWEEN w.since AND w.until
                    AND NOT EXISTS (SELECT 1 FROM closed c WHERE c.country = w.country AND c.day = d.day)
                GROUP BY w.pattern
            ) m
        ),
        windows AS (
            SELECT w.professional_id, w.practice_id, w.services, w.known_patients_only, w.grid_minutes, w.opens, w.closes,
                   (SELECT all_of_them FROM patterns)[w.pattern] AS during
            FROM weekly w
            UNION ALL
            SELECT e.professional_id, e.practice_id, e.services, false, e.grid_minutes, e.opens, e.closes,
                   tstzmultirange(tstzrange((e.day + e.opens) AT TIME ZONE pr.time_zone, (e.day + e.closes) AT TIME ZONE pr.time_zone))
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
        -- Asked for each practitioner: the index gives each one's times together, nothing has to be sorted among all.
        taken AS MATERIALIZED (
            SELECT p.id, coalesce((
                SELECT range_agg(b.during) FROM busy_ranges b
                WHERE b.practitioner_id = p.practitioner_id AND b.during && tstzrange(p_after, (p_to + 2)::timestamptz)
                  AND (b.expires_at IS NULL OR b.expires_at > clock_timestamp())
            ), '{}'::tstzmultirange) + coalesce((
                SELECT range_agg(a.during) FROM practitioner_absences a
                WHERE a.practitioner_id = p.practitioner_id AND a.during && tstzrange(p_after, (p_to + 2)::timestamptz)
            ), '{}'::tstzmultirange) AS during
            FROM pros p
        )
        SELECT o.professional_id, o.practice_id, o.services, o.known_patients_only, o.grid_minutes,
               (o.during * tstzmultirange(tstzrange(p_after, NULL)))
                   - coalesce(s.during, '{}'::tstzmultirange) - t.during
        FROM open o
        JOIN taken t ON t.id = o.professional_id
        LEFT JOIN shut s ON s.professional_id = o.professional_id AND s.practice_id = o.practice_id
        $portico$""")


def downgrade() -> None:
    # free_time stays: the function of 0008 gives the same answers, more slowly.
    pass
