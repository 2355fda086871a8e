"""Play the demo: the sample shop, one goal, a scripted model, and faults on the way.

What is real: Postgres, NATS, HTTP, the policy, the executor, retries, the breaker, the review, the replay. What is
scripted: the model's words, the human who approves, and the shop's faults.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from uuid import UUID

from commands.catalogue import Settings
from commands.handle import handle
from commands.orchestrate import Goal, orchestrate
from domain.breaker import BreakerSettings
from domain.envelope import Actor, Context
from domain.session.admit import open_approvals
from domain.session.commands import GrantApproval
from domain.session.events import Limits
from domain.session.state import Approval
from ops.bootstrap.core import Core
from ops.sample.shop import RunningShop, shop

GOAL = "Order two blue mugs for customer 7, have them shipped, and say what it cost"
API = "shop"
BREAKER = BreakerSettings(failures=2, open_ms=1_500)
"""Make the demo's breaker quick, so that it opens and closes while you watch."""
HUMAN = "scripted-human"


def script() -> str:
    """Return the name of the scripted model."""
    return f"scripted:{files('ops.sample').joinpath('demo_script.json')}"


def context(core: Core, actor: str) -> Context:
    """Act as a person."""
    command = core.shell.chance.command_id()
    return Context(
        command_id=command, actor=Actor(kind="person", id=actor), at=core.shell.clock.now(), correlation=command
    )


@asynccontextmanager
async def open_shop(core: Core) -> AsyncIterator[RunningShop]:
    """Run the sample shop, registered as an API, and plan its faults."""
    async with shop() as running:
        await core.catalogue.register_document(
            core.documents,
            json.dumps(running.document()).encode(),
            context(core, HUMAN),
            api=API,
            settings=Settings(allow_private=True),
        )
        running.faults("POST /orders", "lost-answer", times=1)
        running.faults("POST /orders/{orderId}/shipments", "error", times=2)
        yield running


async def submit(core: Core) -> UUID:
    """Start the demo's goal, with short waits between retries."""
    goal = Goal(text=GOAL, model=script(), lane="interactive", limits=Limits(retry_base_ms=150))
    session, _ = await orchestrate(core.shell, core.catalogue, goal, context(core, HUMAN))
    return session


async def approve(core: Core, session: UUID, approval: Approval) -> None:
    """Answer as the scripted human."""
    command = GrantApproval(
        approval=approval.id, by=HUMAN, reason="the demo says yes", request_digest=approval.request_digest
    )
    await handle(core.shell, session, command, context(core, HUMAN))


async def pending(core: Core, session: UUID) -> list[Approval]:
    """Return what the session asks people."""
    loaded = await core.shell.load(session)
    return [approval for approval, _ in open_approvals(loaded.state)] if loaded.state else []
