"""`portico rules`: the law that is in the plugins, by date; what is wrong with it; and its cases, run."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterable
from typing import Any

import click

from core import clock
from core.cli.tables import table
from core.hooks import asking, rulebook
from core.hooks.manager import PluginProblem, PluginRuntime
from core.hooks.parameters import read_parameters
from core.hooks.rulebook import Entry, Home
from core.nearest import nearest

DATE = click.DateTime(formats=["%Y-%m-%d"])
COLUMNS = ("key", "plugin", "value", "unit", "since", "reference")
LONGEST = 48  # characters of a value in a table; --json has it whole


@click.group("rules")
def rules_group() -> None:
    """The dated values and the cases of the installed plugins. Needs no server and no database."""


def _day(at: dt.datetime | None) -> dt.date:
    return at.date() if at else clock.now().date()


def _homes(names: Iterable[str] = ()) -> list[Home]:
    every = rulebook.homes()
    known = [h.plugin for h in every]
    for name in names:
        if name not in known:
            near = nearest(name, known)
            raise click.ClickException(
                f"no such plugin is installed: {name}"
                + (f"; did you mean {near}?" if near else f"; installed: {', '.join(known)}")
            )
    return [h for h in every if not names or h.plugin in names]


def _json(data: Any) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=asking.plain))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else asking.written(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _rows(entries: Iterable[Entry]) -> list[tuple[str, ...]]:
    return [tuple(_short(asking.plain(v) if isinstance(v, dt.date) else v) for v in _cells(e)) for e in entries]


def _cells(entry: Entry) -> list[Any]:
    data = entry.data()
    return [data[name] for name in COLUMNS]


@rules_group.command("list")
@click.option("--at", type=DATE, help="The day; default: today.")
@click.option(
    "--soon", type=click.IntRange(0, 36500), default=rulebook.SOON_DAYS, show_default=True,
    help="Tell what starts within so many days after it.",
)  # fmt: skip
@click.option("--plugin", "names", multiple=True, help="This plugin's only; may be given several times.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with links and dates of publication.")
def list_rules(at: dt.datetime | None, soon: int, names: tuple[str, ...], as_json: bool) -> None:
    """What applies on a day, with its reference, and what starts soon."""
    day, plugins = _day(at), _homes(names)
    applies, coming = rulebook.in_force(plugins, day), rulebook.starting(plugins, day, soon)
    if as_json:
        _json({"at": day, "applies": [e.data() for e in applies], "soon": [e.data() for e in coming]})
        return
    click.echo(f"In force on {day.isoformat()}: {len(applies)}")
    if applies:
        click.echo(table(COLUMNS, _rows(applies)))
    click.echo(f"\nStarting within {soon} days: {len(coming)}")
    if coming:
        click.echo(table(COLUMNS, _rows(coming)))


@rules_group.command("show")
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(key: str, as_json: bool) -> None:
    """The whole history of a key: every value with its dates and references, and the notes."""
    plugins = _homes()
    found = rulebook.of_key(plugins, key)
    if not found:
        known = sorted({k for _home, read in rulebook.read_all(plugins) for k in read.items})
        near = nearest(key, known)
        raise click.ClickException(f"no plugin has the key {key}" + (f"; did you mean {near}?" if near else ""))
    if as_json:
        _json(
            [
                {
                    "key": p.key, "plugin": home.plugin, "label": p.label, "unit": p.unit, "checked_on": p.checked_on,
                    "notes": p.notes,
                    "values": [
                        {"since": v.since, "value": v.value, "published": v.published, "reference": dict(v.reference)}
                        for v in p.values
                    ],
                }
                for home, p in found
            ]
        )  # fmt: skip
        return
    for home, p in found:
        click.echo(f"{p.key} ({home.plugin}): {p.label}")
        click.echo(f"unit: {p.unit}; checked on {p.checked_on.isoformat()}")
        if p.notes:
            click.echo(f"notes: {p.notes}")
        for v in p.values:
            published = f", published {v.published.isoformat()}" if v.published else ""
            value = v.value if isinstance(v.value, str) else asking.written(v.value)
            click.echo(f"  since {v.since.isoformat()}{published}: {value}")
            click.echo("    " + ", ".join(v.reference[k] for k in ("title", "article", "href") if v.reference.get(k)))
        click.echo("")


def _usable(plugins: Iterable[Home], *, files: bool = False) -> tuple[PluginRuntime, list[str]]:
    """The plugins that load, and why others do not; `files`: what is wrong in their parameter files too, with its place."""
    runtime = PluginRuntime()
    try:
        runtime.discover()
        return runtime, []
    except PluginProblem as problem:
        broken = {home.plugin: [home.place(p) for p in read.problems] for home, read in rulebook.read_all(plugins)}
        known = tuple(f"plugin {name}: ParameterProblem" for name, lines in broken.items() if lines)
        told = [line for lines in broken.values() for line in lines] if files else []
        return runtime, told + [p for p in problem.problems if not p.startswith(known)]


@rules_group.command("check")
@click.option("--at", type=DATE, help="The day of the check; default: today.")
@click.option(
    "--stale", type=click.IntRange(1, 36500), default=rulebook.STALE_DAYS, show_default=True,
    help="Tell keys that nobody checked for more than so many days.",
)  # fmt: skip
@click.argument("names", nargs=-1)
def check(at: dt.datetime | None, stale: int, names: tuple[str, ...]) -> None:
    """Look at every parameter and case file of all plugins, or of those named; exit status 1 on problems."""
    plugins, keys, cases = _homes(names), 0, 0
    runtime, problems = _usable(plugins)
    for home in plugins:
        problems += rulebook.parameter_problems(home, _day(at), stale)
        problems += rulebook.case_problems(home, runtime)
        keys += len(read_parameters(home.folder / "parameters").items)
        cases += len(rulebook.read_cases(home, ())[0])
    for line in problems:
        click.echo(line)
    click.echo(f"{len(plugins)} plugins, {keys} parameters, {cases} cases: {len(problems) or 'no'} problems")
    sys.exit(1 if problems else 0)


@rules_group.command("test")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.argument("names", nargs=-1)
def run_tests(names: tuple[str, ...], as_json: bool) -> None:
    """Run the cases of all plugins, or of those named; exit status 1 when one fails or cannot be read."""
    plugins = _homes(names)
    runtime, unreadable = _usable(plugins, files=True)
    count = 0
    rows: list[tuple[str, ...]] = []
    for home in plugins:
        if home.plugin not in runtime.modules:
            continue
        found, failures, wrong = rulebook.run_cases(home, runtime)
        count += found
        unreadable += wrong
        for failure in failures:
            file = f"{home.plugin}/{home.inside(failure.case.path)}"
            rows += [
                (file, str(failure.case.line), failure.case.name, f"{d.what}: {d.expected}", d.got)
                for d in failure.differences
            ]
    failed = len({row[:3] for row in rows})
    if as_json:
        heads = ("file", "line", "name", "expected", "got")
        _json(
            {
                "cases": count,
                "failed": failed,
                "failures": [dict(zip(heads, row, strict=True)) for row in rows],
                "unreadable": unreadable,
            }
        )
    else:
        for line in unreadable:
            click.echo(line)
        if rows:
            click.echo(table(("file", "line", "name", "expected", "got"), rows))
        click.echo(f"{len(plugins)} plugins, {count} cases: {failed} failed, {len(unreadable)} unreadable")
    sys.exit(1 if failed or unreadable else 0)
