"""Say everything that can happen in a session, in the past tense.

Facts came from outside and carry every value that a later decision needs. Consequences are what `decide` drew from
them. Times are UTC; durations are milliseconds; ``call`` names a tool call or a model call within the session, ``step``
is the step's number in the plan, from 1. Foreign JSON keeps the text it came in.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias, get_args

import msgspec

from domain.content import Content
from domain.encoding import NULL, Json

Purpose = Literal["plan", "choose", "review", "answer"]
EffectClass = Literal["read", "idempotent-write", "write", "destructive"]
Decision = Literal["allow", "deny", "ask"]
Outcome = Literal["happened", "send-again", "give-up"]
Failure = Literal["not-sent", "unanswered", "rejected", "server-error", "rate-limited", "bad-answer"]


# Bounded so that no sum of times can leave the calendar, and no session waits for ever for room.
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=365 * 86_400_000)]
Permille = Annotated[int, msgspec.Meta(ge=0, le=1000)]


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """Be the parent of everything that came from outside."""


class Consequence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """Be the parent of everything that `decide` concluded."""


class Sourced(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold a value together with where it came from: ``goal``, ``model:ID``, ``tool:NAME``, ``human:ID``."""

    value: Json
    source: str


class PinnedAgent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Name an agent in the revision that this session uses to its end.

    ``narrowed``: it may use more tools than a prompt shows, so that those of a step are looked for.
    """

    id: str
    role: str
    revision: str
    narrowed: bool = False


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bound a session; counts are totals, times are milliseconds."""

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


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """State one step of a plan: what to reach, who does it, after which steps, and how to judge it."""

    goal: str
    agent: str
    after: tuple[int, ...] = ()
    criteria: str = ""


# Facts: the human and the surroundings


class GoalSubmitted(Fact, frozen=True, kw_only=True, tag="session.goal-submitted.v1"):
    """A goal came in; everything the run depends on is pinned here by digest."""

    session: str
    goal: str
    user: str
    model: str
    agents: tuple[PinnedAgent, ...]
    catalog: str
    policy_set: str
    behaviour: int
    tenant: str = "local"
    lane: str = "standard"
    context: Json = NULL
    limits: Limits = Limits()
    roles: tuple[str, ...] = ()


class CancelRequested(Fact, frozen=True, kw_only=True, tag="session.cancel-requested.v1"):
    """Somebody asked to end the session now."""

    reason: str = ""


class SessionPaused(Fact, frozen=True, kw_only=True, tag="session.paused.v1"):
    """Somebody halted the session; what is in flight is still recorded."""

    reason: str = ""


class SessionResumed(Fact, frozen=True, kw_only=True, tag="session.resumed.v1"):
    """Somebody let a paused session go on."""

    reason: str = ""


class ApprovalGranted(Fact, frozen=True, kw_only=True, tag="session.approval-granted.v1"):
    """A human allowed exactly the request with this digest."""

    approval: str
    request_digest: str
    by: str
    reason: str = ""


class ApprovalDenied(Fact, frozen=True, kw_only=True, tag="session.approval-denied.v1"):
    """A human refused a request."""

    approval: str
    by: str
    reason: str = ""


class ApprovalExpired(Fact, frozen=True, kw_only=True, tag="session.approval-expired.v1"):
    """Nobody answered in time."""

    approval: str


class OutcomeReported(Fact, frozen=True, kw_only=True, tag="session.outcome-reported.v1"):
    """A human said whether a call with an unknown outcome had happened, and what to do."""

    approval: str
    call: str
    outcome: Outcome
    by: str
    reason: str = ""


# Facts: what was looked for


class FoundTool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Name a tool that was found, with how well it fits, in permille of the best."""

    name: str
    score: Permille = 0


class FoundFor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold what was found for an agent, the best first."""

    agent: str
    tools: tuple[FoundTool, ...]


class ToolsFound(Fact, frozen=True, kw_only=True, tag="session.tools-found.v1"):
    """Tools were looked for by a text before a model is asked ``call``; ``method`` names how they were found."""

    call: str
    text: str
    method: str
    found: tuple[FoundFor, ...]


# Facts: the model


class ModelCallAttempted(Fact, frozen=True, kw_only=True, tag="session.model-call-attempted.v1"):
    """A worker claimed a question until its lease ends, so that no other asks, and pays for, the same."""

    call: str
    attempt: int
    worker: str
    lease_until: datetime


class ModelReplied(Fact, frozen=True, kw_only=True, tag="session.model-replied.v1"):
    """A model answered a prompt whose bytes have this digest."""

    call: str
    attempt: int
    reply: Content
    prompt_digest: str
    tokens_in: int = 0
    tokens_out: int = 0
    latency_ms: int = 0


class ModelFailed(Fact, frozen=True, kw_only=True, tag="session.model-failed.v1"):
    """A model could not be asked or did not answer; ``jitter_permille`` is the draw for the next try's delay."""

    call: str
    attempt: int
    reason: str
    retryable: bool
    jitter_permille: Permille = 0
    retry_after_ms: int = 0


# Facts: checks and verdicts, made by the shell at once


