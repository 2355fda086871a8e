"""Judge a call once more when a human orders that it is sent again, by the rules in force now.

The order counts as his approval, so rules that ask are met by it, but not those that deny, nor what they demand of
whoever allows the call. A denial is recorded like any other, with who gave the order; nothing else is of a refused one.
"""

from typing import TypeAlias
from uuid import UUID

from msgspec.structs import replace

from commands.handle import observe
from commands.judging import last_seen, verdict
from commands.shell import Shell
from domain.catalog.state import Snapshot
from domain.envelope import Context
from domain.errors import Forbidden, Invalid
from domain.session.commands import ReplayDeadLetter, ReportOutcome
from domain.session.effects import JudgeCall
from domain.session.events import VerdictReached
from domain.session.proof import unmet
from domain.session.state import Calling, Open, OutcomeUnknown, Session

Order: TypeAlias = ReplayDeadLetter | ReportOutcome


async def refuse_denied(shell: Shell, session: UUID, state: Session, order: Order, context: Context) -> None:
    """Raise Forbidden or Invalid where the rules in force would not let a call be sent again by this person's order.

    An order that was carried out before is not judged: it is answered as it was.
    """
    asked = _asked(state, order)
    catalog = await shell.snapshot(state.tenant, state.catalog)
    if asked is None or catalog.tool(asked.choice.tool) is None:
        return  # nothing is going to be sent
    if await shell.store.find_command(context.tenant, context.command_id):
        return
    asked_at = shell.clock.now()
    ruled = await _ruled(shell, session, state, replace(asked, not_before=asked_at), catalog)
    if ruled.decision == "deny":
        await observe(shell, session, lambda _: replace(ruled, judged_at=asked_at, refused=order.by))
        raise Forbidden(
            f"Expected a call that the rules in force let through, but {', '.join(ruled.rules)} denies "
            f"{asked.choice.tool} by now: {ruled.reason} Change the rules, or give the call up."
        )
    failed = unmet(ruled.demands, by=order.by, requester=state.user, reason=order.reason)
    if "four-eyes" in failed:
        raise Forbidden(
            f"Expected somebody else than {state.user}, whose session made the call: a rule demands four eyes. "
            "Let another person order it."
        )
    if "reason" in failed:
        raise Invalid("Expected a reason, but it is blank: a rule demands that whoever allows this says why.")


def _asked(state: Session, order: Order) -> JudgeCall | None:
    """Return the question for the judge that an order brings up, None where it sends nothing again."""
    if isinstance(order, ReplayDeadLetter):
        letters = (each for each in state.letters if each.id == order.letter and isinstance(each.stage, Open))
        found = [(each.step, each.choice, each.request) for each in letters]
    else:
        found = [
            (step.number, step.stage.choice, step.stage.request)
            for step in state.steps
            if order.outcome == "send-again" and _in_doubt(step.stage, order.approval)
            if isinstance(step.stage, Calling)
        ]
    for number, choice, request in found:
        agent = state.steps[number - 1].plan.agent
        return JudgeCall(id=choice.call, agent=agent, choice=choice, request=request, not_before=state.updated_at)
    return None


def _in_doubt(stage: object, approval: str) -> bool:
    match stage:
        case Calling(phase=OutcomeUnknown(approval=asked)):
            return asked is not None and asked.id == approval
        case _:
            return False


async def _ruled(shell: Shell, session: UUID, state: Session, asked: JudgeCall, catalog: Snapshot) -> VerdictReached:
    if catalog.agent(asked.agent) is None:
        raise Forbidden(
            f"Expected an agent that is in the catalogue, but {asked.agent}, which chose the call, is not any more."
        )
    seen = await last_seen(shell, session, asked.choice.call)
    return await verdict(shell, state, catalog, asked, in_force=True, seen=seen)
