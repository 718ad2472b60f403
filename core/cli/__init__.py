"""The `portico` command: start, check, and operate an installation."""

from __future__ import annotations

import os
import sys

import click

from core import __version__
from core.cli import clients, data, decide, plugins, receipts, registers, rules, running, tenants
from core.cli.errors import explain


@click.group()
@click.version_option(__version__, prog_name="portico")
def cli() -> None:
    """Portico: portals for telehealth, each from a folder."""


for command in (running.up, running.serve, running.worker, running.scheduler, running.doctor, running.secrets_, data.db_group, data.audit_group,
                plugins.plugin_group, data.operator_group, decide.decide, rules.rules_group, receipts.receipts_group, clients.client_group,
                tenants.tenant_group, registers.directory_group):  # fmt: skip
    cli.add_command(command)


def main() -> None:
    """Run a command; what a person can mend is told in plain lines, without a traceback."""
    try:
        cli()
    except BrokenPipeError:
        # The reader has gone (`portico … | head`): nothing is wrong, and nobody is there to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        if os.environ.get("PORTICO_DEBUG"):
            raise
        for line in explain(error):
            click.echo(f"portico: {line}", err=True)
        sys.exit(1)
