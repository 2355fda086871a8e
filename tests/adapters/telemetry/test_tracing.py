"""Each span is exported once, by the process that closed it, and nobody waits for a collector."""

import asyncio
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from adapters.postgres.store import PostgresEventStore
from adapters.telemetry import tracing as tracing_module
from adapters.telemetry.otlp import OtlpExporter
from adapters.telemetry.tracing import Tracing
from commands.handle import handle
from commands.perform import drive
from commands.ports import LogEvent
from commands.shell import Shell
from domain.errors import Unavailable
from domain.session.admit import open_approvals
from domain.session.commands import GrantApproval
from domain.session.events import SessionCompleted
from domain.upcasting import Unknown, read_session, topic_of
from projections.spans import Span
from projections.traces import Trace
from tests.adapters.telemetry.collector import collecting
from tests.commands.parts import Model, Shop, Time, context, shell_of, start


@dataclass
class Exported:
    """Take spans in, or fail to."""

    fails: bool = False
    spans: list[Span] = field(default_factory=list)

    def export(self, spans: Sequence[Span]) -> bool:
        """Take them."""
        self.spans += spans
        return not self.fails

    @property
    def effects(self) -> set[str]:
        """Return what the spans stand for."""
        assert len({span.effect for span in self.spans}) == len(self.spans), "exported twice"
        return {span.effect for span in self.spans}


def watched(store: PostgresEventStore, worker: str, model: Model) -> tuple[Shell, Tracing, Exported]:
    """Compose one process with its tracing."""
    shell, exported = shell_of(store, Shop(), model, Time(), worker=worker), Exported()
    tracing = Tracing(store, exported, worker)
    shell.listeners.append(tracing.heard)
    return shell, tracing, exported


async def approved(shell: Shell, session: UUID) -> None:
    loaded = await shell.load(session)
    assert loaded.state
    for approval, _ in open_approvals(loaded.state):
        decision = GrantApproval(approval=approval.id, by="ada", request_digest=approval.request_digest)
        await handle(shell, session, decision, context())


async def recomputed(store: PostgresEventStore, session: UUID) -> set[str]:
    rows = [read_session(row.topic, row.state) for row in await store.read_stream(session)]
    return {span.effect for span in Trace(session).take(None if isinstance(row, Unknown) else row for row in rows)}


async def test_processes_that_take_turns_export_every_span_once(store: PostgresEventStore) -> None:
    api, api_tracing, from_api = watched(store, "api", Model())
    one, one_tracing, from_one = watched(store, "one", Model(tool="order", steps=2))
    two, two_tracing, from_two = watched(store, "two", Model(tool="order", steps=2))
    session, _ = await start(api)
    await drive(one, session)
    await approved(api, session)
    assert (loaded := await drive(two, session)).state and loaded.state.ended
    for each in (api_tracing, one_tracing, two_tracing):
        await each.close()
    whole = await recomputed(store, session)
    assert from_api.effects | from_one.effects | from_two.effects == whole
    assert len(from_api.spans) + len(from_one.spans) + len(from_two.spans) == len(whole)
    assert "planning" in from_one.effects and "session" in from_two.effects
    assert {span.name for span in from_api.spans} == {"command goal-submitted", "command approval-granted"}


async def test_an_append_whose_answer_was_lost_is_exported_all_the_same(
    store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, lost = store.append, list[int]()

    async def lossy(events: Sequence[LogEvent]) -> int:
        position = await append(events)
        if not lost and events[-1].topic == topic_of(SessionCompleted):
            lost.append(position)
            raise Unavailable("the answer was lost")
        return position

    monkeypatch.setattr(store, "append", lossy)
    shell, tracing, exported = watched(store, "one", Model())
    session, _ = await start(shell)
    assert (loaded := await drive(shell, session)).state and loaded.state.ended and lost
    await tracing.close()
    assert exported.effects == await recomputed(store, session)


async def test_spans_that_find_no_room_are_dropped_and_counted(
    store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing_module, "MOST_SPANS", 3)
    shell, tracing, exported = watched(store, "one", Model())
    session, _ = await start(shell)
    assert (loaded := await drive(shell, session)).state and loaded.state.ended
    await tracing.close()
    assert len(exported.spans) == tracing.exported == 3
    assert tracing.dropped == len(await recomputed(store, session)) - 3


async def test_a_collector_that_is_away_stops_nobody_and_is_told_once(
    store: PostgresEventStore, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        endpoint = f"http://127.0.0.1:{door.getsockname()[1]}"
    exporter = OtlpExporter(endpoint, service="reprise", instance="one", role="worker")
    shell = shell_of(store, Shop(), Model(), Time())
    tracing = Tracing(store, exporter, "one")
    shell.listeners.append(tracing.heard)
    session, _ = await start(shell)
    with caplog.at_level(logging.WARNING):
        assert (loaded := await drive(shell, session)).state and loaded.state.ended
        assert not tracing.failed
        async with asyncio.timeout(6 * tracing_module.CLOSE_SECONDS):
            await tracing.close()
    exporter.close()
    assert tracing.failed == len(await recomputed(store, session))
    assert [record.message for record in caplog.records if "do not arrive" in record.message]


async def test_the_endpoint_alone_is_dialled_whatever_the_environment_says(
    store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    with collecting() as collector:
        exporter = OtlpExporter(collector.url, service="reprise", instance="one", role="worker")
        shell = shell_of(store, Shop(), Model(), Time())
        tracing = Tracing(store, exporter, "one")
        shell.listeners.append(tracing.heard)
        delivering = asyncio.create_task(tracing.run())
        await drive(shell, (await start(shell))[0])
        await asyncio.to_thread(collector.until, lambda seen: [span for span in seen.spans if not span.parent_id])
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
        exporter.close()
    assert set(collector.requests) == {"/v1/traces"}
    chat = next(span for span in collector.spans if span.name.startswith("chat"))
    assert chat.attributes["gen_ai.usage.input_tokens"] == 1 and chat.attributes["gen_ai.request.model"] == "test"
