"""Say everything that can happen in the catalogue: documents come with their tools, agents are registered and patched.

Everything here is a fact; nothing follows from it inside the catalogue. Streams are named
``<tenant>/document/<api>``, ``<tenant>/bindings/<api>``, ``<tenant>/agent/<id>``, ``<tenant>/policy-set/<name>`` and
``<tenant>/tool-names/all``.
"""

from typing import Literal, TypeAlias, get_args

import msgspec

from domain.agents import AgentLimits
from domain.budget.events import AccountEvent, PriceEvent
from domain.encoding import NULL, Json
from domain.evaluation.events import RunGraded
from domain.memory.events import MemoryEvent
from domain.session.events import EffectClass
from domain.standing_approvals import StandingEvent

Checks = Literal["warn", "enforce"]


class Tool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Describe one operation as an agent sees it.

    ``operation`` is ``METHOD path`` in the document; ``parameters`` is a JSON Schema (2020-12) object of what a model
    may pass, its properties grouped as path, query, header, cookie and body. ``repeatable`` tells whether the same
    request may be sent again under the same idempotency key. ``keywords`` are further words that it is found by; no
    model is shown them. ``scopes`` are those of its own beside its API's, and ``rate_limit`` is its own number of calls
    a minute, 0 for none. ``answers`` says what an answer that is not what the document says leads to: a note in the
    log, or a failed call. ``trusted`` and ``private`` say what its answers are, None what its name says. ``server`` is
    its own base URL where that is not its API's.
    """

    name: str
    api: str
    operation: str
    document: str
    description: str
    effect_class: EffectClass
    repeatable: bool
    parameters: Json = NULL
    keywords: str = ""
    enabled: bool = True
    deprecated: bool = False
    scopes: tuple[str, ...] = ()
    rate_limit: int = 0
    answers: Checks = "warn"
    trusted: bool | None = None
    private: bool | None = None
    server: str = ""


class Override(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold what an operator says of an operation in place of its document; None leaves the document's word."""

    effect_class: EffectClass | None = None
    repeatable: bool | None = None
    enabled: bool | None = None
    deprecated: bool | None = None
    scopes: tuple[str, ...] | None = None
    rate_limit: int | None = None
    answers: Checks | None = None
    trusted: bool | None = None
    private: bool | None = None


TemplateSyntax = Literal["plain", "fields"]


