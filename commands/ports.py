"""Name what the write side needs of the world; adapters implement these protocols.

Adapters translate their vendor's errors into those of `domain.errors` and into the fault types below.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent

from domain.catalog.events import Agent, Binding, Tool
from domain.catalog.policies import PolicySet
from domain.catalog.state import Document
from domain.encoding import Json
from domain.envelope import Event
from domain.session.events import BudgetSpent, Decision, EffectClass, Failure, Limits, SessionEvent
from domain.session.prompt import Prompt

# The log


@dataclass(frozen=True)
class LogEvent(StoredEvent):
    """Be one row of the log: the library's stored event with our columns.

    ``originator_id`` is a UUID. ``command_id`` and ``request_digest`` are set only on an append's first fact.
    """

    event_id: UUID
    tenant: str = "local"
    command_id: str | None = None
    request_digest: str | None = None
    prev_hash: str | None = None


@dataclass(frozen=True)
class LogNotification(LogEvent):
    """Be one row of the log with its position, dense from 1 and in commit order."""

    id: int = 0


class RecordedCommand(msgspec.Struct, frozen=True, kw_only=True):
    """Say where an earlier command with this id was recorded; ``position`` is that of its append's last event."""

    stream: UUID
    version: int
    position: int
    request_digest: str


class EventStore(Protocol):
    """Keep the log: append-only, positions dense and in commit order, streams versioned from 1."""

    async def append(self, events: Sequence[LogEvent]) -> int:
        """Append events of one or more streams, all or nothing, and return the position of the last one.

        Versions of a stream are consecutive and start right behind its head. Raises Conflict where a head differs
        or a command id exists already, TooLarge, Unavailable (then nothing was written).
        """
        ...

    async def read_stream(self, stream: UUID, after: int = 0) -> list[LogNotification]:
        """Read a stream's events behind version ``after``, in order."""
        ...

    async def stream_version(self, stream: UUID) -> int:
        """Return the version of a stream's last event, 0 where it does not exist."""
        ...

    async def read_log(self, after: int, limit: int) -> list[LogNotification]:
        """Read at most ``limit`` events behind position ``after``, in order."""
        ...

    async def read_catalog(self, tenant: str, since: int) -> list[LogNotification]:
        """Read all events of a tenant from a position on whose topic is not a session's, in order.

        What stands at ``since`` is known already: it comes without its state, to be held against what is known.
        """
        ...

    async def find_command(self, tenant: str, command_id: str) -> RecordedCommand | None:
        """Find what an earlier append under this command id wrote."""
        ...

    async def head(self) -> int:
        """Return the position of the last event, 0 for an empty log."""
        ...

    async def log_id(self) -> str:
        """Return the log's random id, renewed by a restore."""
        ...

    async def put_blobs(self, tenant: str, blobs: Sequence[bytes]) -> None:
        """Store bytes durably under their SHA-256; storing them again does nothing."""
        ...

    async def missing_blobs(self, tenant: str, digests: Sequence[str]) -> set[str]:
        """Return those digests under which nothing is stored."""
        ...

    async def get_blob(self, tenant: str, digest: str) -> bytes:
        """Return the bytes with this SHA-256; raises NotFound."""
        ...


class Appended(msgspec.Struct, frozen=True, kw_only=True):
    """Tell what this process has just appended to a session's stream behind version ``after``, in how many seconds.

    Without events it says that this process appended something up to there, but did not hear so at the time.
    """

    session: UUID
    after: int
    events: Sequence[Event[SessionEvent]]
    seconds: float


Listener: TypeAlias = Callable[[Appended], None]
"""Hears of every append of this process, in the order of its session; it returns at once and keeps no event."""


# Wake-ups and timers


class Wakeups(Protocol):
    """Hint to the workers that a session owes something; losing or doubling a hint costs time, never truth."""

    async def wake(self, session: UUID, lane: str) -> None:
        """Hint that a session owes work; never raises, for a hint may be lost."""
        ...


class DueSession(msgspec.Struct, frozen=True, kw_only=True):
    """Name a session that owes work since ``due_at``."""

    session: UUID
    tenant: str
    lane: str
    due_at: datetime


class OpenWork(Protocol):
    """Answer from the read model which sessions owe something by now."""

    async def due(self, before: datetime, limit: int) -> list[DueSession]:
        """Return sessions with work due before a time, the longest due first."""
        ...


