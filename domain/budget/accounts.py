"""Keep an account: what it may pay for, what it paid, and what sessions hold of it.

What was spent and what sessions hold never exceeds a limit: an allotment is only given out of what is left.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

import msgspec
from msgspec.structs import replace

from domain.budget.amounts import KINDS, MOST, Amounts, Ceilings, Kind, in_words, minus, plus
from domain.budget.events import (
    AccountEvent,
    AccountLimited,
    AllotmentAwaited,
    AllotmentGiven,
    AllotmentSettled,
    Period,
)
from domain.budget.prices import check_currency
from domain.errors import Invalid, NotPossible

TENANT = "tenant"
AT_ONCE = 10
"""A session takes this many times what it needs now, so that it need not ask for every call…"""
NOTHING = Amounts()
AT_MOST = 10
"""…but no more than this part of what is left, so that others get their share."""


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be an account at a moment; ``spent`` counts from the beginning of ``since``, the period that it is in.

    ``held`` is what each session holds; it counts against the limits as if it were spent. Sessions that are ``waiting``
    were paused, for too little was left.
    """

    name: str
    limits: Ceilings = Ceilings()
    period: Period = "total"
    currency: str = ""
    since: str = ""
    spent: Amounts = Amounts()
    reserved: Amounts = Amounts()
    held: dict[str, Amounts] = {}
    waiting: tuple[str, ...] = ()

    @property
    def taken(self) -> Amounts:
        """Return what was spent and what sessions hold."""
        return plus(self.spent, self.reserved)

    def left(self, kind: Kind) -> int:
        """Return how much of one kind may still be given."""
        limit = self.limits.of(kind)
        return MOST if limit is None else max(limit - self.taken.of(kind), 0)


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Say which account has too little of what; ``passing``: it would do if others gave back what they hold."""

    account: str
    reason: str
    passing: bool


def user_account(user: str) -> str:
    """Name the account of a user."""
    return f"user:{user}"


def evolve(account: Account, event: AccountEvent, at: datetime) -> Account:
    """Return an account after an event that happened at ``at``; total, like every evolve."""
    account = as_of(account, at)
    match event:
        case AccountLimited(limits=limits, period=period, currency=currency):
            since = account.since if period == account.period else _period(period, at)
            return replace(account, limits=limits, period=period, currency=currency or account.currency, since=since)
        case AllotmentGiven(session=session, amounts=amounts):
            held = plus(account.held.get(session, Amounts()), amounts)
            return replace(
                account,
                reserved=plus(account.reserved, amounts),
                held={**account.held, session: held},
                waiting=_without(account, session),
            )
        case AllotmentSettled(session=session, spent=spent):
            returned = account.held.get(session, Amounts())
            held_by_others = {key: amounts for key, amounts in account.held.items() if key != session}
            return replace(
                account,
                spent=plus(account.spent, spent),
                reserved=minus(account.reserved, returned),
                held=held_by_others,
                waiting=_without(account, session),
            )
        case AllotmentAwaited(session=session):
            return replace(account, waiting=(*_without(account, session), session))
        case _:
            assert_never(event)


def _without(account: Account, session: str) -> tuple[str, ...]:
    return tuple(each for each in account.waiting if each != session)


def as_of(account: Account, at: datetime) -> Account:
    """Return an account as it is at a time: with a new period nothing is spent yet, but what is held stays held."""
    since = max(_period(account.period, at), account.since)  # a clock behind does not bring an old period back
    return account if since == account.since else replace(account, since=since, spent=Amounts())


def _period(period: Period, at: datetime) -> str:
    match period:
        case "total":
            return ""
        case "month":
            return f"{at:%Y-%m}"
        case "day":
            return f"{at:%Y-%m-%d}"


def reopens_at(account: Account, at: datetime) -> datetime | None:
    """Return when the next period of an account begins, None where it has only one."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    match account.period:
        case "total":
            return None
        case "month":
            return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        case "day":
            return day + timedelta(days=1)


