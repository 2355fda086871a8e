"""A session reads several pages by one call: all of it is on record, and no limit of calls is passed."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.perform import drive
from commands.ports import Question, Reply
from commands.replaying import replay_session
from commands.shell import Shell, to_log
from domain.catalog.events import CatalogEvent, DocumentRegistered, ToolsAdded
from domain.encoding import encode
from domain.envelope import Event, fact_event
from domain.ids import named_stream
from domain.session.events import CallSucceeded, Paging
from domain.upcasting import AnyEvent
from ops.sample.http_server import json_response
from tests.adapters.openapi.paging.paged import Paged, paged
from tests.commands.parts import TASK, Model, Shop, Time, context, events, shell_of, start


class Reader(Model):
    """Be a model that reads all pages."""

    async def ask(self, question: Question) -> Reply:
        """Answer by the task that the prompt's last line names."""
        task = TASK.search(question.prompt.messages[-1].text)
        if task is None or task[1] != "choose":
            return await super().ask(question)
        text = encode({"tool": "cursors", "arguments": {"pages": 5}}).decode()
        return Reply(text=text, tokens_in=1, tokens_out=1, latency_ms=1)


@asynccontextmanager
async def reading(store: PostgresEventStore, last: int) -> AsyncIterator[tuple[Shell, Paged]]:
    """Register an API whose answers have so many pages."""

    def answering(request: Any, number: int) -> Any:
        return json_response(200, {"next_cursor": str(number + 1) if number < last else None, "number": number})

    async with paged(answering) as api:
        shell = shell_of(store, Shop(), Reader(), Time())
        shell.tools = api.tools
        document = api.document
        facts: Sequence[CatalogEvent] = (
            DocumentRegistered(api="api", document=document.document, base_url=document.base_url, allow_private=True),
            ToolsAdded(api="api", document=document.document, tools=document.tools),
        )
        rows: list[Event[AnyEvent]] = [fact_event(fact, context(), index) for index, fact in enumerate(facts)]
        await store.append(to_log(named_stream("local", "document", "api"), 0, rows))
        yield shell, api


async def succeeded(store: PostgresEventStore, session: UUID) -> CallSucceeded:
    (found,) = await events(store, session, CallSucceeded)
    assert isinstance(found, CallSucceeded)
    return found


async def test_a_call_of_several_pages_is_recorded_with_their_number_and_replays(store: PostgresEventStore) -> None:
    async with reading(store, last=3) as (shell, api):
        session, _ = await start(shell)
        await drive(shell, session)
        found = await succeeded(store, session)
        assert found.paging == Paging(pages=3, ended="last-page") and len(api.heard) == 3
        assert found.output.text.startswith('{"ended":"last-page","pages":[{"next_cursor":"2","number":1}')
        replayed = await replay_session(store, session, execute=True)
        assert replayed.divergences == () and replayed.decided > 0


async def test_further_pages_stay_within_a_limit_of_calls_a_minute(store: PostgresEventStore) -> None:
    async with reading(store, last=9) as (shell, api):
        # A fifth of a limit may come at once: the call and one page more.
        await Catalogue(shell).override_tool("cursors", {"rate_limit": 10}, context())
        session, _ = await start(shell)
        await drive(shell, session)
        assert (await succeeded(store, session)).paging == Paging(pages=2, ended="rate")
        assert len(api.heard) == 2
