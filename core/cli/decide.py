"""`portico decide`: questions in, answers out, a JSON object a line; needs no server and no database."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from core import clock
from core.builtin import CorePlugin
from core.cli import environment, replay
from core.hooks import asking
from core.hooks.asking import BadCase
from core.hooks.decisions import digest
from core.hooks.manager import BUILTIN, Dispatcher, PluginRuntime
from core.hooks.parameters import files_of
from core.settings import Settings
from core.tenancy.current import settings_for
from core.tenancy.loader import load_folder

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Portal:
    """A portal read from its folder: what answers, in which language, on which day by default, and the stamp of it all."""

    dispatcher: Dispatcher
    language: str
    today: dt.date
    stamp: str


@click.command()
@click.option("--tenant", required=True, help="A slug of tenants/, or a path to a tenant's folder.")
@click.option("--at", type=click.DateTime(formats=["%Y-%m-%d"]), help="The date of the act; default: today.")
@click.option(
    "--replay", "receipts", is_flag=False, flag_value=STANDARD_INPUT,
    help="Ask kept decisions again: the lines of `portico receipts export`, from a file or standard input.",
)  # fmt: skip
@click.option(
    "--parameters", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="With --replay: a folder with files in the place of the plugins' own, as FOLDER/jurisdiction_fr/law.yaml.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="With --replay: a JSON object for each receipt, not a table.")
def decide(tenant: str, at: dt.datetime | None, receipts: str | None, parameters: Path | None, as_json: bool) -> None:
    """Answer cases of standard input on standard output, in order; a bad line is answered with its error.

    With --replay, tell which kept decisions would be others: on the date of --at, or by the files of --parameters.
    """
    day = at.date() if at else None
    if receipts is None:
        if parameters is not None or as_json:
            raise click.UsageError("--parameters and --json go with --replay")
        sys.exit(1 if _answer_all(open_portal(tenant), day) else 0)
    with replay.plugins_with(parameters) as runtime:
        portal = open_portal(tenant, runtime)
        with replay.opened(receipts) as lines:
            sys.exit(1 if replay.run(lines, portal.dispatcher, day, as_json) else 0)


def open_portal(tenant: str, runtime: PluginRuntime | None = None) -> Portal:
    """The portal of a slug or a folder, by all installed plugins; tells its stamp on standard error.

    Raises click.ClickException with all problems of the folder.
    """
    folder = Path(tenant) if Path(tenant, "tenant.yaml").is_file() else environment.tenants_folder() / tenant
    runtime = runtime or environment.runtime()
    runtime.register(CorePlugin(Settings("production", "", "", ("",), ())), BUILTIN)
    loaded = load_folder(folder, runtime)
    if loaded.bundle is None or loaded.problems:
        raise click.ClickException("\n".join(str(p) for p in loaded.problems))
    config = loaded.bundle["config"]
    dispatcher = runtime.dispatcher(config["plugins"], settings_for(config))
    made = Portal(
        dispatcher, config["languages"][0], clock.today(config["time_zone"]), stamp(config, runtime, dispatcher)
    )
    click.echo(f"configuration and parameters: {made.stamp}", err=True)
    return made


def _answer_all(portal: Portal, day: dt.date | None) -> bool:
    """Answer every line; whether one of them was no case."""
    failed = False
    for raw in sys.stdin.buffer:
        try:
            found = asking.answer(asking.parse(raw), portal.dispatcher, day or portal.today, portal.language)
        except BadCase as error:
            failed = True
            found = {"error": str(error)}
        click.echo(asking.written(found))
    return failed


def stamp(config: Mapping[str, Any], runtime: PluginRuntime, dispatcher: Dispatcher) -> str:
    """SHA-256 of all that an answer rests on beside the case: configuration, versions of the plugins, dated parameters."""
    parameters = {}
    for name in sorted(dispatcher.enabled):
        location = getattr(runtime.modules[name], "__file__", None)
        for path in files_of(Path(location).parent / "parameters") if location else ():
            parameters[f"{name}/{path.name}"] = path.read_text(encoding="utf-8")
    versions = {name: str(getattr(runtime.modules[name], "version", "")) for name in sorted(dispatcher.enabled)}
    return digest(
        {
            "configuration": json.loads(json.dumps(config, default=asking.plain)),
            "versions": versions,
            "parameters": parameters,
        }
    )
