"""Keep what one process needs to write: the ports, and caches that may be thrown away at any moment."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from commands.accounts import Accounts
from commands.caches import Cache
from commands.catalogs import Catalogs
from commands.finding import Finder
from commands.memory.memories import Memories
from commands.ports import (
    Appended,
    Chance,
    Clock,
    ContentFilter,
    EventStore,
    Judge,
    Listener,
    Live,
    LogEvent,
    LogNotification,
    Marked,
    Models,
    Rates,
    Tools,
    Wakeups,
)
from commands.redaction import Redactor
from commands.snapshots import Snapshots
from domain.breaker import CLOSED, Breaker, BreakerSettings
from domain.budget.prices import PriceList
from domain.catalog.policies import PolicySet
from domain.catalog.state import Catalog, Snapshot
from domain.encoding import canonical, encode
from domain.envelope import Event
from domain.errors import NotPossible
from domain.session.events import PinnedAgent
from domain.session.evolve import evolve
from domain.session.state import Session
from domain.upcasting import AnyEvent, Unknown, read_session, topic_of

CACHED_SESSIONS = 2_000
CACHED_POLICIES = 50

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loaded:
    """Be a session at a version, and the event that stands there; version 0 and no state: nothing is recorded yet."""

    version: int = 0
    position: int = 0
    state: Session | None = None
    event: UUID | None = None


@dataclass
class Shell:
    """Hold the ports of one process, its caches, and one mailbox a session."""

    store: EventStore
    wakeups: Wakeups
    tools: Tools
    models: Models
    judge: Judge
    clock: Clock
    chance: Chance
    rates: Rates
    worker: str = "worker"
    environment: str = "dev"
    breaker_settings: BreakerSettings = field(default_factory=BreakerSettings)
    lease_margin_ms: int = 5_000
    drain_seconds: float = 3.0
    finder: Finder = field(default_factory=Finder)
    redactor: Redactor = field(default_factory=Redactor)
    marked: Marked | None = None
    memories: Memories | None = None
    filters: Sequence[ContentFilter] = ()
    live: Live | None = None
    listeners: list[Listener] = field(default_factory=list)
    pinned_agents: dict[str, tuple[Catalog, tuple[PinnedAgent, ...]]] = field(default_factory=dict)
    _sessions: OrderedDict[UUID, Loaded] = field(default_factory=OrderedDict)
    _mailboxes: dict[UUID, "_Mailbox"] = field(default_factory=dict)
    _ruled: dict[str, tuple[Catalog, str]] = field(default_factory=dict)
    _policies: Cache[tuple[str, str], PolicySet] = field(default_factory=lambda: Cache(CACHED_POLICIES))
    _prices: Cache[tuple[str, str], PriceList] = field(default_factory=lambda: Cache(CACHED_POLICIES))
    _breakers: dict[str, Breaker] = field(default_factory=dict)
    _drives: dict[UUID, asyncio.Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin to know the catalogue, and what sessions pinned of it."""
        self.catalogs, self.snapshots = Catalogs(self.store), Snapshots(self.store)
        self.accounts = Accounts(self.store)

    @property
    def memory(self) -> Memories:
        """Return what is remembered; raise NotPossible where this process was composed without it."""
        if self.memories is None:
            raise NotPossible("Expected memories, but this process was started without them.")
        return self.memories

    async def load(self, session: UUID, *, fresh: bool = True) -> Loaded:
        """Return a session's state; ``fresh`` reads what others wrote since it was cached."""
        cached = self._sessions.get(session, Loaded())
        if not fresh and cached.version:
            return cached
        loaded = await self._catch_up(session, cached)
        self.remember(session, loaded)
        return loaded

    async def _catch_up(self, session: UUID, cached: Loaded) -> Loaded:
        """Apply what was written since; begin anew where the log was restored and no longer has the cached event."""
        if not cached.version:
            return advance(cached, await self.store.read_stream(session))
        rows = await self.store.read_stream(session, after=cached.version - 1)
        if not rows or rows[0].event_id != cached.event:
            return await self._catch_up(session, Loaded())
        return advance(cached, rows[1:])

    def remember(self, session: UUID, loaded: Loaded) -> None:
        """Cache a session's state."""
        self._sessions[session] = loaded
        self._sessions.move_to_end(session)
        if len(self._sessions) > CACHED_SESSIONS:
            self._sessions.popitem(last=False)

    def forget(self, session: UUID) -> None:
        """Drop a cached state that may be wrong."""
        self._sessions.pop(session, None)

    @contextmanager
    def driving(self, session: UUID) -> Iterator[asyncio.Event]:
        """Note that this process drives a session; the event tells that others may have written to it."""
        nudged = self._drives[session] = asyncio.Event()
        try:
            yield nudged
        finally:
            if self._drives.get(session) is nudged:
                del self._drives[session]

    def nudge(self, session: UUID) -> bool:
        """Tell the drive of a session to look again; false where this process does not drive it."""
        nudged = self._drives.get(session)
        if nudged:
            nudged.set()
        return nudged is not None

    def mailbox(self, session: UUID) -> AbstractAsyncContextManager[None]:
        """Let one writer of this process at a time append to a session."""
        return self._mailboxes.setdefault(session, _Mailbox(self._mailboxes, session))

    async def snapshot(self, tenant: str, digest: str) -> Snapshot:
        """Return the catalogue that a session pinned; raises NotFound."""
        return await self.snapshots.load(tenant, digest)

    async def policy_set(self, tenant: str, digest: str) -> PolicySet:
        """Return the policy set that a session pinned; raises NotFound."""
        found = self._policies.find((tenant, digest))
        if found:
            return found
        data = await self.store.get_blob(tenant, digest)
        return self._policies.keep((tenant, digest), msgspec.json.decode(data, type=PolicySet))

    async def price_list(self, tenant: str, digest: str) -> PriceList:
        """Return the price list that a session pinned; raises NotFound."""
        found = self._prices.find((tenant, digest))
        if found:
            return found
        data = await self.store.get_blob(tenant, digest)
        return self._prices.keep((tenant, digest), msgspec.json.decode(data, type=PriceList))

    async def pin_policy_set(self, tenant: str, catalog: Catalog, policy_set: PolicySet) -> str:
        """Return a policy set's digest, stored; not again until the catalogue changes, as it does after a restore."""
        digest = policy_set.digest
        stored = self._ruled.get(tenant)
        if not (stored and stored[0] is catalog and stored[1] == digest):
            await self.store.put_blobs(tenant, [canonical(policy_set)])
            self._ruled[tenant] = (catalog, digest)
        return digest

    def tell(self, appended: Appended) -> None:
        """Tell who listens of an append; it is done, so nothing that goes wrong there may look like its failure."""
        for listener in self.listeners:
            try:
                listener(appended)
            except Exception:
                logger.exception("an append to session %s could not be told", appended.session)

    @property
    def breakers(self) -> Sequence[Breaker]:
        """Return every breaker that is not closed."""
        return tuple(self._breakers.values())

    def breaker(self, tool: str) -> Breaker:
        """Return the breaker of one tool in this process."""
        return self._breakers.get(tool, CLOSED)

    def set_breaker(self, tool: str, breaker: Breaker) -> None:
        """Keep a tool's breaker; a closed one needs no place."""
        if breaker == CLOSED:
            self._breakers.pop(tool, None)
        else:
            self._breakers[tool] = breaker


