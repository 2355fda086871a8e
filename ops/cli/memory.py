"""Remember, recall and forget from a shell: `memory`."""

from collections.abc import Callable
from typing import Any, TypeVar, get_args

import click

from commands.authorize import LOCAL
from commands.memory.memories import Recalled
from commands.memory.remembering import ToRemember, embed_missing, forget, remember
from commands.ports import Confines, StoredMemory
from domain.memory.events import MemoryKind
from ops.bootstrap.read_models import catch_up
from ops.cli.output import count, result, table
from ops.cli.overview import show_overview
from ops.cli.reach import context, core, session_id
from ops.cli.verb import person, verb
from queries.episodes import find_episodes

KIND = click.Choice(get_args(MemoryKind))
Function = TypeVar("Function", bound=Callable[..., Any])

CONFINING = (
    click.option("--kind", type=KIND, default=None),
    click.option("--subject", default="", help="Only what is about this."),
    click.option("--session", default="", help="Only what is from this session."),
    click.option("--source", default="", help="Only what is from this source, such as tool:NAME."),
    click.option("--trusted/--untrusted", default=None, help="Only what nobody else can have written, or the rest."),
    click.option("--private/--public", default=None, help="Only what is not for others' eyes, or the rest."),
    click.option("--own", is_flag=True, help="Not what the whole tenant remembers."),
)


def confining(function: Function) -> Function:
    """Add the options that say among which memories to look."""
    for option in reversed(CONFINING):
        function = option(function)
    return function


def confines(kind: MemoryKind | None, **said: Any) -> Confines:
    """Return what the person at this terminal may know, within what those options say."""
    return Confines(tenant=LOCAL.tenant, user=person(), kinds=(kind,) if kind else (), **said)


@click.group()
def memory() -> None:
    """Keep what is to be known beyond one session, and find it again by what it means."""


@verb(memory)
@click.argument("text")
@click.option("--kind", type=KIND, default="semantic", show_default=True)
@click.option("--subject", default="", help="What it is about.")
@click.option("--untrusted", is_flag=True, help="Others may have written it: no planner is shown it.")
@click.option("--private", is_flag=True, help="It is not for others' eyes.")
@click.option("--shared", is_flag=True, help="The whole tenant may know it, not only you.")
async def add(text: str, kind: MemoryKind, subject: str, untrusted: bool, private: bool, shared: bool) -> None:
    """Remember a text, without its personal values."""
    asked = ToRemember(text=text, kind=kind, subject=subject, trusted=not untrusted, private=private, shared=shared)
    async with core() as opened:
        done = await remember(opened.catalogue, opened.shell, asked, context(opened))
    result(done, lambda: f"{done.id} is remembered")


@verb(memory)
@click.argument("question")
@confining
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 100))
async def search(question: str, limit: int, **said: Any) -> None:
    """Find memories by what they mean, how much of the question they hold, and how new they are."""
    async with core() as opened:
        await catch_up(opened)
        found = await opened.shell.memory.recall(confines(**said), question, opened.shell.clock.now(), limit)
    heads = ["score", "id", "kind", "about", "label", "text"]
    result(found, lambda: table(heads, map(_recalled, found)) if found else "Nothing that you may know is remembered.")


@verb(memory, "list")
@confining
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
async def list_memories(limit: int, **said: Any) -> None:
    """List memories, the newest first."""
    async with core() as opened:
        await catch_up(opened)
        found = await opened.shell.memory.index.newest(confines(**said), None, limit)
    heads = ["id", "kind", "about", "label", "text"]
    result(found, lambda: table(heads, map(_row, found)) if found else "Nothing is remembered yet.")


@verb(memory)
@click.argument("session")
@click.argument("question")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 500))
async def episodes(session: str, question: str, limit: int) -> None:
    """Find what happened in a session, by the words that it shares with a question, the best first."""
    async with core() as opened:
        await catch_up(opened)
        found = await find_episodes(opened.reads, LOCAL.tenant, str(session_id(session)), question, limit)
    heads = ["version", "type", "step", "title", "detail"]
    rows = [(each.version, each.type, each.step or "", each.title, each.detail[:80]) for each in found]
    result(found, lambda: table(heads, rows) if found else "Nothing in this session shares a word with that.")


def _recalled(each: Recalled) -> tuple[str, ...]:
    return str(each.score.score), *_row(each.memory)


def _row(each: StoredMemory) -> tuple[str, ...]:
    label = "trusted" if each.trusted else "untrusted"
    return each.id, each.kind, each.subject, f"{label}, private" if each.private else label, each.text[:80]


@verb(memory, "forget")
@click.argument("memory_id", metavar="ID")
@click.option("--reason", default="", help="Why; it is kept.")
async def forget_one(memory_id: str, reason: str) -> None:
    """Forget a memory: it is never recalled again."""
    async with core() as opened:
        done = await forget(opened.catalogue, opened.shell, memory_id, reason, context(opened), administers=True)
    result(done, lambda: f"{done.id} is forgotten")


@verb(memory)
async def embed() -> None:
    """Let the configured embedder say what those memories mean that it has not said it of."""
    async with core() as opened:
        await catch_up(opened)
        done = await embed_missing(opened.catalogue, opened.shell, context(opened))
    result({"embedded": done}, lambda: f"{count(done, 'memory')} embedded")


memory.add_command(show_overview)
