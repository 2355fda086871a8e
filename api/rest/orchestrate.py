"""Start sessions, and wait for their end where that is preferred."""

import asyncio
import re
from contextlib import aclosing, suppress
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.params import HeaderParameter

from api.answers import Output, answer
from api.bodies import Input, body_of
from api.positions import outside
from api.rest.prices import Money
from api.services import Given, Services
from api.writes import Writing
from commands.offered_models import is_offered, not_offered
from commands.orchestrate import USUAL_REPLANS, Goal, orchestrate, whole_model
from commands.shell import Loaded
from domain.budget.amounts import MOST
from domain.budget.prices import money
from domain.encoding import foreign, parse
from domain.errors import Invalid
from domain.memory.events import MemoryKind
from domain.memory.recalling import MOST_RECALLED, MemoryUse
from domain.session.events import Limits
from domain.session.state import Ended

LONGEST_WAIT = 120
EXAMPLE = {"goal": "Order two blue mugs for customer 7, have them shipped, and say what they cost."}
_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])")

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
Milliseconds: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=7 * 86_400_000)]


class GoalLimits(Input, frozen=True, kw_only=True):
    """Bound the session; counts are totals, times are milliseconds.

    ``money`` needs a price list in force; ``wallMs`` bounds the whole session but for its pauses, and ``replyTokens``
    each reply where money, time or an account is limited. ``replans`` is how often the rest of the plan may be planned
    anew because a step cannot be finished, ``researchCalls`` how many calls a researcher may take in one step.
    ``promptTokens`` is how long a question is to be, by estimate: what earlier steps found is shortened to fit.
    """

    steps: Count = Limits().steps
    model_calls: Count = Limits().model_calls
    tool_calls: Count = Limits().tool_calls
    tokens: Count = Limits().tokens
    parallel_steps: Count = Limits().parallel_steps
    rework_rounds: Annotated[int, msgspec.Meta(ge=0, le=100)] = Limits().rework_rounds
    research_calls: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = Limits().research_calls
    prompt_tokens: Count = Limits().prompt_tokens
    model_attempts: Count = Limits().model_attempts
    call_attempts: Count = Limits().call_attempts
    attempt_timeout_ms: Milliseconds = Limits().attempt_timeout_ms
    call_timeout_ms: Milliseconds = Limits().call_timeout_ms
    model_timeout_ms: Milliseconds = Limits().model_timeout_ms
    retry_base_ms: Milliseconds = Limits().retry_base_ms
    retry_cap_ms: Milliseconds = Limits().retry_cap_ms
    approval_ttl_ms: Milliseconds = Limits().approval_ttl_ms
    reply_tokens: Count = Limits().reply_tokens
    replans: Annotated[int, msgspec.Meta(ge=0, le=100)] = USUAL_REPLANS
    money: Money | None = None
    wall_ms: Annotated[int, msgspec.Meta(ge=1, le=365 * 86_400_000)] | None = None


class Constraints(Input, frozen=True, kw_only=True):
    """Say what the session must keep to."""

    limits: GoalLimits = GoalLimits()


class MemoryWanted(Input, frozen=True, kw_only=True):
    """Say how many memories each question recalls at most, out of which, and whether the outcome is remembered.

    With ``summarise`` that is what the model that answers says is worth remembering, else the answer.
    """

    recall: Annotated[int, msgspec.Meta(ge=0, le=MOST_RECALLED)] = MemoryUse().recall
    kinds: tuple[MemoryKind, ...] = ()
    subject: Annotated[str, msgspec.Meta(max_length=200)] = ""
    trusted: bool = False
    own: bool = False
    remember: bool = False
    summarise: bool = False


class GoalInput(Input, frozen=True, kw_only=True):
    """State a goal; ``context`` is any JSON that the agents shall know, ``model`` replaces the configured one.

    With ``dryRun`` the session reads and is judged as ever, but nothing that writes is sent, and nobody is asked.
    Memories are recalled, and the outcome is remembered, only where ``memory`` asks for it.
    """

    goal: str
    context: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"null"))
    constraints: Constraints = Constraints()
    lane: Literal["interactive", "standard", "batch"] = "standard"
    model: str = ""
    dry_run: bool = False
    memory: MemoryWanted | None = None


