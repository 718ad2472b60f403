"""The `portico` command: start, check, and operate an installation."""

from __future__ import annotations

import sys

import click

from core import __version__
from core.cli import data, decide, running, tenants
from core.embedded import EmbeddedError
from core.hooks.manager import PluginProblem
from core.hooks.parameters import ParameterProblem
from core.settings import SettingsError
from core.tenancy.service import TenantRefused


@click.group()
@click.version_option(__version__, prog_name="portico")
def cli() -> None:
    """Portico: portals for telehealth, each from a folder."""


for command in (running.up, running.serve, running.worker, running.scheduler, running.doctor, running.secrets_, data.db_group, data.audit_group,
                data.plugin_group, data.operator_group, decide.decide, tenants.tenant_group):  # fmt: skip
    cli.add_command(command)


def main() -> None:
    """Run a command; what a person can mend is told in plain lines, without a traceback."""
    try:
        cli()
    except (SettingsError, EmbeddedError, PluginProblem, ParameterProblem) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except TenantRefused as refusal:
        for reason in refusal.reasons:
            click.echo(str(reason), err=True)
        sys.exit(1)