class ArgumentsChecked(Fact, frozen=True, kw_only=True, tag="session.arguments-checked.v1"):
    """Chosen arguments were held against the operation; with no problems the request has this digest."""

    call: str
    operation: str = ""
    document: str = ""
    effect_class: EffectClass = "write"
    repeatable: bool = False
    request_digest: str = ""
    problems: tuple[str, ...] = ()


class VerdictReached(Fact, frozen=True, kw_only=True, tag="session.verdict-reached.v1"):
    """The policy judged the request with this digest, as ``environment`` is called; every determining rule is named."""

    call: str
    request_digest: str
    decision: Decision
    rules: tuple[str, ...]
    policy_set: str
    reason: str
    environment: str = ""


class ResultChecked(Fact, frozen=True, kw_only=True, tag="session.result-checked.v1"):
    """A step's result was reviewed by code."""

    step: int
    call: str
    problems: tuple[str, ...] = ()


# Facts: the tool


class CredentialUse(msgspec.Struct, frozen=True, kw_only=True):
    """Name a security scheme and the reference of the secret that satisfies it."""

    scheme: str
    reference: str


class CallAttempted(Fact, frozen=True, kw_only=True, tag="session.call-attempted.v1"):
    """A worker claimed one attempt of a call until its lease ends; it may send only after this is durable.

    ``credentials`` are those that it will carry, as they were bound at that moment.
    """

    call: str
    attempt: int
    worker: str
    lease_until: datetime
    credentials: tuple[CredentialUse, ...] = ()


class CallSucceeded(Fact, frozen=True, kw_only=True, tag="session.call-succeeded.v1"):
    """A tool answered with success; ``mismatches`` are where the answer is not what the tool's document says."""

    call: str
    attempt: int
    status: int
    output: Content
    source: str
    latency_ms: int = 0
    mismatches: tuple[str, ...] = ()


class CallFailed(Fact, frozen=True, kw_only=True, tag="session.call-failed.v1"):
    """An attempt failed in one of the named ways; ``unanswered`` and ``server-error`` may have had their effect."""

    call: str
    attempt: int
    failure: Failure
    reason: str
    status: int = 0
    latency_ms: int = 0
    jitter_permille: Permille = 0
    retry_after_ms: int = 0


class CallDeferred(Fact, frozen=True, kw_only=True, tag="session.call-deferred.v1"):
    """A breaker or rate limit outside the session asked to wait; nothing was sent."""

    call: str
    reason: str
    until: datetime


class CallExpired(Fact, frozen=True, kw_only=True, tag="session.call-expired.v1"):
    """A call's deadline passed before its next attempt could be sent."""

    call: str
    attempt: int


class LeaseLapsed(Fact, frozen=True, kw_only=True, tag="session.lease-lapsed.v1"):
    """An attempt's lease ended without an answer: its worker is gone, or the answer was lost."""

    call: str
    attempt: int
    jitter_permille: Permille = 0


# Facts: people and what was given up


class DeadLetterReplayed(Fact, frozen=True, kw_only=True, tag="session.dead-letter-replayed.v1"):
    """A human ordered that a call which was given up is sent again: the same request, under the same key.

    What became of its earlier attempts may be unknown: whoever gave this order took that upon themselves.
    """

    letter: str
    call: str
    by: str
    reason: str


class DeadLetterDiscarded(Fact, frozen=True, kw_only=True, tag="session.dead-letter-discarded.v1"):
    """A human closed a dead letter; its call is not sent again."""

    letter: str
    call: str
    by: str
    reason: str


# Facts: what the session may use


class CatalogMigrated(Fact, frozen=True, kw_only=True, tag="session.catalog-migrated.v1"):
    """Somebody let the session go on with another revision of one API.

    ``catalog`` is the digest of the snapshot that it uses from here on, ``before`` of the one that it used until then.
    """

    api: str
    document: str
    catalog: str
    before: str
    by: str
    reason: str = ""


# Consequences


class ModelCallRequested(Consequence, frozen=True, kw_only=True, tag="session.model-call-requested.v1"):
    """A model is to be asked; the prompt is derived from the state by this recipe and never stored."""

    call: str
    purpose: Purpose
    agent: str
    recipe: str
    step: int = 0


class ModelRetryScheduled(Consequence, frozen=True, kw_only=True, tag="session.model-retry-scheduled.v1"):
    """The same question will be asked again, with the fault of the last reply where there was one."""

    call: str
    attempt: int
    not_before: datetime
    fault: str


class PlanProposed(Consequence, frozen=True, kw_only=True, tag="session.plan-proposed.v1"):
    """The planner decomposed the goal; a step's number is its place in this list, from 1."""

    steps: tuple[PlannedStep, ...]


class StepStarted(Consequence, frozen=True, kw_only=True, tag="session.step-started.v1"):
    """A step whose predecessors were all accepted began."""

    step: int
    agent: str


class ToolChosen(Consequence, frozen=True, kw_only=True, tag="session.tool-chosen.v1"):
    """An agent chose a tool and its arguments for a step."""

    step: int
    call: str
    tool: str
    arguments: Sourced


