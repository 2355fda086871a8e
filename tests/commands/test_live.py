"""Whoever watches hears what a model says while it says it; nobody depends on it."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from nats.aio.client import Client

from adapters.embedded.nats import NatsServer
from adapters.embedding.hashing import HashingEmbedder
from adapters.filters.suspects import Suspects
from adapters.http.dialer import HttpDialer
from adapters.models.models import ModelRouter
from adapters.nats.connection import connect
from adapters.nats.live import NatsLive, subject
from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from commands.ports import Said
from commands.redaction import Redactor
from commands.shell import Shell
from domain.session.events import ModelReplied
from domain.session.state import Ended
from ops.bootstrap.redaction import EVERY
from ops.scripted.server import script_server
from tests.commands.parts import QUICK, Model, Shop, Time, context, events, shell_of

WORDS = {"answer": " ".join(f"word{number}" for number in range(60))}
SCRIPT = [
    {"purpose": "plan", "reply": {"steps": [{"goal": "look"}]}},
    {"purpose": "choose", "reply": {"tool": "look", "arguments": {}}},
    {"purpose": "review", "reply": {"verdict": "accept"}},
    {"purpose": "answer", "reply": WORDS, "pause_ms": 5},
]


@asynccontextmanager
async def shell_with(
    store: PostgresEventStore, folder: Path, client: Client, script: Sequence[Any] = SCRIPT
) -> AsyncIterator[tuple[Shell, str]]:
    """Yield a process that asks a script over HTTP, and the model's name."""
    (folder / "script.json").write_text(json.dumps({"replies": script}))
    async with script_server(folder / "script.json", HashingEmbedder()) as url, HttpDialer() as dialer:
        shell = shell_of(store, Shop(), Model(), Time())
        shell.models, shell.live = ModelRouter(dialer), NatsLive(client)
        yield shell, f"openai:scripted@{url}"


async def begun(shell: Shell, model: str) -> UUID:
    session, _ = await orchestrate(shell, Catalogue(shell), Goal(text="Look", model=model, limits=QUICK), context())
    return session


@asynccontextmanager
async def hearing(telling: Client, url: str, session: UUID) -> AsyncIterator[list[Said]]:
    """Collect what is told of a session, as another process does."""
    heard: list[Said] = []
    watcher = await connect(url, "watcher")

    async def listen() -> None:
        async with aclosing(NatsLive(watcher).follow(session)) as parts:
            async for said in parts:
                heard.append(said)  # noqa: PERF401 - each is there as soon as it is heard

    task = asyncio.create_task(listen())
    await asyncio.sleep(0.1)
    await watcher.flush()
    yield heard
    for client in (telling, watcher):  # then all that was told has come
        await client.flush()
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await watcher.close()


async def test_what_is_told_becomes_the_recorded_reply(
    store: PostgresEventStore, nats_server: NatsServer, tmp_path: Path
) -> None:
    client = await connect(nats_server.url, "worker")
    async with shell_with(store, tmp_path, client) as (shell, model):
        session = await begun(shell, model)
        async with hearing(client, nats_server.url, session) as heard:
            await client.publish(subject(session), b"no part of a reply")
            await drive(shell, session)
    await client.close()
    reply = (await events(store, session, ModelReplied))[-1]
    told = [said for said in heard if said.call == reply.call]
    assert [said.part for said in told] == list(range(1, len(told) + 1)) and len(told) > 3
    text = "".join(said.text for said in told)
    assert reply.reply.text.startswith(text) and len(text) > len(reply.reply.text) / 2
    assert reply.asked == msgspec.convert({"form": "json-schema", "streamed": True}, type(reply.asked))


async def test_no_value_that_the_log_hides_is_told_in_clear(
    store: PostgresEventStore, nats_server: NatsServer, tmp_path: Path
) -> None:
    mail, card = "mia.faux@mail.example.org", "4111 1111 1111 1111"
    said = {"answer": f"Write to {mail} or {mail}. The card {card} was charged, and that is all there is to say of it."}
    # What comes last of a reply is told by its event alone, so what is looked for here has something behind it.
    choice = {"tool": "look", "arguments": {"name": "Mia Faux", "why": WORDS["answer"]}}
    client = await connect(nats_server.url, "worker")
    script = [SCRIPT[0], {"purpose": "choose", "reply": choice, "pause_ms": 20}, SCRIPT[2]]
    script.append({"purpose": "answer", "reply": said, "pause_ms": 20})
    async with shell_with(store, tmp_path, client, script) as (shell, model):
        shell.redactor = Redactor(EVERY)
        session = await begun(shell, model)
        async with hearing(client, nats_server.url, session) as heard:
            await drive(shell, session)
    await client.close()
    told = {call: "".join(each.text for each in heard if each.call == call) for call in {each.call for each in heard}}
    assert '"name":"…"' in told["choose-1-1"].replace(" ", "")
    answer = next(text for call, text in told.items() if call.startswith("answer"))
    assert "Write to (email) or (email)." in answer and "The card (card) was" in answer
    replies = [each.reply.text for each in await events(store, session, ModelReplied)]
    assert [value for value in (mail, card, "Mia") for text in (*told.values(), *replies) if value in text] == ["Mia"]


async def test_without_nats_nothing_is_told_and_nothing_is_missed(
    store: PostgresEventStore, fresh_nats: NatsServer, tmp_path: Path
) -> None:
    client = await connect(fresh_nats.url, "worker")
    await client.close()
    async with shell_with(store, tmp_path, client) as (shell, model):
        session = await begun(shell, model)
        await drive(shell, session)
        state = (await shell.load(session)).state
    assert state and isinstance(state.stage, Ended) and state.stage.text == WORDS["answer"]


async def test_what_filters_have_not_seen_is_not_told(
    store: PostgresEventStore, nats_server: NatsServer, tmp_path: Path
) -> None:
    client = await connect(nats_server.url, "worker")
    async with shell_with(store, tmp_path, client) as (shell, model):
        shell.filters = (Suspects(),)
        session = await begun(shell, model)
        async with hearing(client, nats_server.url, session) as heard:
            await drive(shell, session)
    await client.close()
    assert heard == [] and await events(store, session, ModelReplied)
