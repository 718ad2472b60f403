"""docs/performance.md, written from what was measured; nothing else is said in it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.goals import GOALS, Goal, Measured, Verdict
from tests.bench.kept import Part

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"

_HEAD = """# Performance

Written by `make bench` on {date}, on a machine with {cores} cores; do not edit.

Ratios are measured against a base in the same run, in turn with it where the row says nothing else: absolute times say more about
the machine than about the code. Medians are taken over the rounds named in each row (of ratios after one that does not count); counts of queries are taken once. Ratios of pages and bookings are
ratios of CPU time (web server and database together, all their processes); wall time stands beside it. The load comes from a small
Python client on the same cores. Web servers run as `portico serve` runs them (two workers of four threads), the database is the
embedded one with fsync on.

A run is bounded to nine minutes. On a busy machine that is too short for all parts: a part is then measured in a run of its own
(`python -m tests.bench --only NAME`), with its base; only P8 takes its base, the page of P1, from another part. Run {runs}.

P3 stands twice. The first row is the writes alone behind bare Flask, the second what a patient's program really calls.

A goal that is missed is said so, with the likely reason below the table.
"""

# Why a goal may be missed: shown only where it was.
REASONS: Mapping[str, str] = {
    "P1": "Parts that depend on the visitor are drawn each time: the title, two forms, the place where one is. The database has one query of it.",
    "P2": "As P1, and the session with its keys, an unsealed name, the page's own rows, BEGIN and ROLLBACK as messages of their own.",
    "P3": "The writes themselves: eleven rows in eight tables instead of one.",
    "P3 API": "The writes are one round trip; what remains is asked before it: session, key, consents, profile and its proofs for the category of the patient, the choice with its slot, two decisions with sealed receipts, the check of input and answer, and a job in Valkey for each consumer. Facts of the patient in one query, and all jobs in one message, would be the next steps.",
    "P4": "One Flask process per core, a Python client beside it, and pgbench that has neither.",
    "P5 prepared": "The policy reads a setting for each query.",
    "P5 simple": "The policy is parsed and planned with each query of the simple protocol.",
    "P6": "One more message to the database, BEGIN with the tenant, on a view that has hardly anything else to do.",
    "P7": "The host look-up in a longer table, and a hundred configurations instead of one in the processors' caches.",
    "P7 memory": "Words and addresses of a portal that is visited no more stay in caches until others push them out.",
    "P8": "Hooks are called by name with isolation of errors.",
    "P9": "Noise of the machine: the two tables of calls are equal.",
    "P10": "Rows and ranges become Python objects before they are cut.",
    "P10 wall": "About three quarters are the database's subtraction, the rest the making of slots in Python.",
    "P11 page": "As named in the row.",
    "P11 logged in": "Host, session, consents given and refused, the page's own rows, names of professionals and places, unread notifications: each a query of its own.",
    "P11 booking": "As named in the row.",
    "P11 API": "Reading the host, BEGIN, session, key (lock and look-up), consents, the patient's profile in three parts, the reason, the choice with its slot; then the writes, the order's consent, the key, the trail, COMMIT. The writes themselves are one.",
    "P13": "Two cores carry the server, the database, the client and whatever else the machine did: a neighbour shows in the slowest hundredth.",
    "P14 cold": "The database is made anew and 48 professionals are entered by the use cases themselves.",
    "P14 warm": "The application is loaded once, by one process on one core.",
    "D1": "Reasons are made with their words, citation and values.",
    "D2": "Facts that are absent are told apart from facts that refuse, and values are looked up by date.",
    "D3": "Noise of the machine: what was looked up for a day is remembered, whatever the number of values.",
    "M1": "Noise of the machine: the index is a level deeper at most.",
    "L1": "One Python process passes all signals, and the clients of the measurement share its two cores.",
    "L2": "Seats are renewed every eight seconds, each by a script in Valkey.",
    "L3": "The clients of the measurement share the cores with the live process.",
    "L4": "Each message is one request that writes and four that draw the thread anew, on two cores that carry the web server, the database, the live process and four hundred pages of the measurement.",
    "C1": "Each line is drawn with its times and its countdown; the queries are few and do not grow.",
    "C2": "A name is unsealed with its person's key for each line.",
    "C3": "Reading what is due, by index.",
    "C4": "Each missed promise is a row of the trail and a message; they are written one by one.",
    "C5": "Each person told is a notification of their own, in their language.",
    "R1": "A defect: see the row.",
    "R2": "A defect: see the row.",
    "R3 database": "The server replays its log first; connections of the pools are found dead one by one.",
    "R3 web": "A new worker is forked with everything loaded; what is left is waiting for a turn on the cores.",
    "Q1": "Each step is a message of its own to the database, and the trail is chained; the decision is in Python.",
    "R4": "A claim runs out after ten seconds, then the relay hands the message out again.",
}


def write(parts: Mapping[str, Part]) -> Path:
    """Write the page."""
    found = {m.code: m for p in parts.values() for m in p.measured}
    growth: Sequence[str] = [line for p in parts.values() for line in p.growth]
    problems = {name: p.problem for name, p in parts.items() if p.problem}
    date = " and ".join(sorted({p.date for p in parts.values()}))
    seconds = sum(p.seconds for p in parts.values())
    lines = [_HEAD.format(date=date, cores=os.cpu_count(), runs=_runs(parts)), "## Goals", ""]
    lines += ["| # | Measured | Against | Gate | Stretch | Value | Verdict | CPU ms | Wall | Rounds | Note |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    lines += [_row(g, found.get(g.code)) for g in GOALS]
    missed = [g for g in GOALS if (m := found.get(g.code)) and g.verdict(m.value) is Verdict.MISSED]
    if missed:
        lines += ["", "## Missed, and the likely reason", ""]
        lines += [f"- **{g.code}** {REASONS[g.code]}" for g in missed]
    if problems:
        lines += ["", "## Not measured", ""]
        lines += [f"- {name}: {why}" for name, why in problems.items()]
    lines += ["", "## How the cost of free slots grows", ""]
    lines += [
        "Two openings a day, half-hour slots; what the product does for a search: free time from the database, cut into slots."
    ]
    lines += ["CPU is that of the web process.", ""]
    lines += [
        "| Grows with | Case | Free slots | Wall ms | CPU ms | µs per free slot |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += list(growth) or ["| – | not measured here | – | – | – | – |"]
    lines += ["", f"All parts together took {seconds:.0f} s.", ""]
    PAGE.write_text("\n".join(lines), encoding="utf-8")
    return PAGE


def _runs(parts: Mapping[str, Part]) -> str:
    found = sorted({p.run for p in parts.values()})
    return "once, whole" if len(found) == 1 else f"for this page: parts of {len(found)} runs"


def _row(g: Goal, m: Measured | None) -> str:
    if m is None:
        return f"| {g.code} | {g.what} | {g.base} | {g.limit(g.gate)} | {g.limit(g.stretch)} | – | {Verdict.NOT_MEASURED} | – | – | – | – |"
    verdict = g.verdict(m.value)
    shown = f"**{verdict}**" if verdict is Verdict.MISSED else str(verdict)
    value = f"{number(m.value)}{' ' + g.unit if g.unit else ''}"
    return (
        f"| {g.code} | {g.what} | {g.base} | {g.limit(g.gate)} | {g.limit(g.stretch)} | {value} | {shown} "
        f"| {m.cpu or '–'} | {m.wall or '–'} | {m.rounds} | {m.note or '–'} |"
    )


def number(value: float) -> str:
    """As many digits as mean something."""
    if value == int(value):
        return f"{value:.0f}"
    return (
        f"{value:.0f}"
        if value >= 100
        else f"{value:.1f}"
        if value >= 10
        else f"{value:.2f}"
        if value >= 0.1
        else f"{value:.3f}"
    )