class Agent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Define an agent.

    What it may use: ``tools`` names it, by patterns (a tool's name, ``api/*`` for all of one API, or ``*``); where
    ``effects`` are listed, only what has one of them; where ``scopes`` are listed, only what needs no others.

    ``prompt_template`` is what it is told first. Under the syntax ``plain``, which agents of earlier versions have, it
    is taken as it stands; under ``fields`` it is filled, see `domain.session.templates`. ``model`` is asked in place of
    the session's, and the policy set named ``policy`` must allow its calls too.
    """

    id: str
    name: str
    role: str
    prompt_template: str
    tools: tuple[str, ...] = ()
    template_syntax: TemplateSyntax = "plain"
    effects: tuple[EffectClass, ...] = ()
    scopes: tuple[str, ...] = ()
    model: str = ""
    policy: str = ""
    limits: AgentLimits = AgentLimits()


CredentialKind = Literal["api-key", "basic", "bearer", "client-credentials"]
CredentialPlace = Literal["", "header", "query", "cookie"]
ClientAuth = Literal["basic", "post"]


class Binding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Say how a security scheme of an API is satisfied and where its secret is; the secret itself is nowhere.

    ``origin`` is the one place that the credential goes to. An API key travels in ``place`` under ``field``. Client
    credentials are exchanged at ``token_url`` for short-lived tokens, with the client's own secret sent as
    ``client_auth`` says. ``unasked``: it is also sent where the document does not say what an operation needs.
    ``beside``: the origin is not the API's own, but one of operations with servers of their own.
    """

    scheme: str
    kind: CredentialKind
    reference: str
    origin: str
    place: CredentialPlace = ""
    field: str = ""
    client_id: str = ""
    token_url: str = ""
    client_auth: ClientAuth = "basic"
    unasked: bool = False
    beside: bool = False


class DocumentRegistered(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="document.registered.v1",
):
    """An OpenAPI document was registered; its bytes are the blob under ``document``.

    ``origins`` are places beside its own where operations may be that have servers of their own.
    """

    api: str
    document: str
    base_url: str
    scopes: tuple[str, ...] = ()
    rate_limit: int = 0
    allow_private: bool = False
    tools: int = 0
    skipped: int = 0
    origins: tuple[str, ...] = ()


class RevisionStaged(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="document.revision-staged.v1",
):
    """A new revision of a registered API was put beside the one in force; its bytes are the blob under ``document``."""

    api: str
    document: str
    base_url: str
    scopes: tuple[str, ...] = ()
    rate_limit: int = 0
    allow_private: bool = False
    tools: int = 0
    skipped: int = 0
    origins: tuple[str, ...] = ()


class RevisionActivated(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="document.revision-activated.v1",
):
    """A revision was chosen to take the place of ``before``; its registration follows in the same append.

    ``waiting`` says what was asked for the sessions that are open: to stay as they are, or to go on with it.
    """

    api: str
    document: str
    before: str
    waiting: Literal["pin", "migrate"]
    by: str
    reason: str = ""


class RevisionQuarantined(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="document.revision-quarantined.v1",
):
    """A revision was refused: it cannot be activated or registered until this is lifted."""

    api: str
    document: str
    by: str
    reason: str


class QuarantineLifted(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="document.quarantine-lifted.v1",
):
    """A revision that was refused may be activated again."""

    api: str
    document: str
    by: str
    reason: str


class ToolsAdded(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="document.tools-added.v1",
):
    """Some of a document's tools, in portions that fit into an event."""

    api: str
    document: str
    tools: tuple[Tool, ...]


class ToolOverridden(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="document.tool-overridden.v1",
):
    """An operator said something else of an operation than its document; ``override`` is all that is said now.

    It holds for every revision of the document that has the operation.
    """

    api: str
    operation: str
    override: Override
    reason: str = ""


class NamesSettled(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="tool-names.settled.v1",
):
    """The tools of a document got names that no other API's tools have.

    It stands in a stream of all APIs: of two documents registered at once the later sees the names of the other.
    """

    api: str
    document: str


class AgentRegistered(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="agent.registered.v1",
):
    """An agent was defined for the first time."""

    agent: Agent


class AgentPatched(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="agent.patched.v1"
):
    """An agent got a new revision; ``agent`` is its whole new definition."""

    agent: Agent


class SchemeBound(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="document.scheme-bound.v1",
):
    """A security scheme of an API was bound to a reference of a secret, in place of what it was bound to before."""

    api: str
    binding: Binding


class SchemeUnbound(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="document.scheme-unbound.v1",
):
    """A security scheme of an API is bound to nothing any more."""

    api: str
    scheme: str


BindingEvent: TypeAlias = SchemeBound | SchemeUnbound


class PolicySetRegistered(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="policy-set.registered.v1",
):
    """A revision of a policy set was checked and kept, as the blob under ``digest``; nothing uses it yet."""

    name: str
    digest: str
    rules: tuple[str, ...]


class PolicySetActivated(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="policy-set.activated.v1",
):
    """A revision of a policy set came into force for every session that starts from now on."""

    name: str
    digest: str
    reason: str


CatalogEvent: TypeAlias = (
    DocumentRegistered
    | RevisionStaged
    | RevisionActivated
    | RevisionQuarantined
    | QuarantineLifted
    | ToolsAdded
    | ToolOverridden
    | NamesSettled
    | AgentRegistered
    | AgentPatched
    | PolicySetRegistered
    | PolicySetActivated
    | BindingEvent
    | PriceEvent
    | RunGraded
    | AccountEvent
    | StandingEvent
    | MemoryEvent
)

CATALOG_EVENTS: tuple[type[CatalogEvent], ...] = get_args(CatalogEvent)
