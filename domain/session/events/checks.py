"""Facts: checks and verdicts, made by the shell at once."""

from datetime import datetime

import msgspec

from domain.encoding import NULL, Json
from domain.labels import FilledSlot, Provenance
from domain.reviewing.findings import Finding
from domain.session.events.shapes import Fact, Reassigned
from domain.session.events.vocabulary import Decision, EffectClass, FilterDecision, FilteredPlace
from domain.session.proof import Demand


class PlanChecked(Fact, frozen=True, kw_only=True, tag="session.plan-checked.v1"):
    """A proposed plan was held against schemas, policies and limits before any of it starts.

    It stands before the reply that holds the plan, which is not begun where it has ``problems``; steps that are
    ``reassigned`` go to others than it says.
    """

    call: str
    attempt: int
    steps: int
    problems: tuple[str, ...] = ()
    reassigned: tuple[Reassigned, ...] = ()


class Described(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Say what a document wants at a place of the arguments, a JSON pointer, as the text of a JSON Schema."""

    at: str
    schema: str


class ArgumentsChecked(Fact, frozen=True, kw_only=True, tag="session.arguments-checked.v1"):
    """Chosen arguments were held against the operation; with no problems the request has this digest.

    Where the plan had bound some of them, ``arguments`` are all of them with these ``filled``, else it is null. Where a
    toolsmith may mend what does not fit, ``described`` is what is wanted in its place.
    """

    call: str
    operation: str = ""
    document: str = ""
    effect_class: EffectClass = "write"
    repeatable: bool = False
    request_digest: str = ""
    problems: tuple[str, ...] = ()
    arguments: Json = NULL
    filled: tuple[FilledSlot, ...] = ()
    described: tuple[Described, ...] = ()


class ToolDescribed(Fact, frozen=True, kw_only=True, tag="session.tool-described.v1"):
    """What an agent asked about a tool was looked up in its document; where nothing is there, ``text`` says so."""

    step: int
    call: str
    tool: str
    at: str
    text: str


class VerdictReached(Fact, frozen=True, kw_only=True, tag="session.verdict-reached.v1"):
    """The policy judged the request with this digest, as ``environment`` is called; every determining rule is named.

    ``provenance`` is what it saw of where the call and its arguments came from, ``demands`` what its rules ask of the
    human who allows it. What a human allowed or ordered is judged again right before each attempt, at ``judged_at``;
    ``withdrawn`` then says why the approval itself counts no longer. ``agent_policy_set`` is judged by too where the
    agent has one of its own: the stricter of both decided. ``refused`` names who ordered that the call is sent again,
    and was told by this verdict that it is not. ``observed`` are rules that would have asked or denied, but that their
    set only observes.
    """

    call: str
    request_digest: str
    decision: Decision
    rules: tuple[str, ...]
    policy_set: str
    reason: str
    environment: str = ""
    provenance: Provenance | None = None
    demands: tuple[Demand, ...] = ()
    judged_at: datetime | None = None
    withdrawn: str = ""
    agent_policy_set: str = ""
    refused: str = ""
    observed: tuple[str, ...] = ()


class ContentFiltered(Fact, frozen=True, kw_only=True, tag="session.content-filtered.v1"):
    """A filter looked at a goal, at what a model or a tool said, or at what a document says of a tool.

    It stands before what it looked at, behind a goal only. What was denied is not used, and of an ``error`` its words
    are not; ``labels`` say what was found.
    """

    place: FilteredPlace
    filter: str
    decision: FilterDecision
    call: str = ""
    attempt: int = 0
    labels: tuple[str, ...] = ()
    reason: str = ""


class ResultChecked(Fact, frozen=True, kw_only=True, tag="session.result-checked.v1"):
    """A step's result was reviewed by code; ``problems`` are for the agent, ``findings`` are all that was found."""

    step: int
    call: str
    problems: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class AnswerChecked(Fact, frozen=True, kw_only=True, tag="session.answer-checked.v1"):
    """Code found something in the session's answer, which follows; with ``problems`` it is not used."""

    call: str
    attempt: int
    findings: tuple[Finding, ...]
    problems: tuple[str, ...] = ()
