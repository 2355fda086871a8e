"""Be the program `reprise`.

Exit code 0: done. 1: refused or failed, in one line with what to do. 2: wrong usage. 130 and 143: ended by Ctrl-C, by
SIGTERM. With ``--json`` the line is ``{"error": …}``; it goes to the error stream too, so that the output holds results
only.
"""

import importlib
import logging
import signal
import sys
from collections.abc import Sequence
from typing import NamedTuple

import click

from domain.encoding import encode
from domain.errors import Conflict, Divergence, RepriseError

LOGGER = logging.getLogger("reprise.cli")


class Verb(NamedTuple):
    """Say where a verb is and what it does; its module is imported only when the verb is used."""

    module: str
    words: str


VERBS = {
    "demo": Verb("ops.cli.demo", "Play one goal on embedded servers in a temporary folder, and replay it."),
    "up": Verb("ops.cli.serving", "Serve everything on this machine until Ctrl-C."),
    "serve": Verb("ops.cli.serving", "Serve one role, beside others on the same Postgres and NATS."),
    "orchestrate": Verb("ops.cli.sessions", "Start a session for a goal."),
    "sessions": Verb("ops.cli.sessions", "List, show, watch and steer sessions."),
    "approvals": Verb("ops.cli.approvals", "See what waits for people, and answer it."),
    "dlq": Verb("ops.cli.dlq", "See which calls were given up, send them again or close them."),
    "tools": Verb("ops.cli.catalogue", "Register APIs, and look at the tools that they give."),
    "policies": Verb("ops.cli.policies", "Keep policy sets, bring one into force, and try it on what was decided."),
    "prices": Verb("ops.cli.budgets", "Keep price lists, and say by which one sessions are charged."),
    "budgets": Verb("ops.cli.budgets", "Limit what a tenant and its users spend, and see what was spent."),
    "agents": Verb("ops.cli.agents", "Define agents, and look at them."),
    "memory": Verb("ops.cli.memory", "Keep what is to be known beyond one session, and find it again."),
    "replay": Verb("ops.cli.replaying", "Replay sessions; name the first field that differs."),
    "prompts": Verb("ops.cli.prompts", "Show what models were asked, derived again from the log."),
    "projections": Verb("ops.cli.projections", "Look at read models, and build them anew."),
    "bench": Verb("ops.cli.bench", "Measure, beside the machine's raw limits."),
    "eval": Verb("ops.cli.evaluation", "Measure what is claimed, on suites of cases."),
    "doctor": Verb("ops.cli.doctor", "Find out what is wrong, and what to do about it."),
    "token": Verb("ops.cli.operating", "Issue tokens."),
    "migrate": Verb("ops.cli.operating", "Bring the database's schema up to date."),
    "config": Verb("ops.cli.operating", "Look at the settings."),
}


class Verbs(click.Group):
    """Find verbs by name, and list them without importing what they need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List all verbs."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb's module and return the verb."""
        if cmd_name not in VERBS:
            return None
        command = getattr(importlib.import_module(VERBS[cmd_name].module), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each verb does."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.words) for name, verb in VERBS.items()])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="reprise")
def program() -> None:
    """Reprise: every run of your agents, replayable, word for word."""


def main() -> None:
    """Run the program and end with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(words: Sequence[str]) -> int:
    """Run one verb, turn every error into one line, and return the exit code."""
    try:
        return program.main(list(words), prog_name="reprise", standalone_mode=False) or 0
    except click.ClickException as fault:
        _complain(words, fault)
        return fault.exit_code
    except click.Abort:
        return 128 + signal.SIGINT
    except Exception as fault:
        LOGGER.debug("The verb failed.", exc_info=fault)
        _complain(words, click.ClickException(explained(fault)))
        return 1


def explained(fault: BaseException) -> str:
    """Say in one line what went wrong, and what to do where the error's own message does not."""
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    match fault:
        case Conflict():
            return f"conflict: {fault}"
        case Divergence():
            return f"divergence: {fault}"
        case RepriseError():
            return str(fault)
        case OSError(strerror=str(reason)):
            return f"The system refused {fault.filename or 'a request'}: {reason}."
        case _:
            told = f"{type(fault).__name__}: {fault}".splitlines()[0]
            return f"A fault of ours, {told}. REPRISE_LOG_LEVEL=DEBUG shows where it came from; please report it."


def _complain(words: Sequence[str], fault: click.ClickException) -> None:
    if "--json" in words:
        click.echo(encode({"error": fault.format_message()}), err=True)
    else:
        fault.show()


if __name__ == "__main__":
    main()