def admit_limits(account: Account, limited: AccountLimited, at: datetime) -> None:
    """Raise a child of Refused where an account cannot have these limits."""
    _check_form(limited)
    if account.taken.money and limited.currency not in ("", account.currency):
        raise NotPossible(
            f"Expected limits in {account.currency}, in which {account.name} has spent, but got {limited.currency!r}."
        )
    taken = as_of(account, at).taken
    for kind in limited.limits.kinds:
        limit = limited.limits.of(kind) or 0
        if limit < taken.of(kind):
            raise NotPossible(
                f"Expected a limit of at least {in_words(kind, taken.of(kind), account.currency)}, which "
                f"{account.name} has spent or handed to sessions, but got {in_words(kind, limit, limited.currency)}. "
                "With exactly that limit nothing more is given."
            )


def _check_form(limited: AccountLimited) -> None:
    if limited.account != TENANT and not limited.account.removeprefix("user:").strip():
        raise Invalid("Expected a user's name behind user:, but there is none.")
    if limited.account != TENANT and not limited.account.startswith("user:"):
        raise Invalid(f"Expected the account tenant or user:NAME, but got {limited.account[:100]!r}.")
    if not limited.reason.strip():
        raise Invalid("Expected a reason, but it is blank: say why, for it is kept with the limits.")
    for kind in limited.limits.kinds:
        limit = limited.limits.of(kind) or 0
        if not 0 <= limit <= MOST:
            raise Invalid(f"Expected a limit of {kind.replace('_', ' ')} from 0 to {MOST}, but got {limit}.")
    if limited.limits.money is not None or limited.currency:
        check_currency(limited.currency)


def allot(
    accounts: Sequence[Account],
    session: str,
    needed: Amounts,
    kinds: Sequence[Kind],
    *,
    joining: Sequence[str] = (),
    held: Amounts = NOTHING,
) -> Amounts | Refusal:
    """Return what these accounts together hand to a session that needs so much of these kinds, or why nothing.

    Those that are ``joining`` have to hand over what others did, which the session has ``held`` from before, as well.
    """
    given: dict[str, int] = {}
    for kind in kinds:
        least = MOST
        for account in accounts:
            owed = held.of(kind) if account.name in joining else 0
            if account.left(kind) < needed.of(kind) + owed:
                return _refusal(account, session, kind, needed.of(kind) + owed)
            least = min(least, account.left(kind) - owed)
        if not needed.of(kind):
            continue
        given[kind] = max(needed.of(kind), min(needed.of(kind) * AT_ONCE, least // AT_MOST))
    return Amounts(**given)


def _refusal(account: Account, session: str, kind: Kind, needed: int) -> Refusal:
    limit = account.limits.of(kind) or 0
    never_back = account.spent.of(kind) + account.held.get(session, Amounts()).of(kind)
    wanted, left = in_words(kind, needed, account.currency), in_words(kind, account.left(kind), account.currency)
    per = "" if account.period == "total" else f" a {account.period}"
    return Refusal(
        account=account.name,
        reason=(
            f"{wanted} needed, but of the limit of {in_words(kind, limit, account.currency)}{per} of the account "
            f"{account.name} only {left} are left"
        ),
        passing=limit - never_back >= needed,
    )


def admit_allotment(account: Account, given: AllotmentGiven) -> None:
    """Raise NotPossible where an account has not got what is to be given."""
    for kind in KINDS:
        if account.left(kind) < given.amounts.of(kind):
            raise NotPossible(f"Expected at most {in_words(kind, account.left(kind))} from {account.name}.")


def admit_settlement(account: Account, settled: AllotmentSettled) -> None:
    """Raise NotPossible where a session holds nothing: it settled already, or never was given anything."""
    if settled.session not in account.held:
        raise NotPossible(
            f"Expected a session that holds an allotment of {account.name}, but {settled.session} holds none."
        )
