"""Be the program `reprise`.

Exit code 0: done. 1: refused or failed, in one line with what to do. 2: wrong usage.
"""

import importlib
import sys
from typing import Any

import click

from domain.errors import Conflict, Divergence, Refused, RepriseError, Unavailable

GROUPS = {
    "demo": "ops.cli.demo",
    "up": "ops.cli.serving",
    "serve": "ops.cli.serving",
    "orchestrate": "ops.cli.sessions",
    "sessions": "ops.cli.sessions",
    "approvals": "ops.cli.approvals",
    "tools": "ops.cli.catalogue",
    "agents": "ops.cli.catalogue",
    "replay": "ops.cli.replaying",
    "projections": "ops.cli.projections",
    "bench": "ops.cli.bench",
    "token": "ops.cli.operating",
    "migrate": "ops.cli.operating",
    "config": "ops.cli.operating",
}
"""Verb -> the module that holds it, imported only when the verb is used, so that every verb starts quickly."""


class Verbs(click.Group):
    """Find verbs by name, and turn every error of ours into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List all verbs."""
        return list(GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb's module and return the verb."""
        if cmd_name not in GROUPS:
            return None
        command = getattr(importlib.import_module(GROUPS[cmd_name]), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb."""
        try:
            return super().invoke(ctx)
        except RepriseError as fault:
            raise click.ClickException(_first_word(fault) + str(fault)) from fault
        except BrokenPipeError:
            sys.exit(1)


def _first_word(fault: RepriseError) -> str:
    match fault:
        case Refused():
            return ""
        case Unavailable():
            return "not available: "
        case Conflict():
            return "conflict: "
        case Divergence():
            return "divergence: "
        case _:
            return ""


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="reprise")
def main() -> None:
    """Reprise: every run of your agents, replayable, word for word."""


if __name__ == "__main__":
    main()