# Dialling: the one way out


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Describe one HTTP request; ``origin`` is the only scheme, host and port that may be dialled for it.

    Not a byte of it may be written later than ``not_after``. ``listed_port``: nobody registered the origin, so its port
    must be one that the operator lists. A reading request is sent again to at most ``follow`` redirects, as long as
    they stay at the origin and below the path ``prefix``.
    """

    method: str
    url: str
    origin: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    timeout_ms: int = 10_000
    max_bytes: int = 1 << 20
    allow_private: bool = False
    not_after: datetime | None = None
    listed_port: bool = False
    follow: int = 0
    prefix: str = "/"


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one HTTP response; header names are lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    latency_ms: int

    def header(self, name: str) -> str:
        """Return a header's first value, or an empty string."""
        return next((value for key, value in self.headers if key == name.lower()), "")


class DialFault(Exception):
    """Report that no complete response came; ``sent`` tells whether the request may have reached the server.

    ``refused`` tells that it may not be dialled at all, so that sending it again cannot help.
    """

    def __init__(self, reason: str, *, sent: bool, refused: bool = False):
        super().__init__(reason)
        self.sent = sent
        self.refused = refused


class Dialer(Protocol):
    """Send one request, without proxies or retries; a redirect is an answer, unless the request asks to follow it."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send the request once and read the whole response."""
        ...


# Secrets, and what they are bound to


class Secrets(Protocol):
    """Read secrets where references say, ``env:NAME``, ``file:/PATH`` or ``vault:PATH#KEY``, as far as they are open.

    No error of it repeats a secret, nor a text that should have been a reference and may be one.
    """

    def permit(self, reference: str, *, tenant: str) -> None:
        """Raise Invalid for what is no reference, and Forbidden for one that a tenant's bindings may not name."""
        ...

    async def read(self, reference: str, *, tenant: str) -> str:
        """Return a secret; raises Refused where it is not there or may not be read, and Unavailable."""
        ...


class Bindings(Protocol):
    """Know what the security schemes of an API are bound to at this moment."""

    async def of(self, tenant: str, api: str) -> tuple[Binding, ...]:
        """Return what is bound; raises Unavailable."""
        ...


# Tools


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """Say what a request would be, or in ``problems`` why the arguments do not make one."""

    operation: str = ""
    document: str = ""
    effect_class: EffectClass = "write"
    repeatable: bool = False
    request_digest: str = ""
    problems: tuple[str, ...] = ()


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a call up to the socket: what was checked and, unless something stands against it, what would be sent.

    Neither the idempotency key nor any credential is in it: both are added when the call is sent.
    """

    checked: Checked
    method: str = ""
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class ToolAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a tool's successful answer; ``mismatches`` are where it is not what the document says, at most ten."""

    status: int
    body: bytes
    latency_ms: int
    mismatches: tuple[str, ...] = ()


class ToolFault(Exception):
    """Report a failed attempt in the session's own words."""

    def __init__(self, failure: Failure, reason: str, *, status: int = 0, latency_ms: int = 0, retry_after_ms: int = 0):
        super().__init__(reason)
        self.failure: Failure = failure
        self.status = status
        self.latency_ms = latency_ms
        self.retry_after_ms = retry_after_ms


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """Name one call: the operation in its pinned document, and the arguments as the agent chose them."""

    tenant: str
    tool: Tool
    document: Document
    arguments: Json


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a tool; ``parameters`` is a JSON Schema of what stands at ``at`` in its arguments."""

    text: str
    at: str
    parameters: Json


class Tools(Protocol):
    """Check and send calls to operations of registered documents, and describe these."""

    async def describe(self, tenant: str, tool: Tool, *, at: str, depth: int) -> Description:
        """Describe a tool in full, and what a JSON pointer into its arguments leads to; raises Invalid, NotFound."""
        ...

    async def answer_mismatches(self, tenant: str, tool: Tool, status: int, body: bytes) -> tuple[str, ...]:
        """Hold a recorded JSON answer against what a tool's document says, and return at most ten differences.

        Each is a JSON pointer, a colon and words; an answer of which the document says nothing is one. Nothing is sent.
        """
        ...

    async def check(self, call: ToolCall) -> Checked:
        """Hold arguments against the operation's schema and digest the request that they make; nothing is sent."""
        ...

    async def prepare(self, call: ToolCall) -> Prepared:
        """Check a call and build the very request that would be sent; nothing is."""
        ...

    async def credentials(self, call: ToolCall) -> tuple[Binding, ...]:
        """Return what a call would carry as it is bound now: nothing where it needs nothing, or cannot have it."""
        ...

    async def send(
        self,
        call: ToolCall,
        *,
        request_digest: str,
        idempotency_key: str,
        timeout_ms: int,
        not_after: datetime,
        credentials: tuple[Binding, ...] = (),
    ) -> ToolAnswer:
        """Send exactly the request with this digest, once, and begin by ``not_after``; raises ToolFault.

        The secrets of ``credentials`` are read for it, and go nowhere else.
        """
        ...


