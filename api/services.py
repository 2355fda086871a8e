"""Name what the edge needs to serve requests; the composition root fills it in."""

import asyncio
from dataclasses import dataclass, field
from typing import TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from api.live.feeds import Feeds
from api.live.voices import Voices
from api.watching import Watched
from commands.authorize import Verifier
from commands.bindings import BindingDesk
from commands.catalogue import Catalogue, Documents
from commands.drift.ports import Past
from commands.ports import Dialer
from commands.shell import Shell
from projections.building import Builds
from queries.ports import ReadStore


@dataclass(frozen=True)
class Services:
    """Hold the parts that requests are answered with.

    ``model`` is used where a goal names none; only it and ``models`` may be named, for a model is a place to call.
    ``hosts`` are names, without ports, that a browser may call us by beside the loopback ones; a page at ``https://``
    and such a name is ours, for that is where another server speaks TLS for us. Without a ``verifier`` only
    loopback clients are served, as the local person; with one a token is needed unless
    ``loopback_without_token``. Sizes are bytes, times seconds.
    """

    shell: Shell
    catalogue: Catalogue
    documents: Documents
    bindings: BindingDesk
    dialer: Dialer
    feeds: Feeds
    reads: ReadStore
    past: Past
    builds: Builds
    model: str = ""
    models: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    verifier: Verifier | None = None
    loopback_without_token: bool = True
    max_body: int = 1 << 20
    max_document: int = 16 << 20
    read_patience: float = 2.0
    heartbeat: float = 15.0
    introspection: bool = True
    voices: Voices = field(default_factory=Voices)
    watched: Watched = field(default_factory=Watched)
    live_streams: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1_000))


Given: TypeAlias = SkipValidation[NamedDependency[Services]]
"""The services, as a handler asks for them."""
