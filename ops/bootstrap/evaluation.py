"""Compose what evaluations are made of: the tools that they search through, and the shell that they try to fool."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import msgspec

from adapters.http.dialer import HttpDialer
from adapters.openapi.documents import OpenApiDocuments
from adapters.openapi.ingest import read_document
from adapters.openapi.schemas.compiled import Compiled, fault_of
from adapters.openapi.tools import OpenApiTools
from adapters.policy.cedar import CedarJudge
from adapters.postgres.migrations import migrate
from adapters.postgres.store import PostgresEventStore
from adapters.system import SystemChance, SystemClock
from commands.catalogue import Documents
from commands.ports import Dialer, Judge, Models
from commands.shell import Shell
from domain.catalog.events import Tool
from domain.errors import Invalid
from ops.bootstrap.core import NoWakeups
from ops.bootstrap.dialing import open_dialer
from ops.bootstrap.models import model_router
from ops.bootstrap.servers import addresses
from ops.sample.shop import document
from ops.scratch import scratch_database
from ops.settings import Settings

DOCUMENTS = (".json", ".yaml", ".yml")
NOWHERE = "http://127.0.0.1"
Own = TypeVar("Own", bound=Models)


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """Hold the tools of many documents; ``unusable`` says of files why they gave none."""

    tools: tuple[Tool, ...]
    documents: int
    unusable: dict[str, str]


def read_pool(folder: Path) -> Pool:
    """Read every document of a folder, each as the API of its file's name; raise Invalid where there is none."""
    tools: list[Tool] = []
    unusable: dict[str, str] = {}
    files = sorted(file for file in folder.glob("*") if file.suffix in DOCUMENTS)
    for file in files:
        try:
            tools += read_document(file.read_bytes(), api=file.stem, base_url=NOWHERE).tools
        except Invalid as fault:
            unusable[file.name] = str(fault)
    if not tools:
        raise Invalid(f"Expected OpenAPI documents in {folder}, but there is none that can be used.")
    return Pool(tools=tuple(tools), documents=len(files) - len(unusable), unusable=unusable)


def shop_tools() -> tuple[Tool, ...]:
    """Return the tools of the sample shop."""
    return read_document(json.dumps(document(NOWHERE, keys=True)).encode(), api="shop", base_url=None).tools


@asynccontextmanager
async def scratch_server(settings: Settings) -> AsyncIterator[str]:
    """Yield the URL of the configured Postgres, or of an embedded one in a temporary folder."""
    with TemporaryDirectory(prefix="reprise-evaluation-") as folder:
        own = settings if settings.postgres_url else msgspec.structs.replace(settings, data=folder)
        async with addresses(own, nats=False) as where:
            yield where.postgres_url


@asynccontextmanager
async def scratch_shell(
    server: str, models: Models, judge: Judge | None, around: Callable[[Dialer], Dialer]
) -> AsyncIterator[Shell]:
    """Yield a shell over a database of its own, with the product's tools and, unless another is given, its judge."""
    async with HttpDialer() as dialer, _scratch_store(server) as store:
        yield _shell(store, around(dialer), models, judge or CedarJudge())


@asynccontextmanager
async def scratch_bench(
    settings: Settings,
    server: str,
    around: Callable[[Models], Own],
    dialing: Callable[[Dialer], Dialer] = lambda dialer: dialer,
) -> AsyncIterator[tuple[Shell, Dialer, Own]]:
    """Yield a shell over a database of its own, its dialer, and the models around those that are configured."""
    async with open_dialer(settings) as plain, _scratch_store(server) as store:
        models, dialer = around(await model_router(settings, plain, store)), dialing(plain)
        yield _shell(store, dialer, models, CedarJudge()), dialer, models


@asynccontextmanager
async def _scratch_store(server: str) -> AsyncIterator[PostgresEventStore]:
    with scratch_database(server) as url:
        await migrate(url)
        store = await PostgresEventStore.open(url)
        try:
            yield store
        finally:
            await store.close()


def _shell(store: PostgresEventStore, dialer: Dialer, models: Models, judge: Judge) -> Shell:
    return Shell(
        store=store,
        wakeups=NoWakeups(),
        tools=OpenApiTools(dialer, store),
        models=models,
        judge=judge,
        clock=SystemClock(),
        chance=SystemChance(),
        rates=store.rates,
        worker="evaluation",
    )


def document_reader() -> Documents:
    """Return what reads documents into tools."""
    return OpenApiDocuments()


def misfits(schema: Any, value: Any) -> Sequence[str]:
    """Say what of a value does not fit a JSON Schema; nothing if all does."""
    return Compiled(schema).problems(value)


def schema_fault(schema: Any) -> str:
    """Say why what stands by itself is no JSON Schema, with the place; nothing if it is one."""
    return fault_of(schema)
