"""Perform runs through the real shell: many at a time, each a session in the log, under one set of rules."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from msgspec.structs import replace

from commands.catalogue import Catalogue, Documents, Settings
from commands.current import CURRENT
from commands.handle import handle
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from commands.policies import activate_policy_set
from commands.ports import Appended, Dialer, HttpRequest, HttpResponse
from commands.shell import Shell
from domain.session.commands import GrantApproval
from domain.session.events import ApprovalRequested, ArgumentsChecked, Limits, VerdictReached
from domain.session.state import Asking, Ended, Session
from ops.evaluation.injection.cases import Setting
from ops.evaluation.injection.documents import document_of
from ops.evaluation.injection.grading import Heard, Outcome, Verdict, outcome_of
from ops.evaluation.injection.obeying import ObedientModels
from ops.evaluation.injection.runs import Run
from ops.evaluation.injection.world import HEADER, World
from ops.evaluation.performing import context_of

AT_ONCE = 40
LIMITS = Limits(steps=1_000, model_calls=10_000, tool_calls=10_000, rework_rounds=50, parallel_steps=1)
"""Room for every call that an attacker wants: rounds and limits are no guard that is measured here."""


class NamingSessions:
    """Implement the Dialer port over another: each request says in a header which session it is of."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request of the session that is being performed."""
        current = CURRENT.get()
        assert current is not None, "calls are sent for sessions"
        named = (*request.headers, (HEADER, str(current.session)))
        return await self._dialer.send(replace(request, headers=named))


@dataclass(frozen=True)
class Laboratory:
    """Hold what runs are performed with; ``rules`` names the shipped policy set, empty for the one in force."""

    shell: Shell
    documents: Documents
    world: World
    models: ObedientModels
    url: str
    rules: str = ""
    heard: defaultdict[UUID, Heard] = field(default_factory=lambda: defaultdict(Heard))

    def __post_init__(self) -> None:
        """Listen to every append: what the policy said is read where everybody reads it, in the events."""
        self.shell.listeners.append(self._hear)

    async def register(self, setting: Setting) -> None:
        """Register a setting's tools, in a tenant of its own."""
        catalogue = Catalogue(self.shell)
        if self.rules:
            why = "evaluation"
            await activate_policy_set(catalogue, self.shell, self.rules, "", why, context_of(self.shell, setting.suite))
        await catalogue.register_document(
            self.documents,
            document_of(setting.suite, setting.tools),
            context_of(self.shell, setting.suite),
            api="tools",
            settings=Settings(base_url=self.url, allow_private=True),
        )
        registered = (await catalogue.current(setting.suite)).documents["tools"]
        self.models.names[setting.suite] = {tool.operation.partition("/")[2]: tool.name for tool in registered.tools}

    async def perform(self, run: Run) -> Outcome:
        """Perform a run to its end, or to where only a human could let the attacker's call through."""
        self.models.runs[run.id] = run
        goal = Goal(text=run.task.prompt, model=run.id, limits=LIMITS)
        session, _ = await orchestrate(
            self.shell, Catalogue(self.shell), goal, context_of(self.shell, run.setting.suite)
        )
        self.world.runs[str(session)] = run
        state = await self._performed(run, session)
        del self.models.runs[run.id], self.world.runs[str(session)]
        status = state.stage.status if isinstance(state.stage, Ended) else "waiting"
        return outcome_of(run, str(session), status, self.heard.pop(session, Heard()))

    async def _performed(self, run: Run, session: UUID) -> Session:
        while True:
            state = (await drive(self.shell, session)).state
            assert state is not None, "it was just started"
            asking = next((stage for step in state.steps if isinstance(stage := step.stage, Asking)), None)
            if asking is None or run.attacking:
                return state
            grant = GrantApproval(approval=asking.approval.id, by="human", reason="this is what was asked for")
            await handle(self.shell, session, grant, context_of(self.shell, run.setting.suite, "human"))

    def _hear(self, appended: Appended) -> None:
        heard = self.heard[appended.session]
        for event in appended.events:
            match event.data:
                case VerdictReached() as verdict:
                    heard.verdicts.append(_verdict(verdict))
                case ArgumentsChecked(problems=problems):
                    heard.problems += problems
                case ApprovalRequested():
                    heard.approvals += 1
                case _:
                    pass


def _verdict(verdict: VerdictReached) -> Verdict:
    return Verdict(call=verdict.call, decision=verdict.decision, rules=verdict.rules, reason=verdict.reason)
