"""Judge every recorded decision again by other rules, and list each that would have come out otherwise.

What was judged follows from the log alone: the session's state at the verdict, the catalogue it had pinned, and the
time and environment that were recorded. Nothing is sent and nothing is written.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from commands.confirming import second_question
from commands.judging import case_of, provenance_of, ruled, with_values
from commands.ports import SessionRow
from commands.shell import Shell
from domain.catalog.policies import PolicySet
from domain.errors import Divergence, NotFound, NotPossible
from domain.session.effects import Effect, JudgeCall, SendCall
from domain.session.events import Decision, VerdictReached
from domain.session.evolve import evolve
from domain.session.outstanding import outstanding
from domain.session.state import Session
from domain.upcasting import Unknown, read_session

PAGE = 1_000
"""How many positions of the log are read at once."""
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

    ``unjudged`` counts decisions whose catalogue is no longer stored whole, or whose arguments hold lost values.
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
    sessions: dict[str, Session] = field(default_factory=dict)
    changes: Counter[str] = field(default_factory=Counter)
    flips: list[Flip] = field(default_factory=list)
    decisions: int = 0
    unjudged: int = 0

    async def take(self, page: Sequence[SessionRow]) -> None:
        """Fold events, judging again where one is a verdict."""
        for row in page:
            event = read_session(row.topic, row.state)
            if isinstance(event, Unknown):
                continue
            before = self.sessions.get(row.session)
            if before is not None and isinstance(event.data, VerdictReached):
                await self._judge_again(row, before, event.data)
            self._keep(row, evolve(before, event.data, event.at))

    def _keep(self, row: SessionRow, after: Session | None) -> None:
        if after is None or (after.ended and not after.letters):
            self.sessions.pop(row.session, None)
        else:
            self.sessions[row.session] = after

    async def _judge_again(self, row: SessionRow, state: Session, recorded: VerdictReached) -> None:
        effect = next(filter(None, (_asked(effect, recorded) for effect in outstanding(state))), None)
        if effect is None:
            return  # recorded, but waited for by nobody: it decided nothing
        self.decisions += 1
        try:
            catalog = await self.shell.snapshot(state.tenant, state.catalog)
            seen = recorded.provenance or provenance_of(state, catalog, effect)
            case = case_of(state, catalog, effect, recorded.environment, seen)
            case = await with_values(self.shell, state, case)
            ruling = await ruled(self.shell, state, self.policy_set, case)
        except (NotFound, Divergence, NotPossible):
            self.unjudged += 1
            return
        if ruling.decision == recorded.decision:
            return
        self.changes[f"{recorded.decision}→{ruling.decision}"] += 1
        if len(self.flips) < MOST_SHOWN:
            step = state.step_awaiting(recorded.call)
            self.flips.append(
                Flip(
                    session_id=UUID(row.session),
                    version=row.version,
                    position=row.position,
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


def _asked(effect: Effect, recorded: VerdictReached) -> JudgeCall | None:
    """Return what a verdict was asked, if an effect waited for it: a call's first, or a later one.

    A second one of which no request could be made any more was nobody's verdict.
    """
    at, call, digest = recorded.judged_at, recorded.call, recorded.request_digest
    match effect:
        case JudgeCall() if at is None and effect.choice.call == call:
            return effect
        case SendCall() if (effect.approved or effect.ordered) and at and digest and effect.choice.call == call:
            return second_question(effect, digest, at)
        case _:
            return None


async def backtest(
    shell: Shell, tenant: str, policy_set: PolicySet, progress: Callable[[int, int], None] = lambda *_: None
) -> Report:
    """Judge all decisions of a tenant that are recorded by now again; raise Invalid where the set cannot be used."""
    shell.judge.check(policy_set)
    run, head = _Backtest(shell=shell, policy_set=policy_set), await shell.store.head()
    async for until, page in _pages(shell, tenant, head):
        await run.take(page)
        progress(until, head)
    return Report(
        policy_set=policy_set.digest,
        decisions=run.decisions,
        unjudged=run.unjudged,
        flipped=sum(run.changes.values()),
        changes=dict(sorted(run.changes.items())),
        flips=tuple(run.flips),
        until=head,
    )


async def _pages(shell: Shell, tenant: str, head: int) -> AsyncIterator[tuple[int, list[SessionRow]]]:
    """Yield page by page up to which position it is, the next one asked for while one is judged."""

    def read(after: int) -> asyncio.Task[list[SessionRow]]:
        return asyncio.create_task(shell.store.read_sessions(tenant, after, min(after + PAGE, head)))

    coming = read(0)
    try:
        for after in range(0, head, PAGE):
            page, coming = await coming, read(after + PAGE)
            await asyncio.sleep(0)  # it is asked for now, and others are served
            yield min(after + PAGE, head), page
    finally:
        coming.cancel()
