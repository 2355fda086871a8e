"""Keep the accounts that pay for sessions: set their limits, show them, and pin them to a session that starts."""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import msgspec
from msgspec.structs import replace

from commands.accounts import account_stream, fold_account
from commands.catalogue import Catalogue
from commands.handle import handle
from commands.joining import limited_kinds, paying_for
from commands.ports import LogNotification
from commands.shell import Shell
from domain.budget.accounts import Account, admit_limits, as_of
from domain.budget.amounts import Ceilings
from domain.budget.events import AccountLimited, Period
from domain.catalog.state import Catalog
from domain.envelope import Context
from domain.errors import NotFound, NotPossible, Refused
from domain.ids import derive
from domain.session.commands import ResumeSession
from domain.session.events import Budget, Limits
from domain.session.metering import waits_for_people


class SetAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Say what changed: the account as it stands now, at which version of its stream and which position of the log."""

    account: Account
    version: int
    position: int


async def set_limits(
    catalogue: Catalogue,
    shell: Shell,
    *,
    account: str,
    limits: Ceilings,
    period: Period,
    currency: str,
    reason: str,
    context: Context,
) -> SetAccount:
    """Give an account limits in place of those it had; they hold for sessions that run, before they spend more.

    Sessions that the account had paused go on, and are paused again where it has still too little.
    """
    event = AccountLimited(
        account=account, limits=limits, period=period, currency=currency, by=context.actor.id, reason=reason
    )

    def decide(rows: Sequence[LogNotification]) -> Sequence[AccountLimited]:
        admit_limits(fold_account(account, rows), event, context.at)
        return [event]

    stream = account_stream(context.tenant, account)
    written = await catalogue.append(stream, context, decide)
    known = await shell.accounts.load(context.tenant, account)
    for session in known.account.waiting:
        await _go_on(shell, UUID(session), f"{account} got other limits: {reason}", context)
    return SetAccount(account=as_of(known.account, context.at), version=written.version, position=written.position)


async def _go_on(shell: Shell, session: UUID, reason: str, context: Context) -> None:
    """Let a session go on that is paused because an account had too little left."""
    if waits_for_people((await shell.load(session)).state):
        resumes = replace(context, command_id=derive(context.command_id, "resume", str(session)))
        with suppress(Refused):  # somebody else let it go on, or cancelled it, just now
            await handle(shell, session, ResumeSession(reason=reason), resumes)


async def show_account(catalogue: Catalogue, shell: Shell, tenant: str, name: str) -> SetAccount:
    """Return an account as it stands now; raise NotFound where no limits were ever set."""
    known = (await catalogue.current(tenant)).accounts
    if name not in known:
        raise NotFound(f"Expected an account with limits, out of {', '.join(known) or 'none'}, but got {name[:100]!r}.")
    loaded = await shell.accounts.load(tenant, name)
    return SetAccount(account=as_of(loaded.account, shell.clock.now()), version=loaded.version, position=0)


async def list_accounts(catalogue: Catalogue, shell: Shell, tenant: str) -> list[Account]:
    """Return every account of a tenant that was given limits, by its name."""
    names = sorted((await catalogue.current(tenant)).accounts)
    return [(await show_account(catalogue, shell, tenant, name)).account for name in names]


async def pinned_budget(
    shell: Shell, tenant: str, catalog: Catalog, user: str, limits: Limits, models: Sequence[str]
) -> Budget | None:
    """Return what a session is charged by and who pays, None for nothing and nobody.

    Raises NotPossible where the session could not be held to its limits.
    """
    paying = paying_for(catalog, user)
    kinds = limited_kinds(paying)
    currencies = {each.currency for each in paying if each.limits.money is not None}
    if limits.money is not None or currencies:
        await _check_prices(shell, tenant, catalog, models, currencies)
    if not (catalog.prices.digest or paying):
        return None
    return Budget(
        prices=catalog.prices.digest,
        currency=catalog.prices.currency,
        accounts=tuple(each.account for each in paying),
        kinds=kinds,
    )


async def _check_prices(
    shell: Shell, tenant: str, catalog: Catalog, models: Sequence[str], currencies: set[str]
) -> None:
    known = catalog.prices
    if not known.digest:
        raise NotPossible("Expected prices, for money is limited, but no price list is in force: activate one.")
    others = ", ".join(sorted(currencies - {known.currency}))
    if others:
        raise NotPossible(
            f"Expected limits and prices in one currency, but the prices in force are in {known.currency} and there "
            f"are limits in {others}: bring them together."
        )
    prices = await shell.price_list(tenant, known.digest)
    unpriced = [model for model in models if prices.of_model(model) is None]
    if unpriced:
        raise NotPossible(
            f"Expected a price for the model {unpriced[0]}, for money is limited, but the list {known.name} has none: "
            "add one and activate it, or take another model."
        )