class Rates(Protocol):
    """Keep how often tools are called, by all workers together."""

    async def wait(self, tenant: str, holder: str, limits: Mapping[str, int], patience: timedelta) -> timedelta:
        """Return how long a call must wait for its turn under limits in calls a minute, zero where it may be sent.

        ``holder`` names the attempt, which keeps its turn while it waits; it is not given one beyond its patience.
        Raises Unavailable.
        """
        ...


# Models


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Ask a model, named as ``scripted:FILE`` or ``openai:NAME@BASE_URL``, one prompt."""

    model: str
    prompt: Prompt
    timeout_ms: int


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a model answered and what it cost."""

    text: str
    tokens_in: int
    tokens_out: int
    latency_ms: int


class ModelFault(Exception):
    """Report that a model did not answer; ``retryable`` tells whether asking again can help."""

    def __init__(self, reason: str, *, retryable: bool, retry_after_ms: int = 0):
        super().__init__(reason)
        self.retryable = retryable
        self.retry_after_ms = retry_after_ms


class Models(Protocol):
    """Answer prompts."""

    def known(self, model: str) -> None:
        """Raise Refused with the choices where no adapter can serve this name."""
        ...

    async def ask(self, question: Question) -> Reply:
        """Ask once; raises ModelFault."""
        ...


# Policy


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Put one request before the judge, with all that rules may read: nothing in it but what the log can say again.

    ``listed``: the tool is on the agent's list. ``scopes`` were granted to the API; ``at`` is when it became due.
    """

    agent: Agent
    tool: Tool
    listed: bool
    request_digest: str
    effect_class: EffectClass
    at: datetime
    arguments: Json = msgspec.Raw(b"{}")
    scopes: tuple[str, ...] = ()
    user: str = ""
    roles: tuple[str, ...] = ()
    lane: str = "standard"
    environment: str = ""
    limits: Limits = Limits()
    spent: BudgetSpent = BudgetSpent()


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a verdict with every rule that determined it."""

    decision: Decision
    rules: tuple[str, ...]
    policy_set: str
    reason: str


class Judge(Protocol):
    """Judge requests by sets of rules."""

    @property
    def default(self) -> PolicySet:
        """Return the set that is in force where no other was activated."""
        ...

    @property
    def shipped(self) -> Sequence[PolicySet]:
        """Return the sets that come with the product, the default first."""
        ...

    def check(self, policy_set: PolicySet) -> Sequence[str]:
        """Return the names of a set's rules; raise Invalid where it cannot be used."""
        ...

    def judge(self, policy_set: PolicySet, case: Case) -> Ruling:
        """Allow, deny or ask; whatever goes wrong inside is a denial, never an exception."""
        ...


# Meaning


class Meanings(Protocol):
    """Know what some texts mean."""

    def closeness(self, text: str) -> Sequence[float]:
        """Return for each of the texts how close its meaning is to another's, at most 1."""
        ...


class Embedder(Protocol):
    """Learn what texts mean."""

    @property
    def name(self) -> str:
        """Name the model; what is found says that it was found by it."""
        ...

    def learn(self, texts: Sequence[str]) -> None:
        """Learn what some texts mean, and remember it; it may take long, and is called from threads."""
        ...

    def meanings(self, texts: Sequence[str]) -> Meanings:
        """Return what texts mean that were learned before."""
        ...


# The surroundings


class Clock(Protocol):
    """Tell the time and wait."""

    def now(self) -> datetime:
        """Return the present time in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Chance(Protocol):
    """Draw what must be random; every draw that matters is recorded in a fact."""

    def permille(self) -> int:
        """Draw a whole number from 0 to 999."""
        ...

    def command_id(self) -> str:
        """Draw a new random command id."""
        ...


Lane = Literal["interactive", "standard", "batch"]
