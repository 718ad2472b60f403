"""The goals, row by row: what is measured against what, what is asked at least, what would be good."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Verdict(enum.StrEnum):
    """What a measured value says of its goal."""

    STRETCH = "met, stretch too"
    MET = "met"
    MISSED = "missed"
    NOT_MEASURED = "not measured here"


@dataclass(frozen=True, slots=True)
class Goal:
    """One row. `at_least` goals are ratios that should be high, the others are costs or counts that should be low."""

    code: str
    what: str
    base: str
    gate: float
    stretch: float
    unit: str = ""
    at_least: bool = False

    def verdict(self, value: float) -> Verdict:
        """Met, missed, or better than asked."""
        if self._holds(value, self.stretch):
            return Verdict.STRETCH
        return Verdict.MET if self._holds(value, self.gate) else Verdict.MISSED

    def _holds(self, value: float, limit: float) -> bool:
        return value >= limit if self.at_least else value <= limit

    def limit(self, value: float) -> str:
        """A limit as it stands in the table."""
        return f"{'≥' if self.at_least else '≤'} {value:g}{' ' + self.unit if self.unit else ''}"


GOALS = (
    Goal("P1", "Branded page, logged out, 8 plugins", "bare Flask + ORM, one query", 0.5, 0.7, at_least=True),
    Goal("P2", "Logged-in page (session, rights, row security)", "bare Flask + ORM, one query", 0.35, 0.5, at_least=True),
    Goal("P3", "Booking with all guarantees: the writes", "bare Flask + raw psycopg insert", 0.4, 0.6, at_least=True),
    Goal("P3 API", "Booking by the API, whole operation", "bare Flask + raw psycopg insert", 0.4, 0.6, at_least=True),
    Goal("P4", "The writes behind Flask", "pgbench, same SQL function", 0.15, 0.25, at_least=True),
    Goal("P5 prepared", "Row-security policy, prepared statements", "explicit WHERE, no policy", 1.10, 1.05),
    Goal("P5 simple", "Row-security policy, simple protocol", "explicit WHERE, no policy", 1.10, 1.05),
    Goal("P6", "Tenant context added to a view of one query", "same view without it", 1.15, 1.08),
    Goal("P7", "Cost of a page with 10,000 tenants", "same page with one tenant", 1.10, 1.05),
    Goal("P7 memory", "Memory that an idle tenant keeps in a process after a visit", "–", 20, 5, "KB"),
    Goal("P8", "20 hook calls, 8 plugins", "CPU of the page P1", 10, 3, "%"),
    Goal("P9", "Hooks, 8 more plugins on in other tenants only", "those plugins not installed", 1.02, 1.00),
    Goal("P10", "Free slots, 1,000 professionals × 14 days", "two fetches merged in Python", 1.0, 0.8),
    Goal("P10 wall", "The same, wall time", "–", 400, 300, "ms"),
    Goal("P11 page", "Queries of the logged-out page", "–", 4, 2),
    Goal("P11 logged in", "Queries of the logged-in page", "–", 4, 2),
    Goal("P11 booking", "Round trips of the booking use case, BEGIN and COMMIT not counted", "–", 4, 3),
    Goal("P11 API", "Round trips of a booking by the API, everything counted", "–", 4, 3),
    Goal("P13", "p99 / p50 at 70 % of the peak", "–", 5, 3),
    Goal("P14 cold", "`make demo` with pip done: start to first page, nothing there yet", "–", 8, 4, "s"),
    Goal("P14 warm", "The same, started again", "–", 3, 1.5, "s"),
    Goal("D1", "One decision: pure rule time for each plugin asked", "–", 60, 30, "µs"),
    Goal("D2", "A decision", "the same answer written by hand, if by if", 3, 2),
    Goal("D3", "A decision with 5,000 dated values loaded", "the same with 10", 1.05, 1.0),
    Goal("M1", "Whether somebody is on an insurer's list of 1,000,000 members", "the same in a list of 1,000", 1.1, 1.02),
    Goal("R1", "Race: overlaps, lost or double effects, answers 201 that differ from rows", "–", 0, 0),
    Goal("R2", "Acknowledged bookings lost after kill -9 of PostgreSQL, 20 rounds", "–", 0, 0),
    Goal("R3 database", "Bookings answered again after kill -9 of PostgreSQL", "–", 10, 4, "s"),
    Goal("R3 web", "All web workers back after kill -9 of one", "–", 2, 1, "s"),
    Goal("L1", "Signals of 100 calls that begin at once: all of one call there, p95", "–", 2000, 1000, "ms"),
    Goal("L2", "1,000 patients in waiting rooms: CPU of the live process", "one core", 15, 5, "%"),
    Goal("L3", "“A message has arrived”, 200 open consultations: told to both pages, p95", "–", 250, 50, "ms"),
    Goal("Q1", "Cover looked up, decided, one unit reserved", "pgbench, the same transaction", 0.2, 0.4, at_least=True),
    Goal("L4", "A message from send to seen by the other side, 200 open consultations, p95", "–", 500, 200, "ms"),
    Goal("C1", "200 call-backs wait: the page of a doctor, CPU", "–", 400, 150, "ms"),
    Goal("C2", "200 call-backs wait: the page of the telephone desk, CPU", "–", 400, 150, "ms"),
    Goal("C3", "200 call-backs wait: the minute's round over promises, CPU", "–", 100, 20, "ms"),
    Goal("C4", "All 200 missed at once: the minute's round, CPU", "–", 3000, 1000, "ms"),
    Goal("C5", "One missed: all doctors and agents told, CPU", "–", 500, 200, "ms"),
    Goal("R4", "Every message delivered after kill -9 of the worker", "–", 60, 15, "s"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """A value of a row: rounds, CPU and wall of both sides where there are two; `note` says what one must know."""

    code: str
    value: float
    rounds: int
    cpu: str = ""
    wall: str = ""
    note: str = ""


def goal(code: str) -> Goal:
    """The goal of a row."""
    return next(g for g in GOALS if g.code == code)
