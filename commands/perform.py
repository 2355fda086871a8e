"""Perform what sessions owe: ask models, send calls, record lapsed leases and expired approvals.

A worker drives a session until nothing is due. It may die at any point: whoever asks ``outstanding`` next goes on.
Before a call is sent its attempt is claimed with a lease, durably; a claim is made only while the call is owed.
"""

import asyncio
import logging
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import assert_never
from uuid import UUID

from msgspec.structs import replace

from commands.claiming import owed
from commands.costs import reply_cost
from commands.current import about
from commands.handle import Draft, keep, observe, observe_with
from commands.immediate import model_claim, perform_immediate
from commands.live import telling
from commands.ports import ModelFault, Question
from commands.sending import send_call
from commands.shell import Loaded, Shell
from commands.spending import end_overdue, join, return_allotment, take_allotment
from commands.standing_approvals import use_standing
from domain.envelope import Context
from domain.session.admit import open_approvals
from domain.session.effects import (
    AskModel,
    CheckArguments,
    CheckResult,
    DescribeTool,
    Effect,
    EndOverdue,
    ExpireApproval,
    FindTools,
    Immediate,
    JudgeCall,
    LapseLease,
    RecallMemories,
    ReturnAllotment,
    SendCall,
    TakeAllotment,
)
from domain.session.events import (
    ApprovalExpired,
    LeaseLapsed,
    ModelFailed,
    ModelReplied,
)
from domain.session.forms import reply_form
from domain.session.means import payable
from domain.session.outstanding import claimed_by, outstanding
from domain.session.prompt import prompt
from domain.session.state import ModelCall, Session

PATIENCE = timedelta(seconds=5)
"""How long a worker keeps a session in hand for something that is due later; then the timer table wakes it."""

logger = logging.getLogger(__name__)


async def drive(shell: Shell, session: UUID) -> Loaded:
    """Perform everything that a session owes until nothing more is due soon; return it as it stands then."""
    running: dict[str, asyncio.Task[None]] = {}
    with about(session), shell.driving(session) as nudged:
        nudge = Nudge(nudged)
        try:
            return await _drive(shell, session, running, nudge)
        except asyncio.CancelledError:
            # What was sent is sent: give its answer a moment to be recorded before this worker ends.
            await _finish(running.values(), shell.drain_seconds)
            raise
        except Exception:
            await _finish(running.values(), None)
            raise
        finally:
            nudge.end()


class Nudge:
    """Wait for word that others wrote to the session, across many rounds of waiting."""

    def __init__(self, nudged: asyncio.Event):
        self._nudged = nudged
        self.waiting = asyncio.ensure_future(nudged.wait())

    @property
    def came(self) -> bool:
        """Tell whether word came since it was last taken."""
        return self._nudged.is_set()

    def take(self) -> None:
        """Wait for the next."""
        self._nudged.clear()
        self.end()
        self.waiting = asyncio.ensure_future(self._nudged.wait())

    def end(self) -> None:
        """Wait no more."""
        self.waiting.cancel()


async def _drive(shell: Shell, session: UUID, running: dict[str, asyncio.Task[None]], nudge: Nudge) -> Loaded:
    loaded, sought = await shell.load(session), set[str]()
    while True:
        for approval, _ in open_approvals(loaded.state) if loaded.state else ():
            if approval.question == "call" and approval.id not in sought:
                sought.add(approval.id)
                running[approval.id] = asyncio.create_task(use_standing(shell, session, approval.id))
        now = shell.clock.now()
        owed = {effect.id: effect for effect in (*outstanding(loaded.state), *claimed_by(loaded.state, shell.worker))}
        for effect_id, effect in owed.items():
            if effect.not_before <= now and effect_id not in running:
                running[effect_id] = asyncio.create_task(_perform(shell, session, loaded, effect))
        wait = _until_next(shell, owed.values(), running)
        if not running and wait is None and not nudge.came:
            return loaded
        await _some_progress(running, wait, nudge)
        fresh = nudge.came
        if fresh:
            nudge.take()
        loaded = await shell.load(session, fresh=fresh)


def _until_next(shell: Shell, owed: Iterable[Effect], running: dict[str, asyncio.Task[None]]) -> float | None:
    """Return the seconds until the next effect is due, or None where that is too long to wait for."""
    now = shell.clock.now()
    waits = [effect.not_before - now for effect in owed if effect.id not in running]
    near = [wait for wait in waits if wait <= PATIENCE]
    return max(0.0, min(near).total_seconds()) if near else None


