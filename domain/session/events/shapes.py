"""Give the shapes that events are made of."""

import msgspec

from domain.agents import AgentLimits
from domain.budget.amounts import Kind
from domain.encoding import NULL, Json
from domain.redaction.recorded import HiddenPlace, HiddenValue
from domain.session.events.vocabulary import AtLeastOne, Count, Millionths, Milliseconds


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """Be the parent of everything that came from outside.

    ``redacted`` says which values were hidden in it, and where; ``hidden`` keeps those that got a token by it.
    """

    redacted: tuple[HiddenPlace, ...] = ()
    hidden: tuple[HiddenValue, ...] = ()


class Consequence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """Be the parent of everything that `decide` concluded."""


class Sourced(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold a value together with where it came from: ``goal``, ``model:ID``, ``tool:NAME``, ``human:ID``."""

    value: Json
    source: str


class PinnedAgent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Name an agent in the revision that this session uses to its end.

    ``narrowed``: it may use more tools than a prompt shows, so that those of a step are looked for. ``model`` is its
    own, "" for the session's; ``policy_set`` is the digest of the rules that must allow its calls beside the session's.
    """

    id: str
    role: str
    revision: str
    narrowed: bool = False
    model: str = ""
    policy_set: str = ""
    limits: AgentLimits | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bound a session; counts are totals, times are milliseconds.

    ``money`` is in millionths of the currency that the session's prices are in; ``wall_ms`` bounds the time of the
    whole session but for its pauses; ``reply_tokens`` what one reply may have where money or tokens are metered;
    ``replans`` how often the rest of a plan may be planned anew because a step cannot be finished.
    ``prompt_tokens`` is what a question may have, by estimate: what earlier steps found is shortened to fit.
    ``research_calls`` is how many calls a researcher may take in one step before it must state what it found.
    """

    steps: AtLeastOne = 50
    model_calls: Count = 500
    tool_calls: Count = 500
    tokens: Count = 2_000_000
    parallel_steps: AtLeastOne = 4
    rework_rounds: Count = 2
    model_attempts: AtLeastOne = 4
    call_attempts: AtLeastOne = 5
    attempt_timeout_ms: Milliseconds = 10_000
    call_timeout_ms: Milliseconds = 120_000
    model_timeout_ms: Milliseconds = 120_000
    retry_base_ms: Milliseconds = 200
    retry_cap_ms: Milliseconds = 30_000
    approval_ttl_ms: Milliseconds = 86_400_000
    money: Millionths | None = None
    wall_ms: Milliseconds | None = None
    reply_tokens: AtLeastOne = 4_096
    replans: Count = 0
    prompt_tokens: AtLeastOne = 16_000
    research_calls: AtLeastOne = 8


class Budget(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Pin what a session is charged by, and who pays.

    ``prices`` is the digest of a price list, in ``currency``. Of the ``kinds`` that its ``accounts`` limit a session
    spends only what they have handed to it.
    """

    prices: str = ""
    currency: str = ""
    accounts: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()


class Slot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bind one argument of a planned call before anything untrusted was read.

    ``argument`` is a JSON pointer into the arguments, ``/body/recipient``. Its value is the literal ``value``, or where
    ``step`` is given, what ``pointer`` leads to in the output of that earlier step.
    """

    argument: str
    value: Json = NULL
    step: Count = 0
    pointer: str = ""


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """State one step of a plan: what to reach, who does it, after which steps, and how to judge it.

    ``tool`` is the one that it is to call, "" where the plan leaves that open; ``slots`` bind arguments of that call.
    """

    goal: str
    agent: str
    after: tuple[int, ...] = ()
    criteria: str = ""
    tool: str = ""
    slots: tuple[Slot, ...] = ()


class Reassigned(msgspec.Struct, frozen=True, kw_only=True):
    """Give a planned step to another agent than its plan ``named``, who may not use the step's tool."""

    step: int
    agent: str
    named: str