class ResultStated(Consequence, frozen=True, kw_only=True, tag="session.result-stated.v1"):
    """An agent stated a step's result from what was known, without a tool."""

    step: int
    call: str
    output: Content


class CallWithdrawn(Consequence, frozen=True, kw_only=True, tag="session.call-withdrawn.v1"):
    """A chosen call will not be sent as it was chosen, and nobody is asked about it any more."""

    call: str
    reason: str


class ApprovalRequested(Consequence, frozen=True, kw_only=True, tag="session.approval-requested.v1"):
    """A human is asked to allow one request, or to say whether an unanswered one happened."""

    approval: str
    question: Literal["call", "outcome"]
    step: int
    call: str
    request_digest: str
    reason: str
    expires_at: datetime | None = None


class CallRequested(Consequence, frozen=True, kw_only=True, tag="session.call-requested.v1"):
    """A call is owed: exactly this request, under this idempotency key, until this deadline."""

    step: int
    call: str
    tool: str
    operation: str
    document: str
    request_digest: str
    idempotency_key: str
    deadline: datetime


class CallRetryScheduled(Consequence, frozen=True, kw_only=True, tag="session.call-retry-scheduled.v1"):
    """The same request will be sent again under the same key.

    ``doubtful``: an earlier attempt may have had its effect. A human who asks for another attempt sets a new
    ``deadline``. ``letter`` names the dead letter that is being replayed, empty for a step that still waits.
    """

    call: str
    attempt: int
    not_before: datetime
    reason: str
    doubtful: bool = False
    deadline: datetime | None = None
    letter: str = ""


class CallOutcomeUnknown(Consequence, frozen=True, kw_only=True, tag="session.call-outcome-unknown.v1"):
    """Nobody knows whether an attempt had its effect, and repeating it is not safe."""

    call: str
    attempt: int
    reason: str


class CallDeadLettered(Consequence, frozen=True, kw_only=True, tag="session.call-dead-lettered.v1"):
    """A call was given up and waits for people: for the first time, or again after a replay."""

    call: str
    reason: str


class DeadLetterResolved(Consequence, frozen=True, kw_only=True, tag="session.dead-letter-resolved.v1"):
    """The call of a dead letter succeeded at last; the session's status and its steps stay what they were."""

    letter: str
    call: str


class StepAccepted(Consequence, frozen=True, kw_only=True, tag="session.step-accepted.v1"):
    """A step's result passed its review."""

    step: int


class ReworkRequested(Consequence, frozen=True, kw_only=True, tag="session.rework-requested.v1"):
    """A step goes back to its agent with instructions; rounds are bounded."""

    step: int
    round: int
    instructions: str


class StepFailed(Consequence, frozen=True, kw_only=True, tag="session.step-failed.v1"):
    """A step cannot be finished."""

    step: int
    reason: str


class BudgetSpent(Consequence, frozen=True, kw_only=True, tag="session.budget-spent.v1"):
    """Part of the session's limits was used up."""

    model_calls: int = 0
    tool_calls: int = 0
    tokens: int = 0


class SessionCompleted(Consequence, frozen=True, kw_only=True, tag="session.completed.v1"):
    """The goal was reached; this is the answer."""

    answer: str


class SessionFailed(Consequence, frozen=True, kw_only=True, tag="session.failed.v1"):
    """The goal cannot be reached; calls still in flight are named, for their answers are still recorded."""

    reason: str
    in_flight: tuple[str, ...] = ()


class SessionCancelled(Consequence, frozen=True, kw_only=True, tag="session.cancelled.v1"):
    """The session was ended on request; calls still in flight are named, for their answers are still recorded."""

    reason: str
    in_flight: tuple[str, ...] = ()


SessionFact: TypeAlias = (
    GoalSubmitted
    | CancelRequested
    | SessionPaused
    | SessionResumed
    | ApprovalGranted
    | ApprovalDenied
    | ApprovalExpired
    | OutcomeReported
    | ToolsFound
    | ModelCallAttempted
    | ModelReplied
    | ModelFailed
    | ArgumentsChecked
    | VerdictReached
    | ResultChecked
    | CallAttempted
    | CallSucceeded
    | CallFailed
    | CallDeferred
    | CallExpired
    | LeaseLapsed
    | DeadLetterReplayed
    | DeadLetterDiscarded
    | CatalogMigrated
)
SessionConsequence: TypeAlias = (
    ModelCallRequested
    | ModelRetryScheduled
    | PlanProposed
    | StepStarted
    | ToolChosen
    | ResultStated
    | CallWithdrawn
    | ApprovalRequested
    | CallRequested
    | CallRetryScheduled
    | CallOutcomeUnknown
    | CallDeadLettered
    | DeadLetterResolved
    | StepAccepted
    | ReworkRequested
    | StepFailed
    | BudgetSpent
    | SessionCompleted
    | SessionFailed
    | SessionCancelled
)
SessionEvent: TypeAlias = SessionFact | SessionConsequence

SESSION_EVENTS: tuple[type[SessionEvent], ...] = get_args(SessionEvent)
