"""Perform the cases of a dataset through the real shell, and grade what came of each."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from commands.catalogue import Catalogue, Documents, Settings
from commands.handle import handle
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from commands.ports import Appended, Dialer, DialFault, HttpRequest
from commands.shell import Shell
from domain.errors import Invalid
from domain.session.admit import open_approvals
from domain.session.commands import GrantApproval
from domain.session.events import SessionEvent
from ops.evaluation import performing
from ops.evaluation.performing import context_of
from ops.evaluation.tasks.checking import check_calls
from ops.evaluation.tasks.dataset import Case, Dataset
from ops.evaluation.tasks.gold import GOLD, GoldModels
from ops.evaluation.tasks.grading import Outcome
from ops.evaluation.tasks.outcomes import outcome_of
from ops.evaluation.tasks.rubric import judged
from ops.sample.shop import shop

API = "api"
EXECUTOR = "executor"
HUMAN = "human"
CHECK = "check"
AT_ONCE = 10


@dataclass
class Bench:
    """Hold what cases are performed with; ``misfits`` says what of a value does not fit a schema."""

    shell: Shell
    dialer: Dialer
    documents: Documents
    models: GoldModels
    dataset: Dataset
    folder: Path
    misfits: Callable[[Any, Any], Sequence[str]]
    model: str = ""
    judge: str = ""
    heard: dict[UUID, list[SessionEvent]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Listen to every append."""
        self.shell.listeners.append(self._hear)

    def _hear(self, appended: Appended) -> None:
        self.heard.setdefault(appended.session, []).extend(event.data for event in appended.events)

    async def perform(self, case: Case) -> Outcome:
        """Perform a case to its end; a human grants whatever is asked."""
        self.models.cases[case.id] = case
        async with self._registered(case.id) as url:
            goal = Goal(text=case.goal, model=self.model or f"{GOLD}:{case.id}")
            if case.tools:
                await Catalogue(self.shell).patch_agent(
                    EXECUTOR, {"tools": case.tools}, context_of(self.shell, case.id)
                )
            session, _ = await orchestrate(self.shell, Catalogue(self.shell), goal, context_of(self.shell, case.id))
            await self._performed(case, session)
            found = {where: await self._read(url, where) for where in case.state}
        outcome = outcome_of(case, str(session), self.heard.pop(session, []), self.misfits, found)
        return await judged(self.models, self.judge, case, outcome) if self.judge else outcome

    async def check(self) -> None:
        """Raise Invalid where cases expect what no session can do."""
        async with self._registered(CHECK):
            await check_calls(self.shell, self.dataset, CHECK, API)

    @asynccontextmanager
    async def _registered(self, tenant: str) -> AsyncIterator[str]:
        """Yield where the API is, registered for a tenant."""
        async with self._api() as (document, url):
            settings, context = Settings(base_url=url, allow_private=self._private), context_of(self.shell, tenant)
            await Catalogue(self.shell).register_document(self.documents, document, context, api=API, settings=settings)
            yield url

    @property
    def _private(self) -> bool:
        return self.dataset.allow_private or not self.dataset.document

    @asynccontextmanager
    async def _api(self) -> AsyncIterator[tuple[bytes, str]]:
        if self.dataset.document:
            yield self._document(), self.dataset.base_url
            return
        async with shop() as running:
            yield json.dumps(running.document()).encode(), running.url

    def _document(self) -> bytes:
        file = self.folder / self.dataset.document
        try:
            return file.read_bytes()
        except OSError as fault:
            raise Invalid(f"Expected the document of {self.dataset.name} in {file}: {fault}.") from fault

    async def _performed(self, case: Case, session: UUID) -> None:
        while True:
            state = (await drive(self.shell, session)).state
            assert state is not None, "it was just started"
            asked = open_approvals(state)
            if not asked:
                return
            grant = GrantApproval(approval=asked[0][0].id, by=HUMAN, reason="evaluation")
            await handle(self.shell, session, grant, context_of(self.shell, case.id, HUMAN))

    async def _read(self, url: str, where: str) -> Any:
        request = HttpRequest(method="GET", url=f"{url}{where}", origin=url, allow_private=self._private)
        try:
            return json.loads((await self.dialer.send(request)).body)
        except (DialFault, ValueError):
            return None


async def performed(bench: Bench, progress: Callable[[int, int], None]) -> list[Outcome]:
    """Perform all cases, some at once, in their order; raise Invalid before any where one cannot be met."""
    await bench.check()
    cases = bench.dataset.cases
    return await performing.performed(bench.perform, cases, lambda done: progress(done, len(cases)), AT_ONCE)
