"""Keep what runs may cost: `prices`, `budgets`."""

from decimal import Decimal
from pathlib import Path
from typing import get_args

import click
import msgspec

from commands.balances import AccountShown, Line, SessionBudget, account_shown, session_budget
from commands.budgets import list_accounts, set_limits, show_account
from commands.prices import ListedPrices, activate_prices, find_prices, list_prices, register_prices
from domain.budget.amounts import MOST, Ceilings
from domain.budget.events import Period
from domain.budget.prices import MILLION, PriceList, WrittenPrices, money
from domain.errors import Invalid, NotFound
from ops.cli.output import count, result, table
from ops.cli.reach import context, core, session_id
from ops.cli.verb import verb

AMOUNT = click.IntRange(0, MOST)


@click.group()
def prices() -> None:
    """Keep price lists, and say by which one sessions are charged."""


@verb(prices)
@click.argument("file")
async def add(file: str) -> None:
    """Check a price list, a JSON file, and keep it as a new revision; nothing is charged by it yet."""
    written = _read(file)
    async with core() as opened:
        done = await register_prices(opened.catalogue, opened.shell, written, context(opened))
    result(done, lambda: f"{done.name}: revision {done.digest[:12]} is kept; `reprise prices activate {done.name}`")


def _read(file: str) -> WrittenPrices:
    try:
        return msgspec.json.decode(Path(file).read_bytes(), type=WrittenPrices)
    except OSError as fault:
        raise NotFound(f"Expected a price list in {file}, but it cannot be read: {fault.strerror}.") from fault
    except msgspec.MsgspecError as fault:
        raise Invalid(
            f'Expected {{"name", "currency", "models": [{{"model", "input_per_million", "output_per_million"}}], '
            f'"tools": [{{"tool", "per_call"}}]}} in {file}, but {fault}.'
        ) from fault


@verb(prices)
@click.argument("name")
@click.option("--digest", default="", help="Which revision, by eight characters of its digest or more; the newest.")
@click.option("--reason", required=True, help="Why these prices are to be in force.")
async def activate(name: str, digest: str, reason: str) -> None:
    """Charge sessions that start from now on by a revision of a list."""
    async with core() as opened:
        done = await activate_prices(opened.catalogue, opened.shell, name, digest, reason, context(opened))
    result(done, lambda: f"{done.name} is in force, revision {done.digest[:12]}, for sessions that start from now on")


@verb(prices, "list")
async def list_lists() -> None:
    """List all price lists."""
    async with core() as opened:
        found = await list_prices(opened.catalogue, "local")
    result(found, lambda: table(["name", "revisions", "in force"], map(_listed, found)))


def _listed(each: ListedPrices) -> list[str]:
    return [each.name, ", ".join(digest[:12] for digest in each.revisions), each.active[:12]]


@verb(prices)
@click.argument("name")
@click.option("--digest", default="", help="Which revision; the newest if not said.")
async def show(name: str, digest: str) -> None:
    """Show the prices of a list."""
    async with core() as opened:
        found = await find_prices(opened.catalogue, opened.shell, "local", name, digest)
    result({**msgspec.structs.asdict(found), "digest": found.digest}, lambda: _priced(found))


def _priced(found: PriceList) -> str:
    models = [
        (each.model, _money(each.tokens_in, found.currency), _money(each.tokens_out, found.currency))
        for each in found.models
    ]
    tools = [(each.tool, _money(each.call, found.currency)) for each in found.tools]
    parts = [table(["model", "in, a million tokens", "out"], models)] if models else []
    return "\n\n".join([*parts, *([table(["tool", "each attempt"], tools)] if tools else [])])


@click.group()
def budgets() -> None:
    """Limit what a tenant and its users spend, and see what was spent."""


@verb(budgets, "set")
@click.argument("account")
@click.option("--money", "amount", help="Money, as a decimal such as 25.00.")
@click.option("--currency", default="", help="Its currency's code, such as EUR.")
@click.option("--tokens", type=AMOUNT, help="Tokens, of questions and answers together.")
@click.option("--model-calls", type=AMOUNT)
@click.option("--tool-calls", type=AMOUNT)
@click.option("--steps", type=AMOUNT)
@click.option("--wall-ms", type=AMOUNT, help="The times of all sessions, summed up, in milliseconds.")
@click.option("--period", type=click.Choice(get_args(Period)), default="total", show_default=True)
@click.option("--reason", required=True, help="Why; it is kept with the limits.")
async def set_account(
    account: str, amount: str | None, currency: str, period: Period, reason: str, **limits: int | None
) -> None:
    """Give the account `tenant` or `user:NAME` these limits in place of those it had; without any it has none."""
    ceilings = Ceilings(money=money(amount, MOST) if amount is not None else None, **limits)
    async with core() as opened:
        done = await set_limits(
            opened.catalogue,
            opened.shell,
            account=account,
            limits=ceilings,
            period=period,
            currency=currency,
            reason=reason,
            context=context(opened),
        )
    shown = account_shown(done.account)
    result(shown, lambda: _account(shown))


@verb(budgets, "list")
async def list_all() -> None:
    """List all accounts that were given limits."""
    async with core() as opened:
        found = await list_accounts(opened.catalogue, opened.shell, "local")
    shown = [account_shown(each) for each in found]
    result(shown, lambda: "\n\n".join(map(_account, shown)) or "No account has limits: `reprise budgets set tenant …`")


@verb(budgets, "show")
@click.argument("name", metavar="ACCOUNT|SESSION")
async def show_one(name: str) -> None:
    """Show what an account has paid, or what a session has spent and may still spend."""
    async with core() as opened:
        if name == "tenant" or name.startswith("user:"):
            found = await show_account(opened.catalogue, opened.shell, "local", name)
            shown: AccountShown | SessionBudget = account_shown(found.account)
        else:
            session = session_id(name)
            state = (await opened.shell.load(session)).state
            if state is None:
                raise NotFound(f"Expected a session that exists, but there is none with the id {session}.")
            shown = session_budget(state)
    result(shown, lambda: _account(shown) if isinstance(shown, AccountShown) else _session(shown))


def _account(shown: AccountShown) -> str:
    since = f", since {shown.since}" if shown.since else ""
    held = f"{count(shown.sessions, 'session')} hold what is reserved"
    period = "in total" if shown.period == "total" else f"each {shown.period}"
    return f"{shown.account}: {period}{since}; {held}\n{_table(shown.lines, shown.currency)}"


def _session(shown: SessionBudget) -> str:
    lines = [_table(shown.lines, shown.currency)]
    if shown.accounts:
        lines.append(f"paid by {' and '.join(shown.accounts)}")
    lines += [f"\n{each.agent}, by its own limits\n{_table(each.lines, shown.currency)}" for each in shown.agents]
    if shown.waits_for:
        lines.append(f"waits for {shown.waits_for}: `reprise budgets set`, then `reprise sessions resume`")
    return "\n".join(lines)


def _table(lines: tuple[Line, ...], currency: str) -> str:
    rows = [
        [each.unit if each.kind != "money" else "money", *(_amount(each, part, currency) for part in AMOUNTS)]
        for each in lines
    ]
    return table(["", *AMOUNTS], rows)


AMOUNTS = ("spent", "reserved", "left", "limit")


def _amount(line: Line, part: str, currency: str) -> str:
    amount: int | None = getattr(line, part)
    if amount is None:
        return "-"
    return _money(amount, currency) if line.kind == "money" else f"{amount}"


def _money(millionths: int, currency: str) -> str:
    return f"{Decimal(millionths) / MILLION:f} {currency}".rstrip()
