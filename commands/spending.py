"""Draw on the accounts that pay for a session, and settle with them in the end.

Unlike a breaker an account is exact: what it hands over stands in its own stream and in the session's, in one append,
so that neither a crash nor a second worker hands it over twice.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

from commands.accounts import account_stream
from commands.claiming import owed
from commands.handle import Draft, observe_with
from commands.joining import joined, unpriced
from commands.ports import LogEvent
from commands.shell import Shell, to_log
from domain.budget.accounts import Account, Refusal, admit_allotment, admit_settlement, allot, as_of, reopens_at
from domain.budget.amounts import Amounts, plus
from domain.budget.events import AccountEvent, AllotmentAwaited, AllotmentGiven, AllotmentSettled
from domain.envelope import Context, fact_event
from domain.ids import derive
from domain.session.effects import EndOverdue, ReturnAllotment, TakeAllotment
from domain.session.events import (
    AllotmentReceived,
    AllotmentRefused,
    AllotmentReturned,
    SessionResumed,
    TimeRanOut,
)
from domain.session.means import missing, settlement
from domain.session.metering import may_settle, waits_for_people
from domain.session.state import Meter, Session, Wanted

SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=5)


async def take_allotment(shell: Shell, session: UUID, state: Session, effect: TakeAllotment) -> None:
    """Have the session's accounts hand over what is needed, or record that they have not got it."""

    if state.paused and not state.ended:
        await _reopen(shell, session, effect)
        return
    if await join(shell, session, state):
        return

    async def draft(now: Session | None, context: Context) -> Draft | None:
        due = owed(now, effect, context.at)
        if now is None or due is None or not now.meter or not now.meter.wanted:
            return None
        accounts = [(as_of(account, context.at), version) for account, version in await _accounts(shell, now)]
        amounts = await _handed_over(shell, now, now.meter, now.meter.wanted, [account for account, _ in accounts])
        if isinstance(amounts, Refusal):
            return _refused(now, now.meter, due, amounts, accounts, context)
        allotment = f"{now.id}-{now.meter.allotments + 1}"
        given = []
        for account, version in accounts:
            whole = plus(amounts, now.meter.allotted) if account.name in now.meter.joining else amounts
            event = AllotmentGiven(account=account.name, session=now.id, allotment=allotment, amounts=whole)
            admit_allotment(account, event)
            if not whole.nothing:  # another call gave back what was wanted
                given.append((event, version))
        return Draft(fact=AllotmentReceived(allotment=allotment, amounts=amounts), beside=_rows(now, given, context))

    async with shell.accounts.held(state.tenant, state.charged.accounts):
        await observe_with(shell, session, draft)


async def _handed_over(
    shell: Shell, state: Session, meter: Meter, wanted: Wanted, accounts: Sequence[Account]
) -> Amounts | Refusal:
    """Return what accounts hand over for what is wanted, or why nothing."""
    if reason := await unpriced(shell, state, accounts):
        limited = next(each.name for each in accounts if each.limits.money is not None)
        return Refusal(account=limited, reason=reason, passing=False)
    needed = missing(state, wanted.needed)
    return allot(accounts, state.id, needed, state.charged.kinds, joining=meter.joining, held=meter.allotted)


async def join(shell: Shell, session: UUID, state: Session) -> bool:
    """Record that limits hold for a session which were set since it began; tell whether there were any."""
    if await joined(shell, state) is None:
        return False

    async def draft(now: Session | None, _: Context) -> Draft | None:
        fact = await joined(shell, now) if now else None
        return Draft(fact=fact) if fact else None

    await observe_with(shell, session, draft)
    return True


async def _reopen(shell: Shell, session: UUID, effect: TakeAllotment) -> None:
    """Let a session go on that was paused until another period of its account begins."""

    async def draft(now: Session | None, context: Context) -> Draft | None:
        due = waits_for_people(now) and owed(now, effect, context.at)
        return Draft(fact=SessionResumed(reason="another period of its account has begun")) if due else None

    await observe_with(shell, session, draft)


async def return_allotment(shell: Shell, session: UUID, state: Session, effect: ReturnAllotment) -> None:
    """Tell the session's accounts what was spent; they take the rest back."""

    async def draft(now: Session | None, context: Context) -> Draft | None:
        if now is None or not owed(now, effect, context.at):
            return None
        spent = settlement(now)
        accounts = await _accounts(shell, now)
        settled = [
            (AllotmentSettled(account=account.name, session=now.id, spent=spent), version)
            for account, version in accounts
            if not (now.meter and account.name in now.meter.joining)
        ]
        for event, _ in settled:
            admit_settlement(next(account for account, _ in accounts if account.name == event.account), event)
        return Draft(fact=AllotmentReturned(spent=spent), beside=_rows(now, settled, context))

    async with shell.accounts.held(state.tenant, state.charged.accounts):
        await observe_with(shell, session, draft)


async def end_overdue(shell: Shell, session: UUID, effect: EndOverdue) -> None:
    """Record that the time for the whole session is over."""

    async def draft(now: Session | None, context: Context) -> Draft | None:
        return Draft(fact=TimeRanOut()) if owed(now, effect, context.at) else None

    await observe_with(shell, session, draft)


async def _accounts(shell: Shell, state: Session) -> list[tuple[Account, int]]:
    loaded = [await shell.accounts.load(state.tenant, name) for name in state.charged.accounts]
    return [(each.account, each.version) for each in loaded]


def _refused(
    state: Session,
    meter: Meter,
    effect: TakeAllotment,
    refusal: Refusal,
    accounts: Sequence[tuple[Account, int]],
    context: Context,
) -> Draft:
    """Wait while others hold what is needed, ever longer; without that until the account has more, which it is told.

    Who waits gives back what it holds: sessions that each wait for what the others hold would wait for ever.
    """
    tries = meter.wanted.tries if meter.wanted else 0
    wait = min(SHORTEST_WAIT * 2 ** min(tries, 16), LONGEST_WAIT)
    account, _ = next(each for each in accounts if each[0].name == refusal.account)
    fact = AllotmentRefused(
        call=effect.call,
        attempt=effect.attempt,
        account=refusal.account,
        reason=refusal.reason,
        retry_at=context.at + wait if refusal.passing else None,
        reopens_at=None if refusal.passing else reopens_at(account, context.at),
    )
    if state.ended:
        return Draft(fact=fact)
    settles, spent = may_settle(state), settlement(state)
    events: list[tuple[AccountEvent, int]] = []
    for each, version in accounts:
        if settles:  # so that it is charged to this period too
            events.append((AllotmentSettled(account=each.name, session=state.id, spent=spent), version))
        waits = each.name == account.name and not refusal.passing
        if waits and (settles or state.id not in account.waiting):
            events.append((AllotmentAwaited(account=each.name, session=state.id), version + settles))
    rows = _rows(state, events, context)
    if not settles:
        return Draft(fact=fact, beside=rows)
    return Draft(fact=AllotmentReturned(spent=spent), beside=rows, follow=lambda _: fact)


def _rows(state: Session, events: Sequence[tuple[AccountEvent, int]], context: Context) -> list[LogEvent]:
    """Return the accounts' side of an append; its command id stands on the session's."""
    rows: list[LogEvent] = []
    for index, (event, version) in enumerate(events, 1):
        beside = replace(context, command_id=derive(context.command_id, "account", event.account))
        stream = account_stream(state.tenant, event.account)
        rows += to_log(stream, version, [fact_event(event, beside, index=index)])
    return rows