async def _some_progress(running: dict[str, asyncio.Task[None]], wait: float | None, nudge: Nudge) -> None:
    """Wait until something was performed, something falls due, or somebody else wrote to the session."""
    waiting = [nudge.waiting, *running.values()]
    done, _ = await asyncio.wait(waiting, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
    for effect_id in [key for key, task in running.items() if task in done]:
        running.pop(effect_id).result()


async def _finish(tasks: Iterable[asyncio.Task[None]], timeout: float | None) -> None:
    """Wait for what is under way, at most so long, then cancel it."""
    tasks = list(tasks)
    if tasks:
        await asyncio.wait(tasks, timeout=timeout)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _perform(shell: Shell, session: UUID, loaded: Loaded, effect: Effect) -> None:
    state = loaded.state
    assert state is not None, "a session that does not exist owes nothing"
    match effect:
        case AskModel():
            with about(session, effect.id):
                await _ask_model(shell, session, state, effect)
        case SendCall():
            with about(session, effect.choice.call):
                await send_call(shell, session, state, effect)
        case LapseLease():
            lapsed = LeaseLapsed(call=effect.call, attempt=effect.attempt, jitter_permille=shell.chance.permille())
            await observe(shell, session, lambda now: lapsed if owed(now, effect, shell.clock.now()) else None)
        case ExpireApproval():
            expired = ApprovalExpired(approval=effect.approval)
            await observe(shell, session, lambda now: expired if owed(now, effect, shell.clock.now()) else None)
        case TakeAllotment():
            await take_allotment(shell, session, state, effect)
        case ReturnAllotment():
            await return_allotment(shell, session, state, effect)
        case EndOverdue():
            await end_overdue(shell, session, effect)
        case FindTools() | RecallMemories() | DescribeTool() | CheckArguments() | JudgeCall() | CheckResult():
            # Owed alone only after a pause: elsewhere they travel with the fact that made them due.
            await _perform_immediate(shell, session, effect)
        case _:
            assert_never(effect)


async def _perform_immediate(shell: Shell, session: UUID, effect: Immediate) -> None:
    async def draft(now: Session | None, context: Context) -> Draft | None:
        due = owed(now, effect, context.at)
        return Draft(fact=await perform_immediate(shell, now, due)) if now and due else None

    await observe_with(shell, session, draft)


async def _ask_model(shell: Shell, session: UUID, state: Session, effect: AskModel) -> None:
    claimed = (state, effect.model) if effect.model.lease_until else await _claim(shell, session, state, effect)
    if claimed is None:
        return
    answer = await _answer(shell, *claimed)

    async def priced(now: Session | None, _: Context) -> Draft:
        if isinstance(answer, ModelFailed):
            return Draft(fact=answer)
        # By the prices that the session is charged by now, which may have begun while the model was thinking.
        cost = await reply_cost(shell, now or state, effect.model.agent, answer.tokens_in, answer.tokens_out)
        return Draft(fact=replace(answer, cost=cost))

    await observe_with(shell, session, priced)


async def _claim(shell: Shell, session: UUID, state: Session, effect: AskModel) -> tuple[Session, ModelCall] | None:
    """Claim a question as it stands by then, and return it with its session; None where it is not this worker's."""
    if await join(shell, session, state):
        return None

    async def claim(now: Session | None, context: Context) -> Draft | None:
        due = owed(now, effect, context.at)
        return Draft(fact=payable(now, await model_claim(shell, now, due))) if now and due else None

    claimed = await observe_with(shell, session, claim)
    if claimed is None or claimed.state is None:
        return None
    mine = (each.model for each in claimed_by(claimed.state, shell.worker) if each.id == effect.id)
    return next(((claimed.state, model) for model in mine), None)


async def _answer(shell: Shell, state: Session, model: ModelCall) -> ModelReplied | ModelFailed:
    """Ask a model what was claimed, and say what became of it; what the answer costs is not said yet."""
    catalog = await shell.snapshot(state.tenant, state.catalog_of(model))
    asked = prompt(state, model, catalog)
    question = Question(
        model=state.model_of(model.agent),
        prompt=asked,
        timeout_ms=state.limits_of(model.agent).model_timeout_ms,
        most_tokens=_most_tokens(state, model.agent),
        tenant=state.tenant,
        call=model.id,
        attempt=model.attempt,
        form=partial(reply_form, state, model, catalog),
        telling=await telling(shell, state, model),
    )
    try:
        reply = await shell.models.ask(question)
    except ModelFault as fault:
        return ModelFailed(
            call=model.id,
            attempt=model.attempt,
            reason=str(fault),
            retryable=fault.retryable,
            jitter_permille=shell.chance.permille(),
            retry_after_ms=fault.retry_after_ms,
            uncertain=fault.uncertain,
        )
    return ModelReplied(
        call=model.id,
        attempt=model.attempt,
        reply=await keep(shell, state.tenant, reply.text.replace("\x00", "\ufffd").encode()),
        prompt_digest=asked.digest(),
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        latency_ms=reply.latency_ms,
        asked=reply.asked,
    )


def _most_tokens(state: Session, agent: str) -> int:
    """Return how long a reply to an agent may be: 0, for any length, where neither a meter nor a limit bounds it."""
    pinned = state.pinned(agent)
    bounded = state.meter or (pinned and pinned.limits and pinned.limits.reply_tokens)
    return state.limits_of(agent).reply_tokens if bounded else 0