class _Mailbox(AbstractAsyncContextManager[None]):
    """Be a session's lock, kept only while somebody wants it."""

    def __init__(self, mailboxes: dict[UUID, "_Mailbox"], session: UUID):
        self._mailboxes, self._session = mailboxes, session
        self._lock, self._users = asyncio.Lock(), 0

    async def __aenter__(self) -> None:
        self._users += 1
        try:
            await self._lock.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()
        self._leave()

    def _leave(self) -> None:
        self._users -= 1
        if not self._users:
            self._mailboxes.pop(self._session, None)


def advance(loaded: Loaded, rows: Sequence[LogNotification]) -> Loaded:
    """Apply recorded events to a loaded session; unknown topics are carried past."""
    state = loaded.state
    for row in rows:
        event = read_session(row.topic, row.state)
        if not isinstance(event, Unknown):
            state = evolve(state, event.data, event.at)
    if not rows:
        return loaded
    last = rows[-1]
    return Loaded(version=last.originator_version, position=last.id, state=state, event=last.event_id)


def to_log(stream: UUID, after: int, events: Sequence[Event[AnyEvent]]) -> list[LogEvent]:
    """Turn events into rows of the log behind version ``after`` of their stream."""
    return [
        LogEvent(
            originator_id=stream,
            originator_version=version,
            topic=topic_of(type(event.data)),
            state=encode(event),
            event_id=UUID(event.id),
            tenant=event.tenant,
            command_id=event.command_id or None,
            request_digest=event.request_digest or None,
        )
        for version, event in enumerate(events, after + 1)
    ]
