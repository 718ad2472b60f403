"""The `portico` command: start, check, and operate an installation."""

from __future__ import annotations

import importlib
import os
import sys

import click

from core import __version__

# Where each command stands, as module:name. A module is imported when its command is run (or helped with): most need
# the whole application, and whoever asks for one command does not wait for the others.
COMMANDS = {
    "audit": "data:audit_group",
    "client": "clients:client_group",
    "db": "data:db_group",
    "decide": "decide:decide",
    "demo": "running:demo",
    "directory": "registers:directory_group",
    "doctor": "running:doctor",
    "live": "running:live",
    "operator": "data:operator_group",
    "plugin": "plugins:plugin_group",
    "receipts": "receipts:receipts_group",
    "rules": "rules:rules_group",
    "scheduler": "running:scheduler",
    "secrets": "running:secrets_",
    "serve": "running:serve",
    "tenant": "tenants:tenant_group",
    "up": "running:up",
    "worker": "running:worker",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*COMMANDS, *self.commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            module, _colon, name = COMMANDS[cmd_name].partition(":")
            self.add_command(getattr(importlib.import_module(f"core.cli.{module}"), name), cmd_name)
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Commands)
@click.version_option(__version__, prog_name="portico")
def cli() -> None:
    """Portico: portals for telehealth, each from a folder."""


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
        from core.cli.errors import explain

        for line in explain(error):
            click.echo(f"portico: {line}", err=True)
        sys.exit(1)
