"""One trace of the demo's goal, put together by several processes, read back from a collector of our own."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from adapters.embedded.nats import NatsServer
from ops.sample.demo import GOAL, script
from tests.adapters.telemetry.collector import Received, collecting
from tests.end_to_end.program import PROGRAM, ran, reprise, started
from tests.ops.cli.conftest import shop

__all__ = ["shop"]
STRANGER = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
SECONDS = 120
ROLES = {"api": "serving api", "worker": "serving worker"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a short, empty folder."""
    with TemporaryDirectory(prefix="reprise-trace-") as name:
        yield Path(name).resolve()


async def test_one_trace_leads_from_the_session_over_its_steps_to_its_calls(
    folder: Path, shop: str, database: str, fresh_nats: NatsServer
) -> None:
    with ExitStack() as stack:
        collector = stack.enter_context(collecting())
        more = {
            "REPRISE_POSTGRES_URL": database,
            "REPRISE_NATS_URL": fresh_nats.url,
            "REPRISE_PORT": "0",
            "REPRISE_MODEL": script(),
            "REPRISE_OTLP__ENDPOINT": collector.url,
        }
        says = {
            role: stack.enter_context(started([PROGRAM, "serve", role], folder, ready, more))[1]
            for role, ready in ROLES.items()
        }
        added = reprise(
            "tools", "add", f"{shop}/openapi.json", "--name", "shop", "--allow-private", folder=folder, more=more
        )
        assert added.returncode == 0, added.stderr
        with httpx.Client(base_url=says["api"].rpartition(" ")[2], timeout=SECONDS) as client:
            session = _finished(client)
        collector.until(lambda seen: [span for span in seen.spans if not span.parent_id])
        told = json.loads(reprise("sessions", "trace", session, "--json", folder=folder, more=more).stdout)
    spans = collector.spans
    _is_one_trace(spans)
    _comes_from_both(spans)
    recomputed = {(span["span_id"], span["parent_id"], span["name"]) for span in told["spans"]}
    assert {(span.span_id, span.parent_id, span.name) for span in spans} == recomputed
    assert {span.trace_id for span in spans} == {told["trace_id"]}
    assert {span.name: span.links for span in spans if span.links} == {
        "invoke_workflow": [STRANGER],
        "command goal-submitted": [STRANGER],
    }


def _finished(client: httpx.Client) -> str:
    """Submit the demo's goal under a stranger's span, allow what it asks, and return its id when it is over."""
    headers = {"traceparent": f"00-{STRANGER[0]}-{STRANGER[1]}-01"}
    answer = client.post("/orchestrate", json={"goal": GOAL, "lane": "interactive"}, headers=headers)
    session = str(answer.json()["sessionId"])
    until = time.monotonic() + SECONDS
    while (state := _state(client, session))["stage"]["stage"] != "ended":
        for step in state.get("steps", ()):
            if step["stage"]["stage"] == "asking":
                _allow(client, step["stage"]["approval"]["id"])
        assert time.monotonic() < until, state
        time.sleep(0.05)
    assert state["stage"]["status"] == "completed", state
    return session


def _state(client: httpx.Client, session: str) -> Any:
    return client.get(f"/sessions/{session}/state").json()["state"]


def _allow(client: httpx.Client, approval: str) -> None:
    decision = client.post(f"/approvals/{approval}", json={"decision": "approve"}, headers={"traceparent": "nonsense"})
    assert decision.status_code in (200, 409), decision.text


def _is_one_trace(spans: list[Received]) -> None:
    by_id = {span.span_id: span for span in spans}
    assert len(by_id) == len(spans) and len({span.trace_id for span in spans}) == 1
    (root,) = [span for span in spans if not span.parent_id]
    assert root.name == "invoke_workflow"
    assert all(span.parent_id in by_id for span in spans if span is not root), "an orphan"
    calls = [span for span in spans if span.name.startswith("execute_tool")]
    assert {by_id[call.parent_id].name for call in calls} == {"invoke_agent executor"}
    assert {by_id[by_id[call.parent_id].parent_id].name for call in calls} == {root.name}
    assert "execute_tool create_order" in {call.name for call in calls}
    assert not any(GOAL in str(span) for span in spans)


def _comes_from_both(spans: list[Received]) -> None:
    roles = {span.resource["reprise.role"]: span.resource["service.instance.id"] for span in spans}
    assert set(roles) == {"api", "worker"} and len(set(roles.values())) == 2
    assert {span.resource["service.name"] for span in spans} == {"reprise"}
    by_role = {span.name: span.resource["reprise.role"] for span in spans}
    assert by_role["command goal-submitted"] == by_role["command approval-granted"] == "api"
    assert by_role["execute_tool create_order"] == by_role["invoke_workflow"] == "worker"


def test_without_an_endpoint_opentelemetry_is_not_even_imported(folder: Path) -> None:
    serving = (
        "import asyncio, sys\n"
        "import adapters.telemetry.metrics, adapters.telemetry.tracing, api.aside, api.app, ops.cli.serving\n"
        "from ops.bootstrap.telemetry import traced\n"
        "from ops.settings import load\n"
        "async def main():\n"
        "    async with traced(None, None, load().otlp, 'api') as tracing:\n"
        "        assert tracing is None\n"
        "asyncio.run(main())\n"
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'google.protobuf', 'requests'))])\n"
    )
    done = ran([PROGRAM.parent / "python", "-c", serving], folder)
    assert done.stdout == "[]\n", done.stderr
