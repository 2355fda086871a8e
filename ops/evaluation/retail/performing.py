"""Perform tasks through the real shell, with a human who allows what an expert would do and nothing else."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from commands.catalogue import Catalogue, Documents, Settings
from commands.handle import handle
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from commands.ports import Appended
from commands.shell import Shell
from domain.encoding import canonical, plain
from domain.session.commands import DenyApproval, GrantApproval
from domain.session.events import (
    ApprovalDenied,
    ApprovalRequested,
    ArgumentsChecked,
    CallFailed,
    CallSucceeded,
    Limits,
    SessionEvent,
    VerdictReached,
)
from domain.session.state import Asking, Ended, Session
from ops.evaluation.performing import context_of
from ops.evaluation.retail.document import ROUTES, document, grouped
from ops.evaluation.retail.expert import EXPERT, Experts
from ops.evaluation.retail.serving import RetailServer
from ops.evaluation.retail.shop import Shop
from ops.evaluation.retail.tasks import Task

API = "retail"
AT_ONCE = 10
LIMITS = Limits(steps=100, parallel_steps=1)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Say what became of a task.

    ``equal``: the final database is the expert's. ``wrong_writes`` reached the shop though the expert makes no such
    call. ``asked``, ``refused`` count a human's answers; ``decisions`` the verdicts, ``problems`` what was sent back
    because the arguments made no request. ``first`` says of each step what became of the call that was proposed first.
    """

    case: str
    session: str
    status: str
    equal: bool
    asked: int
    refused: int
    decisions: dict[str, int]
    problems: int
    writes: int
    wrong_writes: int
    answer: str = ""
    first: tuple[str, ...] = ()


@dataclass
class Desk:
    """Hold the shell and everything around it that tasks are performed with."""

    shell: Shell
    documents: Documents
    server: RetailServer
    models: Experts
    database: dict[str, Any]
    url: str
    model: str = ""
    heard: defaultdict[UUID, list[SessionEvent]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        """Listen to every append."""
        self.shell.listeners.append(self._hear)

    def _hear(self, appended: Appended) -> None:
        self.heard[appended.session].extend(event.data for event in appended.events)

    async def register(self) -> None:
        """Register the shop's API."""
        catalogue, settings = Catalogue(self.shell), Settings(base_url=self.url, allow_private=True)
        await catalogue.register_document(
            self.documents, document(), context_of(self.shell), api=API, settings=settings
        )
        tools = (await catalogue.current("local")).documents[API].tools
        by_operation = {tool.operation: tool.name for tool in tools}
        self.models.names = {
            name: by_operation[f"{route.method.upper()} {route.path}"] for name, route in ROUTES.items()
        }

    async def perform(self, task: Task) -> Outcome:
        """Perform a task to its end."""
        self.models.tasks[task.id] = task
        shop = Shop(deepcopy(self.database))
        goal = Goal(text=task.goal, model=self.model or f"{EXPERT}:{task.id}", limits=LIMITS)
        session, _ = await orchestrate(self.shell, Catalogue(self.shell), goal, context_of(self.shell))
        self.server.open(str(session), shop)
        state, refused = await self._performed(task, session)
        return self._outcome(task, session, state, shop, refused)

    async def _performed(self, task: Task, session: UUID) -> tuple[Session, int]:
        refused = 0
        while True:
            state = (await drive(self.shell, session)).state
            assert state is not None, "it was just started"
            asking = next((stage for step in state.steps if isinstance(stage := step.stage, Asking)), None)
            if asking is None:
                return state, refused
            name, fine = asking.approval.id, self._is_gold(task, asking)
            refused += not fine
            answer = (
                GrantApproval(approval=name, by="human", reason="an expert would do it")
                if fine
                else DenyApproval(approval=name, by="human", reason="no expert would do it")
            )
            await handle(self.shell, session, answer, context_of(self.shell, who="human"))

    def _is_gold(self, task: Task, asking: Asking) -> bool:
        said = canonical(plain(asking.choice.arguments.value))
        return any(
            self.models.names[call.tool] == asking.choice.tool and canonical(grouped(call.tool, call.arguments)) == said
            for call in task.calls
        )

    def _outcome(self, task: Task, session: UUID, state: Session, shop: Shop, refused: int) -> Outcome:
        heard, writes = self.heard.pop(session), self.server.writes.pop(str(session))
        right = [(call.tool, canonical(call.arguments)) for call in task.calls]
        return Outcome(
            case=task.id,
            session=str(session),
            status=state.stage.status if isinstance(state.stage, Ended) else "waiting",
            equal=canonical(shop.database) == canonical(task.final),
            asked=sum(isinstance(event, ApprovalRequested) for event in heard),
            refused=refused,
            decisions=dict(Counter(event.decision for event in heard if isinstance(event, VerdictReached))),
            problems=sum(isinstance(event, ArgumentsChecked) and bool(event.problems) for event in heard),
            writes=len(writes),
            wrong_writes=sum((write.tool, canonical(write.arguments)) not in right for write in writes),
            answer=state.stage.text if isinstance(state.stage, Ended) else "",
            first=tuple(_fate(f"call-{step.number}-1", heard) for step in state.steps),
        )


def _fate(call: str, heard: Sequence[SessionEvent]) -> str:
    """Say what became of a call: the last that its events tell."""
    fate = "not proposed"
    for event in heard:
        match event:
            case ArgumentsChecked(problems=problems) if event.call == call and problems:
                fate = "sent back: it made no request"
            case VerdictReached(decision="deny") if event.call == call:
                fate = "denied by the policy"
            case ApprovalDenied() if event.approval.endswith(call):
                fate = "refused by the human"
            case CallFailed() if event.call == call:
                fate = "refused by the shop"
            case CallSucceeded() if event.call == call:
                fate = "done"
            case _:
                pass
    return fate
