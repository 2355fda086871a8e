"""Show what models were asked: `prompts`."""

from collections.abc import Sequence

import click

from commands.prompts import PromptShown, prompts_of
from ops.bootstrap.core import open_store
from ops.bootstrap.servers import addresses
from ops.cli.output import plain, result
from ops.cli.reach import session_id
from ops.cli.verb import settings, verb


@click.group()
def prompts() -> None:
    """Show what models were asked, derived again from the log."""


@verb(prompts)
@click.argument("session")
@click.argument("step", type=click.IntRange(min=0))
async def show(session: str, step: int) -> None:
    """Show every prompt of a step; STEP 0 is the plan and the answer."""
    async with addresses(settings(), nats=False) as where, open_store(where) as store:
        found = await prompts_of(store, session_id(session), step)
    result(list(found), lambda: _text(found))


def _text(found: Sequence[PromptShown]) -> str:
    return "\n\n".join("\n".join([_head(each), *_messages(each)]) for each in found)


def _head(shown: PromptShown) -> str:
    asked = f"{shown.purpose}, asked of {shown.agent} after version {shown.version}, attempt {shown.attempt}"
    counted = f"the model counted {shown.counted:,}" if shown.counted else "the model counted none"
    by = f", results by {shown.strategy}" if shown.strategy else ""
    size = f"{shown.bytes:,} bytes, about {shown.tokens:,} tokens ({counted})"
    return f"== {asked}\n   {size}, recipe {shown.recipe}{by}\n   SHA-256 {shown.digest}: {_held(shown)}"


def _held(shown: PromptShown) -> str:
    if not shown.recorded:
        return "no reply was recorded"
    return "as its reply recorded" if shown.recorded == shown.digest else f"but its reply recorded {shown.recorded}"


def _messages(shown: PromptShown) -> list[str]:
    return [f"-- {message.role}\n{plain(message.text)}" for message in shown.messages]
