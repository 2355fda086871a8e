"""Show how the memory stands: `memory overview`."""

import asyncio
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from commands.authorize import LOCAL
from commands.counting import CacheCount
from commands.memory.overview import Overview, overview
from ops import running
from ops.bootstrap.read_models import catch_up
from ops.cli.output import count, hint, result, table
from ops.cli.reach import core
from ops.cli.verb import settings, verb

SECONDS = 2.0


class _Caches(msgspec.Struct, frozen=True):
    caches: tuple[CacheCount, ...]


@verb(name="overview")
async def show_overview() -> None:
    """Say how many memories there are, by which embedders, and how often a running `up` knew an embedding already."""
    up = running.find(settings().folder)
    async with core() as opened:
        await catch_up(opened)
        found = await overview(opened.shell, LOCAL.tenant)
    # This process has only just begun: what it keeps tells nothing.
    found = replace(found, caches=await asyncio.to_thread(_caches_of, up.url) if up else ())
    result(found, lambda: _told(found))


def _caches_of(url: str) -> Sequence[CacheCount]:
    """Return what a running `up` counts; nothing where it does not say, as where it asks for a token."""
    where = urlsplit(url)
    connection = HTTPConnection(where.hostname or "", where.port, timeout=SECONDS)
    try:
        connection.request("GET", "/memory", headers={"Host": "localhost"})
        answer = connection.getresponse()
        if answer.status == 200:
            return msgspec.json.decode(answer.read(), type=_Caches).caches
        hint(f"The caches of {url} are not shown: it answered {answer.status}.")
    except (OSError, HTTPException, msgspec.MsgspecError) as fault:
        hint(f"The caches of {url} are not shown: {fault}.")
    finally:
        connection.close()
    return ()


def _told(found: Overview) -> str:
    spaces = [(each.name, each.vectors, "yes" if each.searched else "no") for each in found.spaces]
    caches = [(each.name, each.hits, each.misses, f"{each.entries} of {each.most}") for each in found.caches]
    parts = [f"{count(found.memories, 'memory')}, searched by {found.embedder}"]
    parts += [table(["space", "memories", "searched"], spaces)] if spaces else []
    parts += [table(["cache", "hits", "misses", "entries"], caches)] if caches else []
    return "\n\n".join(parts)
