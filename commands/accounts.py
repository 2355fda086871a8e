"""Read accounts from the log, each folded once a process and then only what was added."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import msgspec

from commands.ports import EventStore, LogNotification
from domain.budget.accounts import Account, evolve
from domain.budget.events import AccountEvent
from domain.errors import Divergence
from domain.ids import named_stream
from domain.upcasting import Unknown, read


class LoadedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Be an account at a version of its stream, and the event that stands there."""

    account: Account
    version: int = 0
    event: UUID | None = None


def account_stream(tenant: str, name: str) -> UUID:
    """Return the stream of an account."""
    return named_stream(tenant, "account", name)


def fold_account(name: str, rows: Sequence[LogNotification]) -> Account:
    """Return the account that these events made; raises Divergence."""
    return _advanced(LoadedAccount(account=Account(name=name)), rows).account


def _advanced(known: LoadedAccount, rows: Sequence[LogNotification]) -> LoadedAccount:
    account = known.account
    for row in rows:
        event = read(row.topic, row.state)
        if isinstance(event, Unknown) or not isinstance(event.data, AccountEvent):
            # What cannot be read may be money that was handed out: then nothing more is.
            raise Divergence(
                f"Expected an event of the account {account.name}, but it is a {row.topic}: update Reprise."
            )
        account = evolve(account, event.data, event.at)
    if not rows:
        return known
    return LoadedAccount(account=account, version=rows[-1].originator_version, event=rows[-1].event_id)


class Accounts:
    """Know accounts as they stand in the log now, and let one of this process at a time write to one."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._known: dict[UUID, LoadedAccount] = {}
        self._locks: defaultdict[UUID, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def held(self, tenant: str, names: Sequence[str]) -> AsyncIterator[None]:
        """Let nobody else of this process write to accounts meanwhile; whoever wants several takes them in order."""
        async with AsyncExitStack() as stack:
            for stream in sorted(account_stream(tenant, name) for name in names):
                await stack.enter_async_context(self._locks[stream])
            yield

    async def load(self, tenant: str, name: str) -> LoadedAccount:
        """Return an account as it stands in the log now; raises Unavailable, Divergence."""
        stream = account_stream(tenant, name)
        known = self._known.get(stream) or LoadedAccount(account=Account(name=name))
        rows = await self._store.read_stream(stream, after=max(known.version - 1, 0))
        if known.version and not (rows and rows[0].event_id == known.event):
            # The log was restored and no longer has what was read last.
            known, rows = LoadedAccount(account=Account(name=name)), await self._store.read_stream(stream)
        loaded = _advanced(known, rows[1:] if known.version else rows)
        self._known[stream] = loaded
        return loaded
