"""`portico directory`: public registers of professionals, imported from their files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click

from core import i18n
from core.cli import environment
from core.hooks.registers import RegisterFault, RegisterFormat, RegisterRefused

STEP = 1 << 20  # the bar moves every megabyte: more often costs more than reading


@click.group("directory")
def directory_group() -> None:
    """Registers of professionals."""


@directory_group.command("formats")
def formats_() -> None:
    """The files that the installed plugins can read."""
    for one in formats().values():
        click.echo(f"{one.code:<16} {one.country}  {i18n.render(one.label, 'en')}")


@directory_group.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "code", required=True, help="One of `portico directory formats`.")
@click.option("--accept-absences", is_flag=True, help="Take a file that lacks many known entries.")
def import_(file: Path, code: str, accept_absences: bool) -> None:
    """Merge a register file. Lines that cannot be read are named with their number, the rest goes on; exit status 1 then."""
    from core.directory.registers import FAULTS_TOLD, ImportRefused, import_register

    known = formats()
    if code not in known:
        raise click.ClickException(f"no format {code}; known: {', '.join(known)}")

    def tell(fault: RegisterFault) -> None:
        if len(told) < FAULTS_TOLD:
            told.append(f"{file}:{fault.line}: {i18n.render(fault.message, 'en')}")

    told: list[str] = []
    app = environment.application(wake=False)
    with (
        app.app_context(),
        file.open("rb") as handle,
        click.progressbar(length=file.stat().st_size, label=file.name, file=sys.stderr) as bar,
    ):
        try:
            report = import_register(known[code], _lines(handle, bar), accept_absences=accept_absences, told=tell)
        except (ImportRefused, RegisterRefused) as refused:
            raise click.ClickException(i18n.render(refused.message, "en")) from refused
    for line in told:
        click.echo(line, err=True)
    if report.refused > len(told):
        click.echo(f"… and {report.refused - len(told)} more lines", err=True)
    click.echo(
        f"{report.lines} lines read, {report.merged} people merged, {report.absent} absent, {report.refused} lines left out"
    )
    sys.exit(1 if report.refused else 0)


def formats() -> dict[str, RegisterFormat]:
    """The formats of all installed plugins by code. Raises ClickException when two share one."""
    found: dict[str, RegisterFormat] = {}
    for one in environment.runtime().installed().collect("register_formats"):
        if one.code in found:
            raise click.ClickException(f"two plugins read a format called {one.code}")
        found[one.code] = one
    return found


def _lines(handle: IO[bytes], bar: Any) -> Iterator[bytes]:
    read = 0
    for line in handle:
        read += len(line)
        if read >= STEP:
            bar.update(read)
            read = 0
        yield line
    bar.update(read)