class Started(Output, frozen=True, kw_only=True):
    """Name the session, and how it stands."""

    session_id: UUID
    status: Literal["started", "completed", "failed", "cancelled"]
    position: str


Prefer: TypeAlias = Annotated[
    str | None,
    HeaderParameter(
        name="Prefer", description=f"`wait=N`: answer at the end, or after N seconds, 1 to {LONGEST_WAIT}."
    ),
]


@post(
    "/orchestrate", opt={"body": GoalInput, "example": EXAMPLE}, tags=["sessions"], summary="Start a session for a goal"
)
async def start(
    request: Request[Any, Any, Any], services: Given, write: Writing, prefer: Prefer = None
) -> Response[Started]:
    """Start a session and answer its id at once, or at its end with ``Prefer: wait=N``."""
    body = await body_of(request, GoalInput)
    context = await write.context("operate", lane=body.lane)
    session, handled = await orchestrate(
        services.shell,
        services.catalogue,
        _goal(services, body),
        context,
        roles=write.principal.roles,
        models=configured_models(services),
    )
    loaded, seconds = handled.loaded, wait_of(prefer or "")
    if seconds:
        loaded = await end_of(services, session, loaded, seconds)
    started = Started(
        session_id=session,
        status=_status(loaded),
        position=outside(await services.shell.store.log_id(), loaded.position),
    )
    response = answer(started, status=201, etag=loaded.version, location=f"/sessions/{session}")
    if seconds:
        response.headers["Preference-Applied"] = f"wait={seconds}"
    return response


def _goal(services: Services, body: GoalInput) -> Goal:
    model = chosen_model(services, body.model)
    given = msgspec.structs.asdict(body.constraints.limits)
    given["money"] = None if given["money"] is None else money(given["money"], MOST)
    limits = Limits(**given)
    context = foreign(parse(bytes(body.context)))
    memory = MemoryUse(**msgspec.structs.asdict(body.memory)) if body.memory else None
    return Goal(
        text=body.goal,
        model=model,
        lane=body.lane,
        context=context,
        limits=limits,
        dry_run=body.dry_run,
        memory=memory,
    )


def configured_models(services: Services) -> list[str]:
    """Return the models that the operator configured, the default first."""
    return [model for model in dict.fromkeys((services.model, *services.models)) if model]


def chosen_model(services: Services, named: str) -> str:
    """Return the model to use, the first that is configured where none is named; raise Invalid for one not offered."""
    choices, model = configured_models(services), whole_model(named)
    if not model and not choices:
        raise Invalid("Expected the operator to configure a model by REPRISE_MODEL, but there is none.")
    if model and not is_offered(model, choices):
        raise Invalid(not_offered("`model`", named, choices))
    return model or choices[0]


def wait_of(prefer: str) -> int:
    """Return the seconds that a Prefer header asks to wait (RFC 7240), within bounds; 0 for none."""
    found = _WAIT.search(prefer)
    return min(max(int(found.group(1)), 1), LONGEST_WAIT) if found else 0


async def end_of(services: Services, session: UUID, loaded: Loaded, seconds: float) -> Loaded:
    """Return the session when it has ended, or as it stands after so many seconds."""
    with suppress(TimeoutError):
        async with (
            asyncio.timeout(seconds),
            aclosing(services.feeds.session(session, loaded.position)) as batches,
        ):
            async for _ in batches:
                loaded = await services.shell.load(session)
                if loaded.state and loaded.state.ended:
                    break
    return loaded


def _status(loaded: Loaded) -> Literal["started", "completed", "failed", "cancelled"]:
    stage = loaded.state.stage if loaded.state else None
    return stage.status if isinstance(stage, Ended) else "started"
