"""Kept decisions asked again, under another date or other parameter files: who would be decided otherwise."""

from __future__ import annotations

import datetime as dt
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import click

from core.cli import environment
from core.cli.tables import table
from core.hooks import asking
from core.hooks.asking import BadCase
from core.hooks.manager import Dispatcher, PluginProblem, PluginRuntime, entry_points
from core.hooks.parameters import replaced
from core.nearest import nearest

EFFECTS = ("permit", "deny")


@dataclass(frozen=True, slots=True)
class Replayed:
    """A receipt and what would be answered now. `side` tells another effect, `values` another figure."""

    line: int
    id: str
    question: str
    at: dt.date
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def side(self) -> bool:
        return bool(self.before["effect"] != self.after["effect"])

    @property
    def values(self) -> dict[str, tuple[Any, Any]]:
        """Figures that differ, (before, after) by name; none where the receipt holds no figures."""
        before, after = self.before.get("values"), self.after["values"]
        if before is None:
            return {}
        return {k: (before.get(k), after.get(k)) for k in sorted({*before, *after}) if before.get(k) != after.get(k)}

    @property
    def changed(self) -> bool:
        return self.side or bool(self.values)


@contextmanager
def opened(source: str) -> Iterator[BinaryIO]:
    """The receipts: a file, or standard input for `-`. Raises OSError."""
    if source == "-":
        yield sys.stdin.buffer
    else:
        with Path(source).open("rb") as file:
            yield file


@contextmanager
def plugins_with(folder: Path | None) -> Iterator[PluginRuntime]:
    """All installed plugins; with a folder, imported anew so that they read its parameter files in the place of theirs.

    The other modules of the process keep the plugins that they know. Raises click.ClickException for a folder that
    names no plugin, PluginProblem for files that cannot be used.
    """
    if folder is None:
        yield environment.runtime()
        return
    entries = {entry.name: entry for entry in entry_points()}
    wanted = sorted(p.name for p in folder.iterdir() if p.is_dir() and any(p.glob("*.yaml")))
    for name in wanted:
        if name not in entries:
            near = nearest(name, entries)
            raise click.ClickException(
                f"{folder / name}: no such plugin is installed" + (f"; did you mean {near}?" if near else "")
            )
    if not wanted:
        known = ", ".join(sorted(entries))
        raise click.ClickException(f"{folder}: no parameter files; they stand in a folder for each plugin: {known}")
    homes = {}
    for name in wanted:
        spec = importlib.util.find_spec(entries[name].module)
        if spec is None or spec.origin is None:
            raise PluginProblem([f"plugin {name}: its module {entries[name].module} is not there"])
        homes[Path(spec.origin).parent / "parameters"] = folder / name
    packages = tuple(entries[name].module for name in wanted)
    kept = {n: m for n, m in sys.modules.items() if n in packages or n.startswith(tuple(f"{p}." for p in packages))}
    for module in kept:
        del sys.modules[module]
    try:
        with replaced(homes):
            runtime = environment.runtime()
            yield runtime
    finally:
        for module in [n for n in sys.modules if n in packages or n.startswith(tuple(f"{p}." for p in packages))]:
            del sys.modules[module]
        sys.modules.update(kept)


def run(lines: Iterable[bytes], dispatcher: Dispatcher, day: dt.date | None, as_json: bool) -> bool:
    """Ask every receipt again and tell; whether a line was no receipt.

    As JSON each line is answered in its place; the table shows those that change, then the lines that could not be read.
    """
    changes: list[Replayed] = []
    errors: list[tuple[int, str]] = []
    moves: dict[tuple[str, str], int] = {}
    count = figures = 0
    for number, raw in enumerate(lines, 1):
        count += 1
        try:
            found = again(number, asking.parse(raw), dispatcher, day)
        except BadCase as error:
            errors.append((number, str(error)))
            if as_json:
                click.echo(asking.written({"error": str(error)}))
            continue
        if found.side:
            key = (found.before["effect"], found.after["effect"])
            moves[key] = moves.get(key, 0) + 1
        elif found.values:
            figures += 1
        if found.changed and not as_json:
            changes.append(found)
        if as_json:
            click.echo(asking.written(_data(found)))
    if not as_json:
        _show(changes, errors)
    told = [f"{n} from {before} to {after}" for (before, after), n in sorted(moves.items())]
    told += [f"{figures} with other values"] if figures else []
    click.echo(
        f"{count} receipts, {', '.join(told) or 'none decided otherwise'}; {len(errors)} unreadable", err=as_json
    )
    return bool(errors)


def again(number: int, receipt: Any, dispatcher: Dispatcher, day: dt.date | None) -> Replayed:
    """One receipt asked again, on its own day unless another is given. Raises BadCase."""
    if not isinstance(receipt, dict):
        raise BadCase("a JSON object is wanted")
    if "error" in receipt and "question" not in receipt:
        raise BadCase(str(receipt["error"]))
    effect, values = receipt.get("effect"), receipt.get("values")
    if effect not in EFFECTS:
        raise BadCase(f"effect: {effect!r}; allowed: {', '.join(EFFECTS)}")
    if values is not None and not isinstance(values, dict):
        raise BadCase("values: a JSON object is wanted")
    case = {key: receipt.get(key) for key in asking.CASE}
    if day is not None:
        case["at"] = day.isoformat()
    question = asking.question_of(case)
    after = asking.as_data(dispatcher.decide(question), "en")
    after["values"] = asking.parse(asking.written(after["values"]))
    before = {"effect": effect, **({"values": values} if values is not None else {})}
    return Replayed(number, str(receipt.get("id") or number), question.name, question.at, before, after)


def _data(found: Replayed) -> dict[str, Any]:
    return {
        "id": found.id,
        "question": found.question,
        "at": found.at,
        "changed": found.changed,
        "before": dict(found.before),
        "after": {
            "effect": found.after["effect"],
            "values": found.after["values"],
            "reasons": [
                {name: r[name] for name in ("code", "source", "rule", "citation", "parameters")}
                for r in found.after["reasons"]
                if r["effect"] == found.after["effect"]
            ],
        },
    }


def _show(changes: list[Replayed], errors: list[tuple[int, str]]) -> None:
    if changes:
        rows = []
        for c in changes:
            why = sorted({r["rule"] or r["code"] for r in c.after["reasons"] if r["effect"] == c.after["effect"]})
            figures = [f"{k} {asking.written(a)} → {asking.written(b)}" for k, (a, b) in c.values.items() if not c.side]
            rows.append(
                (
                    str(c.line), c.id, c.question, c.at.isoformat(), c.before["effect"], c.after["effect"],
                    ", ".join(why + figures),
                )
            )  # fmt: skip
        click.echo(table(("line", "receipt", "question", "at", "was", "would be", "by"), rows))
    for line, message in errors:
        click.echo(f"line {line}: {message}")
