"""Judge every recorded decision again by other rules, and list each that would have come out otherwise.

What was judged follows from the log alone: the session's state at the verdict, the catalogue it had pinned, and the
time and environment that were recorded. Nothing is sent and nothing is written.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from commands.judging import case_of
from commands.ports import LogNotification
from commands.shell import Shell
from domain.catalog.policies import PolicySet
from domain.errors import Divergence, NotFound
from domain.session.events import Decision, VerdictReached
from domain.session.evolve import evolve
from domain.session.outstanding import JudgeCall, outstanding
from domain.session.state import Session
from domain.upcasting import Unknown, read_session

PAGE = 2_000
MOST_SHOWN = 1_000


class Flip(msgspec.Struct, frozen=True, kw_only=True):
    """Name one decision that would have come out otherwise."""

    session_id: UUID
    version: int
    position: int
    step: int
    call: str
    tool: str
    recorded: Decision
    candidate: Decision
    recorded_rules: tuple[str, ...]
    candidate_rules: tuple[str, ...]
    reason: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Sum a backtest up: ``changes`` counts flips as ``recorded→candidate``; of the flips the first are shown.

    ``unjudged`` counts decisions whose catalogue is no longer stored whole.
    """

    policy_set: str
    decisions: int
    unjudged: int
    flipped: int
    changes: dict[str, int]
    flips: tuple[Flip, ...]
    until: int


@dataclass
class _Backtest:
    shell: Shell
    policy_set: PolicySet
    tenant: str
    sessions: dict[UUID, Session] = field(default_factory=dict)
    changes: Counter[str] = field(default_factory=Counter)
    flips: list[Flip] = field(default_factory=list)
    decisions: int = 0
    unjudged: int = 0

    async def take(self, row: LogNotification) -> None:
        """Fold one event, judging again where it is a verdict."""
        event = read_session(row.topic, row.state)
        if isinstance(event, Unknown) or event.tenant != self.tenant:
            return
        session = UUID(str(row.originator_id))
        before = self.sessions.get(session)
        if isinstance(event.data, VerdictReached) and before is not None:
            await self._judge_again(row, before, event.data)
        after = evolve(before, event.data, event.at)
        if after is None or (after.ended and not after.letters):
            self.sessions.pop(session, None)
        else:
            self.sessions[session] = after

    async def _judge_again(self, row: LogNotification, state: Session, recorded: VerdictReached) -> None:
        effect = next((each for each in outstanding(state) if _judges(each, recorded.call)), None)
        if not isinstance(effect, JudgeCall):
            return  # recorded, but waited for by nobody: it decided nothing
        self.decisions += 1
        try:
            catalog = await self.shell.snapshot(state.tenant, state.catalog)
        except (NotFound, Divergence):
            self.unjudged += 1
            return
        ruling = self.shell.judge.judge(self.policy_set, case_of(state, catalog, effect, recorded.environment))
        if ruling.decision == recorded.decision:
            return
        self.changes[f"{recorded.decision}→{ruling.decision}"] += 1
        if len(self.flips) < MOST_SHOWN:
            step = state.step_awaiting(recorded.call)
            self.flips.append(
                Flip(
                    session_id=UUID(str(row.originator_id)),
                    version=row.originator_version,
                    position=row.id,
                    step=step.number if step else 0,
                    call=recorded.call,
                    tool=effect.choice.tool,
                    recorded=recorded.decision,
                    candidate=ruling.decision,
                    recorded_rules=recorded.rules,
                    candidate_rules=ruling.rules,
                    reason=ruling.reason,
                )
            )


def _judges(effect: object, call: str) -> bool:
    return isinstance(effect, JudgeCall) and effect.choice.call == call


async def backtest(
    shell: Shell, tenant: str, policy_set: PolicySet, progress: Callable[[int, int], None] = lambda *_: None
) -> Report:
    """Judge all decisions of a tenant that are recorded by now again; raise Invalid where the set cannot be used."""
    shell.judge.check(policy_set)
    run, head = _Backtest(shell=shell, policy_set=policy_set, tenant=tenant), await shell.store.head()
    async for page in _pages(shell, head):
        for row in page:
            await run.take(row)
        progress(page[-1].id, head)
        await asyncio.sleep(0)  # others are served meanwhile
    return Report(
        policy_set=policy_set.digest,
        decisions=run.decisions,
        unjudged=run.unjudged,
        flipped=sum(run.changes.values()),
        changes=dict(sorted(run.changes.items())),
        flips=tuple(run.flips),
        until=head,
    )


async def _pages(shell: Shell, head: int) -> AsyncIterator[list[LogNotification]]:
    after = 0
    while after < head:
        page = [row for row in await shell.store.read_log(after, PAGE) if row.id <= head]
        if not page:
            return
        yield page
        after = page[-1].id
